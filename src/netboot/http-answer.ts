import type { EventBody } from '../core/event.ts';
import type { LoadedFile } from '../core/ports.ts';
import type { ScriptDecision } from './answer-script.ts';

/** What a transfer of a file means, so that its progress becomes events of the right kind. */
export type Transfer =
  | { readonly kind: 'loader'; readonly node: string; readonly file: string }
  | {
      readonly kind: 'image';
      readonly node: string;
      readonly image: 'kernel' | 'initrd';
      /** Of an image that firmware loads in the place of a boot loader: how it names that. */
      readonly uki?: string;
    };

/** A configuration on its way, and what its end means. */
export interface Delivery {
  readonly whole: EventBody;
  readonly cut: (sentBytes: number, reason: string) => EventBody;
}

export type HttpAnswer =
  | {
      readonly kind: 'text';
      readonly status: number;
      readonly type: string;
      readonly body: string;
      readonly events: readonly EventBody[];
      /** Told when the machine has all of it, or not all; never when it is only asked for. */
      readonly delivery?: Delivery;
      readonly reason: string;
      /** It was answered the same a moment ago, or every healthy boot asks it: no line of the log. */
      readonly quiet?: boolean;
    }
  | {
      readonly kind: 'file';
      readonly file: LoadedFile;
      readonly name: string;
      readonly transfer: Transfer | undefined;
      /** Whose it is, where its transfer tells nothing. */
      readonly of?: string;
      /** An image for whoever is unknown here. */
      readonly discovers?: true;
    }
  /** The server emits the decision's event and then renders it. */
  | { readonly kind: 'script'; readonly decision: ScriptDecision };

export type TextAnswer = Extract<HttpAnswer, { readonly kind: 'text' }>;

export const TEXT = 'text/plain; charset=utf-8';

export const refuse = (status: number, reason: string, events: readonly EventBody[] = []): TextAnswer => ({
  kind: 'text',
  status,
  type: TEXT,
  body: `${reason}\n`,
  events,
  reason,
});

export const give = (body: string, type: string, events: readonly EventBody[], reason: string): TextAnswer => ({
  kind: 'text',
  status: 200,
  type,
  body,
  events,
  reason,
});

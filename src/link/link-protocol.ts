import type { Event } from '../core/event.ts';
import type { JobKind } from '../core/job.ts';
import type { OperatorAction } from '../core/operator-action.ts';
import type { Result } from '../core/result.ts';

/** What goes between a screen or a command and the engine; the same over a MessagePort and over the control socket. */
export const LINK_VERSION = 3;

export type Ask =
  | { readonly type: 'act'; readonly action: OperatorAction }
  | { readonly type: 'preview'; readonly nodes: readonly string[]; readonly kind: JobKind | 'apply' }
  | { readonly type: 'log'; readonly source: string; readonly fromLine: number }
  | { readonly type: 'audit'; readonly newest: number }
  | { readonly type: 'services' }
  | { readonly type: 'nodeFile'; readonly node: string }
  /** What opens the serial console of a machine: for the write side alone. */
  | { readonly type: 'console'; readonly node: string }
  | { readonly type: 'pcapng'; readonly node: string }
  | { readonly type: 'takeWrite' }
  /** Whether it is there at all: whatever the answer says, it is one. Older versions refuse it. */
  | { readonly type: 'ping' };

/** What the link does not answer by itself. */
export type Question = Exclude<Ask, { readonly type: 'takeWrite' | 'ping' }>;

export type FromClient =
  | {
      readonly t: 'hello';
      readonly version: number;
      readonly user: string;
      readonly from: string;
      readonly screen: string;
      readonly write: boolean;
      /** A command that gives its order and goes: others of its kind may wait for its end. */
      readonly brief?: boolean;
      /** It looked on until the engine ended: it does not take the write side before who held it is back. */
      readonly patient?: boolean;
    }
  | { readonly t: 'ask'; readonly id: number; readonly ask: Ask }
  | { readonly t: 'follow'; readonly everyMs: number }
  /** A piece of the state, or a batch of events: the next may come. */
  | { readonly t: 'took' };

export type FromEngine =
  | {
      readonly t: 'welcome';
      readonly version: number;
      readonly program: string;
      /** Of this run of it: another one has another. Older versions did not tell. */
      readonly startedAt?: number;
      readonly write: WriteSide;
    }
  | { readonly t: 'refused'; readonly reason: string }
  | { readonly t: 'answer'; readonly id: number; readonly result: Result<unknown> }
  /** The whole state, in pieces of text, again after a gap; `last` closes it. Events that follow continue from there. */
  | {
      readonly t: 'fleet';
      readonly text: string;
      readonly first: boolean;
      readonly last: boolean;
      readonly at: number;
    }
  | { readonly t: 'events'; readonly at: number; readonly events: readonly Event[]; readonly bytesPerSecond: number }
  | { readonly t: 'write'; readonly write: WriteSide };

export type WriteSide =
  | { readonly mine: true }
  | {
      readonly mine: false;
      readonly holder: string;
      readonly brief?: boolean;
      /** What forbids needs none while a command has it. Older versions want it for that too. */
      readonly mayForbid?: true;
    };

/** Whatever carries messages in order. `send` answers false when the other side does not take them fast enough. */
export interface Carrier<Out, In> {
  readonly send: (message: Out) => boolean;
  readonly onMessage: (take: (message: In) => void) => void;
  readonly onClose: (closed: (reason: string) => void) => void;
  readonly close: () => void;
}

import type { EnginePort, Rendered, RenderedPort } from '../core/ports.ts';
import type { HttpAnswer } from '../netboot/http-answer.ts';
import type { AnswerGround, ReadGround } from './answer-ground.ts';
import type { HttpQuestion } from './http-question.ts';

type FileAnswer = Extract<HttpAnswer, { readonly kind: 'file' }>;

/** An image that was allowed, and upon what. */
export interface HeldImage {
  /** Undefined: of one that nobody knows. */
  readonly node: string | undefined;
  readonly sha256: string;
  readonly ground: AnswerGround;
  readonly rendered: Rendered | undefined;
}

export interface HeldImages {
  readonly of: (answer: FileAnswer) => HeldImage | undefined;
  /** Would the same request be given the same file now? */
  readonly mayHave: (question: HttpQuestion, held: HeldImage) => boolean;
}

export function createHeldImages(
  { engine, rendered }: { readonly engine: EnginePort; readonly rendered: RenderedPort },
  readGround: ReadGround,
  decide: (question: HttpQuestion, rendered: RenderedPort) => HttpAnswer,
): HeldImages {
  /** What cannot be made again for a moment is no other one: it is still held against what was confirmed. */
  const orAsBefore = (held: HeldImage): RenderedPort => ({
    of: (name) => rendered.of(name) ?? (name === held.node ? held.rendered : undefined),
  });

  return {
    // A loader is nothing secret and nothing that writes, nor is a medium that holds one: it leads to a script, which is decided.
    of: ({ transfer, file: { sha256 }, discovers }) => {
      if (transfer?.kind !== 'image' && discovers !== true) return undefined;
      const node = transfer?.node;
      return { node, sha256, ground: readGround(node), rendered: node === undefined ? undefined : rendered.of(node) };
    },
    mayHave: (question, held) => {
      // It writes nothing. Who began while discovery was on ends after it.
      if (held.node === undefined) return engine.fleet().switches.panic === undefined;
      const now = decide(question, orAsBefore(held));
      return now.kind === 'file' && now.file.sha256 === held.sha256;
    },
  };
}

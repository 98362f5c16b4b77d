import type { HttpAnswer } from '../netboot/http-answer.ts';
import { parseIpv4 } from '../protocols/ipv4.ts';
import type { HttpQuestion, HttpVerdict } from './http-question.ts';
import { writeHttpNotes } from './http-segments.ts';
import type { BootParts } from './server-parts.ts';

/** One request of a machine that is known. */
export interface KeptRequest {
  readonly answered: (verdict: HttpVerdict) => void;
  readonly ended: (how: string) => void;
}

const EMPTY = Buffer.alloc(0);

/** Keeps what machines ask over HTTP, and the head of what they are answered. Undefined: nobody knows whose it is. */
export function createHttpCapture(
  parts: Pick<BootParts, 'captures' | 'engine' | 'addresses' | 'tokens'>,
): (question: HttpQuestion, answer: HttpAnswer, why: string) => KeptRequest | undefined {
  const { captures, engine } = parts;
  if (captures === undefined) return () => undefined;
  return (question, answer, why) => {
    const node = whoseOf(parts, question, answer);
    if (node === undefined) return undefined;
    const [theirs, ours] = [parseIpv4(question.address), parseIpv4(question.localAddress)];
    if (!theirs.ok || !ours.ok) return undefined;
    const source = { address: theirs.value, port: question.port };
    const destination = { address: ours.value, port: question.localPort };
    const timeMs = engine.now();
    const keep = (atMs: number, payload: Uint8Array, comment: string): void =>
      captures.keepNotes(node, 'http', { timeMs: atMs, source, destination, payload, comment });
    return {
      answered: (verdict) => {
        const refused = answer.kind === 'file' && verdict.status >= 400 ? verdict.text?.trim() : undefined;
        const comment = refused === undefined ? why : `${why}: ${refused}`;
        keep(timeMs, writeHttpNotes(question.head, verdict, engine.now() - timeMs), comment);
      },
      ended: (how) => keep(engine.now(), EMPTY, `${why}: ${how}`),
    };
  };
}

/** A token says it better than an address does: a machine that asks from the wrong one is worth seeing. */
function whoseOf(
  { engine, addresses, tokens }: Pick<BootParts, 'engine' | 'addresses' | 'tokens'>,
  { path, address }: HttpQuestion,
  answer: HttpAnswer,
): string | undefined {
  if (answer.kind === 'script' && answer.decision.node !== undefined) return answer.decision.node;
  if (answer.kind === 'file' && answer.transfer !== undefined) return answer.transfer.node;
  if (answer.kind === 'file' && answer.of !== undefined) return answer.of;
  const fleet = engine.fleet();
  const token = path.startsWith('/t/') ? path.split('/', 3)[2] : undefined;
  const byToken = token === undefined ? undefined : tokens.nodeOf(fleet, token)?.name;
  return byToken ?? addresses.nodeAt(fleet, address)?.name;
}

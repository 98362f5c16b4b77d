import { cleanText } from '../core/clean-text.ts';
import { refusedRequest } from '../core/describe-refused.ts';
import { refuse } from '../netboot/http-answer.ts';
import { parsePath } from '../protocols/http/parse-target.ts';
import type { createHttpCapture } from './http-capture.ts';
import type { HttpDesk, HttpQuestion } from './http-question.ts';
import { createRateGate } from './rate-gate.ts';
import { shownPath } from './read-question.ts';
import type { BootParts } from './server-parts.ts';
import type { Tally } from './traffic.ts';

/** One of each boot counts; each is a sign of life, so many of them must not hide a stall. */
const EVENT_LIMITS = { burst: 4, perSecond: 1 / 30, totalBurst: 500, totalPerSecond: 20 };

/** What could not be read was answered where it came in: here it is counted and told. */
export function createHttpRefusals(
  parts: BootParts,
  tally: Tally,
  capture: ReturnType<typeof createHttpCapture>,
  log: (from: { readonly address: string }, level: 'warn', text: () => string) => void,
): HttpDesk['refused'] {
  const events = createRateGate(EVENT_LIMITS);
  return (count, first) => {
    tally.requests += count;
    tally.errors += count;
    if (first === undefined) {
      log({ address: '' }, 'warn', () => `${count} more requests could not be read, and were refused`);
      return;
    }
    const { status, address } = first;
    // A header's name may stand in it.
    const reason = cleanText(first.reason, 120);
    const path = askedPath(first.head);
    const question: HttpQuestion = { ...first, method: '', path: '', query: [] };
    const kept = capture(question, refuse(status, reason), `refused: ${reason}`);
    // The line break behind the reason is sent too.
    kept?.answered({ status, headers: {}, contentLength: Buffer.byteLength(first.reason) + 1, untilTaken: true });
    const node = parts.addresses.nodeAt(parts.engine.fleet(), address)?.name;
    log(first, 'warn', () => `${refusedRequest({ path, status, reason })}${node === undefined ? '' : ` (${address})`}`);
    if (node === undefined || !events.pass(node, parts.engine.now())) return;
    parts.engine.emit({ type: 'http.requestRefused', node, path, status, reason });
  };
}

/** Of a first line of any kind, and without a token: nothing where no path can be made out. */
function askedPath(head: string): string {
  const [first = ''] = head.split('\r\n', 1);
  const [, target = ''] = first.split(' ', 2);
  const segments = parsePath(target.split('?', 1)[0] ?? '');
  return segments.ok ? cleanText(shownPath({ path: `/${segments.value.join('/')}` }), 80) : '';
}

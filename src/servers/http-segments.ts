import { renderHttpHead } from '../protocols/http/render-http-head.ts';
import type { CapturedFrame } from '../protocols/pcapng.ts';
import { encodeTcpFrame, MAX_SEGMENT_BYTES } from '../protocols/tcp-frame.ts';
import type { UdpEndpoint } from '../protocols/udp-frame.ts';
import { type HttpVerdict, MOST_HEAD } from './http-question.ts';
import { maskRequestHead } from './mask-tokens.ts';
import type { KeptRecord } from './packet-pages.ts';

/** What is kept of an answer. Never its body: a script holds the token, and a configuration everything. */
interface HttpNotes {
  /** As it came; a head of more than `MOST_HEAD` is cut. */
  readonly head: string;
  readonly status: number;
  readonly headers: HttpVerdict['headers'];
  readonly contentLength: number;
  readonly close: boolean;
  readonly afterMs: number;
}

const REBUILT = 'rebuilt from the connection, not seen on the wire';

/** A line of figures, the headers of the answer, an empty line, the head of the request: nothing is made of it before it is read. */
export function writeHttpNotes(head: string, verdict: HttpVerdict, afterMs: number): Buffer {
  const { status, headers, contentLength, untilTaken = false } = verdict;
  let text = `${status} ${contentLength} ${untilTaken ? 1 : 0} ${afterMs}\n`;
  for (const [name, value] of Object.entries(headers)) text += `${name}: ${value}\n`;
  return Buffer.from(`${text}\n${head}`, 'latin1');
}

function readHttpNotes(bytes: Uint8Array): HttpNotes {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const end = text.indexOf('\n\n');
  const [figures = '', ...lines] = text.slice(0, end).split('\n');
  const [status = 0, contentLength = 0, close = 0, afterMs = 0] = figures.split(' ').map(Number);
  const headers = Object.fromEntries(lines.map((line) => splitOnce(line, ': ')));
  return { head: text.slice(end + 2), status, headers, contentLength, close: close === 1, afterMs };
}

function splitOnce(text: string, mark: string): readonly [string, string] {
  const at = text.indexOf(mark);
  return [text.slice(0, at), text.slice(at + mark.length)];
}

/** How far the two ends of a connection have come. */
interface Sequences {
  client: number;
  server: number;
}

/**
 * Segments of the connections of one machine, in their order. A user-space server sees no packets: there is one segment for
 * the head of each request, one for the head of its answer, and an empty one where a body ended. Sizes are real: the answer
 * says how long it was, and is cut behind its head, so that Wireshark does not wait for a body which is not here.
 */
export function createHttpSegments(): (record: KeptRecord) => readonly CapturedFrame[] {
  const connections = new Map<string, Sequences>();
  return (record) => {
    const { source: client, destination: server, timeMs, comment = '' } = record;
    const key = `${client.address}:${client.port}>${server.address}:${server.port}`;
    const at = connections.get(key) ?? { client: 1, server: 1 };
    connections.set(key, at);
    const ours = (payload: Buffer, wireBytes: number) =>
      encodeTcpFrame({ ...upTo(server, client, at.server, at.client), payload, wireBytes });
    if (record.payload.length === 0) {
      const frame = ours(Buffer.alloc(0), 0);
      return [{ timeMs, frame, comment: `${REBUILT}: how the body ended: ${comment}` }];
    }
    const notes = readHttpNotes(record.payload);
    const asked = requestOf(notes);
    const question = encodeTcpFrame({ ...upTo(client, server, at.client, at.server), payload: asked.bytes });
    at.client += asked.bytes.length;
    const said = answerOf(notes);
    const answer = ours(said.bytes, said.wireBytes);
    at.server += said.wireBytes;
    return [
      { timeMs, frame: question, comment: `${REBUILT}; ${asked.note}${comment}` },
      {
        timeMs: timeMs + notes.afterMs,
        frame: answer,
        wireBytes: answer.length + said.wireBytes - said.bytes.length,
        comment: `${REBUILT}; ${said.note}${comment}`,
      },
    ];
  };
}

const upTo = (source: UdpEndpoint, destination: UdpEndpoint, sequence: number, acknowledged: number) =>
  ({ source, destination, sequence, acknowledged, push: true }) as const;

function requestOf({ head }: HttpNotes): { readonly bytes: Buffer; readonly note: string } {
  const isWhole = head.endsWith('\r\n\r\n');
  const whole = isWhole ? head : `${wholeLines(head)}\r\n\r\n`;
  const note = isWhole ? '' : `only the first ${MOST_HEAD} bytes of its head are kept; `;
  return { bytes: Buffer.from(maskRequestHead(whole), 'latin1'), note };
}

/** The last line may be half of one; what it is of cannot be told. Of a target too long to be kept, what is before its query. */
function wholeLines(head: string): string {
  const end = head.lastIndexOf('\r\n');
  return end < 0 ? `${head.slice(0, Math.max(0, head.indexOf('?')))} HTTP/1.1` : head.slice(0, end);
}

function answerOf({ head, status, headers, contentLength, close }: HttpNotes): {
  readonly bytes: Buffer;
  readonly wireBytes: number;
  readonly note: string;
} {
  const keepAlive = !close && !/\r\nconnection:[ \t]*close/i.test(head);
  const bytes = Buffer.from(renderHttpHead({ status, headers, contentLength, keepAlive }), 'latin1');
  const bodyBytes = head.startsWith('HEAD ') ? 0 : contentLength;
  const wireBytes = Math.min(MAX_SEGMENT_BYTES, bytes.length + bodyBytes);
  const note = bodyBytes === 0 ? '' : `its body of ${bodyBytes} bytes is not kept; `;
  return { bytes, wireBytes, note };
}

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { SimAnswer } from './sim-answer.ts';
import type { SimContext } from './sim-serve.ts';

/** Puts an answer on the wire, spoiled as the faults say. */

const HUGE_BYTES = 50 * 1024 * 1024;

async function drip(context: SimContext, response: ServerResponse, text: string): Promise<void> {
  for (const byte of text) {
    if (response.destroyed) return;
    response.write(byte);
    await delay(Math.max(5, context.msOf(1)));
  }
  response.end();
}

function* blanks() {
  const part = Buffer.alloc(256 * 1024, ' ');
  for (let sent = 0; sent < HUGE_BYTES; sent += part.length) yield part;
}

/** Whoever hangs up in the middle has seen enough. */
const pour = (response: ServerResponse): Promise<void> =>
  pipeline(Readable.from(blanks()), response).catch(() => undefined);

/** Multiplied by the golden ratio, the count spreads evenly over 0 to 1 without a random source. */
function isFlappedAway(context: SimContext, count: number): boolean {
  const { flapping } = context.state.faults;
  return flapping !== undefined && (count * 0.618_033_988_75) % 1 < flapping;
}

const isCutAt = ({ state: { faults } }: SimContext, count: number, where: 'before' | 'inside'): boolean =>
  faults.cutAt?.where === where && faults.cutAt.requests.has(count);

function isCut(context: SimContext, request: IncomingMessage, answer: SimAnswer): boolean {
  const { faults } = context.state;
  const left = faults.cutMidBody ?? 0;
  if (left === 0 || request.method !== 'GET' || answer.status !== 200 || !/\/Systems\/[^/]+$/.test(request.url ?? ''))
    return false;
  context.state.faults = { ...faults, cutMidBody: left - 1 };
  return true;
}

/** What was made is there; only who asked for it does not learn of it. */
function isLoginCut(context: SimContext, request: IncomingMessage, answer: SimAnswer): boolean {
  const { faults } = context.state;
  const left = faults.cutLogin ?? 0;
  const made = request.method === 'POST' && answer.headers?.['x-auth-token'] !== undefined;
  if (left === 0 || !made) return false;
  context.state.faults = { ...faults, cutLogin: left - 1 };
  return true;
}

/** A collection whose next page is always one further. */
function endless(request: IncomingMessage, json: unknown): unknown {
  if (typeof json !== 'object' || json === null || !('Members' in json)) return json;
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const skip = Number(/\$skip=(\d+)/.exec(query)?.[1] ?? 0) + 1;
  return {
    ...json,
    Members: [{ '@odata.id': `${path}/none${skip}` }],
    'Members@odata.nextLink': `${path}?$skip=${skip}`,
  };
}

function bodyOf(context: SimContext, request: IncomingMessage, answer: SimAnswer): string {
  const { faults } = context.state;
  if (faults.html && answer.status < 300) return '<!DOCTYPE html><html><body>Please wait</body></html>';
  if (answer.html !== undefined) return answer.html;
  if (answer.json === undefined) return '';
  let json = faults.endlessPages ? endless(request, answer.json) : answer.json;
  if (faults.wrongShapes !== undefined && request.method === 'GET') json = faults.wrongShapes(json);
  return JSON.stringify(json);
}

export async function sendSim(
  context: SimContext,
  request: IncomingMessage,
  response: ServerResponse,
  answer: SimAnswer,
): Promise<void> {
  const { faults, personality } = context.state;
  const count = context.served;
  context.served += 1;
  await delay(context.msOf(personality.times.answerS + (faults.slowS ?? 0)));
  const isGone = isFlappedAway(context, count) || isCutAt(context, count, 'before');
  if (isGone || isLoginCut(context, request, answer)) return void request.socket.destroy();
  if (faults.redirectElsewhere !== undefined) {
    response.writeHead(307, { location: `${faults.redirectElsewhere}${request.url ?? ''}` }).end();
    return;
  }
  if (faults.headerFlood) {
    for (let index = 0; index < 2_000; index += 1) response.setHeader(`x-flood-${index}`, 'x'.repeat(64));
  }
  const text = bodyOf(context, request, answer);
  const type = text.startsWith('<') ? 'text/html' : 'application/json';
  const zipped =
    personality.gzip && text.length > 512 && /gzip|\*/.test(String(request.headers['accept-encoding'] ?? ''));
  const bytes = zipped ? gzipSync(text) : Buffer.from(text);
  const cut = isCut(context, request, answer) || isCutAt(context, count, 'inside');
  response.writeHead(answer.status, {
    'content-type': type,
    ...answer.headers,
    ...(zipped ? { 'content-encoding': 'gzip' } : {}),
    ...(faults.slowLoris || faults.hugeBody ? {} : { 'content-length': String(bytes.length) }),
  });
  if (faults.slowLoris) return drip(context, response, text);
  if (faults.hugeBody) return pour(response);
  if (cut) {
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => request.socket.destroy());
    return;
  }
  response.end(answer.status === 204 ? undefined : bytes);
}

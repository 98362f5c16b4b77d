import { Agent, type IncomingMessage, request } from 'node:http';
import { fail, ok, type Result } from '../../core/result.ts';
import type { SimRun } from '../run/sim-run.ts';
import type { Fetched } from './fetch-tftp.ts';
import { isLoopback } from './loopback.ts';

/** Everything one program (firmware, iPXE, Talos) fetches, over kept-up connections from the machine's own address. */
export interface HttpClient {
  fetch(ask: HttpFetch): Promise<Result<HttpFetched>>;
  close(): void;
}

export interface HttpFetch {
  readonly url: string;
  readonly method?: 'GET' | 'HEAD';
  /** The slowest part of the way: bytes per simulated second. */
  readonly bytesPerSecond?: number;
  /** No more than so many of the beginning are asked for. */
  readonly firstBytes?: number;
  readonly timeoutSimMs?: number;
}

export interface HttpFetched extends Fetched {
  readonly status: number;
  readonly contentType: string;
}

/** Scripts and configurations whole; of images only enough to tell what they are. */
const KEEP_BYTES = 1024 * 1024;
const KEEP_OF_BULK_BYTES = 4 * 1024;
const TIMEOUT_SIM_MS = 60_000;
/** Real milliseconds. Scaled patience would give up on a server that is merely busy. */
const PATIENCE_MS = 8_000;

export function createHttpClient(run: SimRun, from: string, userAgent: string): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const close = () => agent.destroy();
  const forget = run.onEnd(close);
  return {
    async fetch(ask) {
      const url = URL.parse(ask.url);
      if (url === null || url.protocol !== 'http:') return fail(`${ask.url.slice(0, 80)}: only http:// is known here`);
      if (!isLoopback(url.hostname) || !isLoopback(from)) return fail(`${url.hostname} is not on this computer`);
      const timeout = Math.max(ask.timeoutSimMs ?? TIMEOUT_SIM_MS, PATIENCE_MS * run.clock.speed);
      const talking = { ask, url, agent, from, userAgent, timeout };
      const answer = await run.wait<Result<HttpFetched>>(undefined, (done) => talk(run, talking, done));
      return answer ?? fail('no answer');
    },
    close() {
      forget();
      close();
    },
  };
}

interface Talk {
  readonly ask: HttpFetch;
  readonly url: URL;
  readonly agent: Agent;
  readonly from: string;
  readonly userAgent: string;
  readonly timeout: number;
}

function talk(run: SimRun, talking: Talk, done: (result: Result<HttpFetched>) => void): () => void {
  const { ask, url, agent, from, userAgent, timeout } = talking;
  const watch = () => run.clock.after(timeout, () => done(fail('timed out')));
  let cancel = watch();
  let isOver = false;
  const alive = () => {
    cancel();
    // What was on its way when the power went still arrives here, and must not begin to wait again.
    if (!isOver) cancel = watch();
  };
  let response: IncomingMessage | undefined;
  const asking = request({
    agent,
    host: url.hostname,
    port: url.port === '' ? 80 : url.port,
    // Not `url.pathname`: what a script wrote goes out to the letter.
    path: ask.url.replace(/^http:\/\/[^/?]*/, '') || '/',
    method: ask.method ?? 'GET',
    localAddress: from,
    headers: {
      'user-agent': userAgent,
      host: url.host,
      ...(ask.firstBytes === undefined ? {} : { range: `bytes=0-${ask.firstBytes - 1}` }),
    },
  });
  asking.on('response', (came) => {
    response = came;
    alive();
    read(run, came, ask, alive, done);
  });
  asking.on('error', (error) => done(fail(error.message)));
  asking.end();
  return () => {
    isOver = true;
    cancel();
    // Not over yet: cut off, as a machine without power does it.
    if (response?.complete !== true) asking.destroy();
  };
}

function read(
  run: SimRun,
  response: IncomingMessage,
  ask: HttpFetch,
  alive: () => void,
  done: (result: Result<HttpFetched>) => void,
): void {
  const startMs = run.clock.now();
  const total = Number(response.headers['content-length'] ?? Number.NaN);
  const keepBytes = ask.bytesPerSecond === undefined ? KEEP_BYTES : KEEP_OF_BULK_BYTES;
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  response.on('data', (part: Buffer) => {
    alive();
    if (sizeBytes < keepBytes) parts.push(Buffer.from(part.subarray(0, keepBytes - sizeBytes)));
    sizeBytes += part.length;
    if (ask.bytesPerSecond === undefined) return;
    const aheadMs = (sizeBytes / ask.bytesPerSecond) * 1000 - (run.clock.now() - startMs);
    // Pausing for less than a timer can tell apart would only cost.
    if (aheadMs < 8 * run.clock.speed) return;
    response.pause();
    run.clock.after(aheadMs, () => response.resume());
  });
  response.on('error', (error) => done(fail(error.message)));
  response.on('close', () => {
    if (!response.complete) done(fail(`cut off after ${sizeBytes} bytes`));
  });
  response.on('end', () => {
    const isHead = ask.method === 'HEAD';
    if (!isHead && Number.isFinite(total) && sizeBytes !== total) {
      done(fail(`${sizeBytes} of ${total} bytes came`));
      return;
    }
    done(
      ok({
        status: response.statusCode ?? 0,
        contentType: response.headers['content-type'] ?? '',
        sizeBytes: isHead && Number.isFinite(total) ? total : sizeBytes,
        body: Buffer.concat(parts),
      }),
    );
  });
}

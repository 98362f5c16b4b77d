import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, type Dispatcher, interceptors } from 'undici';

/** A real HTTP server that plays an image factory, with the ways in which downloads go wrong. */
export interface Fault {
  /** Cuts the connection after this many bytes of the body, `times` times. */
  readonly cutAfter?: number;
  /** Sends nothing more after this many bytes. */
  readonly stallAfter?: number;
  readonly status?: number;
  /** Announces another length than it sends. */
  readonly announce?: number;
  readonly page?: string;
  readonly redirect?: boolean;
  /** Other bytes and another ETag at every request. */
  readonly changes?: boolean;
  readonly noRanges?: boolean;
  /** No Content-Length: chunked. */
  readonly chunked?: boolean;
  times?: number;
}

export interface LocalFactory {
  readonly baseUrl: string;
  readonly files: Map<string, Buffer>;
  readonly faults: Map<string, Fault>;
  readonly requests: {
    readonly method: string;
    readonly path: string;
    readonly range: string | undefined;
    readonly body: string;
  }[];
  readonly dispatcher: Dispatcher;
  readonly close: () => Promise<void>;
}

export async function startFactory(): Promise<LocalFactory> {
  const files = new Map<string, Buffer>();
  const faults = new Map<string, Fault>();
  const requests: LocalFactory['requests'] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const path = request.url ?? '';
      requests.push({
        method: request.method ?? '',
        path,
        range: request.headers.range,
        body: Buffer.concat(parts).toString(),
      });
      answer(request, response, files.get(path.replace('/moved', '')), faults.get(path));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = new Agent();
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    faults,
    requests,
    dispatcher: agent.compose(interceptors.redirect({ maxRedirections: 5 })),
    async close() {
      server.closeAllConnections();
      await agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, file: Buffer | undefined, fault: Fault = {}): void {
  const faulty = fault.times === undefined || fault.times > 0;
  if (faulty && fault.times !== undefined) fault.times -= 1;
  if (faulty && fault.redirect === true) {
    response.writeHead(302, { location: `/moved${request.url ?? ''}` }).end();
    return;
  }
  if (faulty && fault.status !== undefined) {
    response.writeHead(fault.status, { 'content-type': 'text/plain' }).end(fault.page ?? 'no');
    return;
  }
  if (faulty && fault.page !== undefined) {
    response.writeHead(200).end(fault.page);
    return;
  }
  if (file === undefined) {
    response.writeHead(404).end('nothing here');
    return;
  }
  const salt = fault.changes === true ? String(Math.random()) : '';
  const bytes =
    fault.changes === true ? Buffer.concat([file.subarray(0, file.length - salt.length), Buffer.from(salt)]) : file;
  send(request, response, bytes, faulty ? fault : {}, fault.noRanges === true);
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
  fault: Fault,
  noRanges: boolean,
): void {
  const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const from = range !== null && !noRanges && request.headers['if-range'] === etag ? Number(range[1]) : 0;
  const part = bytes.subarray(from);
  response.writeHead(from > 0 ? 206 : 200, {
    ...(fault.chunked === true ? {} : { 'content-length': fault.announce ?? part.length }),
    ...(noRanges ? {} : { etag }),
    ...(from > 0 ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {}),
  });
  if (fault.cutAfter !== undefined) {
    response.write(part.subarray(0, fault.cutAfter), () => response.destroy());
  } else if (fault.stallAfter !== undefined) response.write(part.subarray(0, fault.stallAfter));
  else response.end(part);
}

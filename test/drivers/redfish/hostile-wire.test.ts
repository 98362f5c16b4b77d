import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import { MAX_BODY_BYTES, parseBody } from '../../../src/drivers/redfish/bounded-body.ts';
import { listMembers } from '../../../src/drivers/redfish/list-members.ts';
import { createWalk } from '../../../src/drivers/redfish/walk.ts';
import { deadline, treeClient } from './hostile-tree.ts';
import { fastTimings, problemOf } from './sim-port.ts';

/** What a BMC, or something that sits at its address, can do to the bytes themselves. */

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** Talks as soon as the request is there. */
async function serve(talk: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', () => talk(socket));
  });
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Only who never gets done is waited for: on a busy machine the others take a while. */
const timingsFor = (codes: readonly string[]) => ({
  ...fastTimings,
  requestMs: codes.includes('timeout') ? 400 : 15_000,
  readMs: codes.includes('timeout') ? 2_000 : 40_000,
});

async function ask(url: string, codes: readonly string[]) {
  const drivers = createBmcDrivers({ timings: timingsFor(codes) });
  const spec = { url, username: 'root', password: { from: 'env', name: 'BMC' } } as const;
  const port = drivers.openBmc({ node: 'x', spec, password: 'secret-one' });
  const problem = await problemOf(port.readPower());
  await drivers.closeAll();
  return problem;
}

/** Writes for ever, as fast as it is taken. */
function pour(socket: Socket, part: string): void {
  const more = () => {
    while (!socket.destroyed && socket.write(part)) {
      // Until the other side is full.
    }
  };
  socket.on('drain', more);
  more();
}

function drip(socket: Socket, text: string, everyMs: number): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= text.length) return clearInterval(timer);
    socket.write(text[at] ?? '');
    at += 1;
  }, everyMs);
  socket.on('close', () => clearInterval(timer));
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';

const CASES: readonly (readonly [string, (socket: Socket) => void, readonly string[]])[] = [
  ['nothing at all', () => undefined, ['timeout']],
  ['headers one byte at a time', (socket) => drip(socket, `${OK}\r\n`.repeat(500), 20), ['timeout']],
  [
    'interim answers without an end',
    (socket) => pour(socket, 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'),
    ['timeout', 'unreachable', 'tooLarge', 'garbage'],
  ],
  [
    'one header without an end',
    (socket) => pour(socket.write(`${OK}x: `) ? socket : socket, 'x'.repeat(4_096)),
    ['tooLarge', 'garbage'],
  ],
  [
    'chunks without an end',
    (socket) =>
      pour(
        socket.write(`${OK}transfer-encoding: chunked\r\n\r\n`) ? socket : socket,
        `1000\r\n${' '.repeat(4_096)}\r\n`,
      ),
    ['tooLarge'],
  ],
  [
    'a chunk of a size that is none',
    (socket) => socket.end(`${OK}transfer-encoding: chunked\r\n\r\nzzzz\r\n`),
    ['garbage', 'unreachable'],
  ],
  [
    'two lengths',
    (socket) => socket.end(`${OK}content-length: 2\r\ncontent-length: 400\r\n\r\n{}`),
    ['garbage', 'unreachable'],
  ],
  ['less than it promised', (socket) => socket.end(`${OK}content-length: 4000\r\n\r\n{`), ['unreachable']],
  [
    '50 MB of numbers',
    (socket) => pour(socket.write(`${OK}\r\n[`) ? socket : socket, '1,'.repeat(2_048)),
    ['tooLarge'],
  ],
  [
    'noise',
    (socket) => pour(socket, '\u0000\u0001\u0002\u00ff\u00fe'.repeat(1_000)),
    ['garbage', 'unreachable', 'tooLarge', 'timeout'],
  ],
];

describe('an answer that is', () => {
  test.each(CASES)('%s ends soon, in words, and in bounded memory', async (_, talk, codes) => {
    const url = await serve(talk);
    const before = process.memoryUsage().rss;
    const problem = await ask(url, codes);
    expect(codes).toContain(problem.code);
    expect(problem.message).toMatch(/^127\.0\.0\.1:\d+ .*\w.*\.$/);
    expect(problem.message).not.toContain('secret-one');
    expect(problem.advice).not.toBe('');
    // What pours lives in this process too.
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });
});

describe('a body', () => {
  test.each([
    ['that unpacks to a hundred times its size', gzipSync(Buffer.alloc(MAX_BODY_BYTES * 12, ' ')), 'gzip', 'other'],
    ['of a million lists', Buffer.from(`{"a":[${'[],'.repeat(1_100_000)}[]]}`), 'identity', 'tooLarge'],
    ['nested deeper than any stack', Buffer.from('['.repeat(900_000)), 'identity', 'other'],
    ['nested in objects', Buffer.from('{"a":'.repeat(200_000)), 'identity', 'other'],
    [
      'that names prototypes',
      Buffer.from('{"__proto__":{"polluted":1},"constructor":{"prototype":{"x":1}}}'),
      'identity',
      'json',
    ],
    ['of bytes that are no text', Buffer.from([0xff, 0xfe, 0x7b, 0x80]), 'identity', 'other'],
  ])('%s is taken for what it is', (_, bytes, encoding, kind) => {
    expect(parseBody(bytes, encoding).kind).toBe(kind);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('a collection that is read to its end', () => {
  /** Each page names the next, and is as large as it says. */
  function pages(sizeBytes: number) {
    let count = 0;
    const { client } = treeClient(new Map());
    return {
      pages: () => count,
      client: {
        ...client,
        get: async (path: string) => {
          count += 1;
          const json = { Members: [{ '@odata.id': `/m/${count}`, Id: 'x' }], 'Members@odata.nextLink': `/c?${count}` };
          return { ok: true as const, value: { path, json, sizeBytes } };
        },
      },
    };
  }

  test('is left after so many pages', async () => {
    const hostile = pages(1_000);
    const listed = await listMembers(hostile.client, '/c', deadline());
    expect(listed).toMatchObject({ ok: false, error: { code: 'garbage' } });
    expect(hostile.pages()).toBeLessThanOrEqual(50);
  });

  test('is left after so many bytes, however few pages these are', async () => {
    const hostile = pages(8_000_000);
    const listed = await listMembers(hostile.client, '/c', deadline());
    expect(listed).toMatchObject({
      ok: false,
      error: { code: 'tooLarge', message: expect.stringContaining('16 MiB') },
    });
    expect(hostile.pages()).toBe(3);
  });

  test('resources that are all large end a walk before the memory does', async () => {
    const hostile = pages(8_000_000);
    const walk = createWalk(hostile.client, deadline());
    for (let index = 0; index < 100; index += 1) await walk.get(`/r/${index}`);
    expect(walk.problem()).toMatchObject({ code: 'tooLarge' });
    expect(hostile.pages()).toBeLessThanOrEqual(5);
  });
});

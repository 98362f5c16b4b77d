import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { serveConnection } from '../../src/servers/http-connection.ts';
import { createSilenceWatch } from '../../src/servers/silence-watch.ts';

/** One connection, without a network: what it holds for a client that takes nothing. */

const ENDS = { client: '192.0.2.7', local: { address: '192.0.2.1', port: 80 } };
const REQUEST = 'GET /boot.ipxe HTTP/1.1\r\nHost: x\r\n\r\n';
const BODY = 'a'.repeat(1000);
const HELD_BYTES = 16_384;

/** A client that takes its answers only when it is told to. */
function createClient() {
  const taken: Buffer[] = [];
  let taking = false;
  let waiting: (() => void) | undefined;
  const socket = new Duplex({
    writableHighWaterMark: HELD_BYTES,
    read: () => undefined,
    write: (chunk: Buffer, _, done) => {
      taken.push(chunk);
      if (taking) done();
      else waiting = done;
    },
  });
  const take = () => {
    taking = true;
    waiting?.();
  };
  // Only what a connection uses of a socket.
  const used = Object.assign(socket, { setNoDelay: () => socket });
  return { socket: used as unknown as Socket, send: (text: string) => socket.push(text), take, taken };
}

const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('a client that asks on and takes no answer is answered a few times, and goes on once it takes them', async () => {
  const client = createClient();
  let asked = 0;
  serveConnection(client.socket, ENDS, createSilenceWatch(), (exchange) => {
    asked += 1;
    exchange.send({ status: 200, contentLength: BODY.length, body: BODY });
  });
  for (let sent = 0; sent < 100; sent += 1) {
    client.send(REQUEST.repeat(10));
    await settled();
  }
  expect(asked).toBeGreaterThan(1);
  expect(asked).toBeLessThanOrEqual(Math.ceil(HELD_BYTES / BODY.length) + 1);
  client.take();
  while (asked < 1000) await settled();
  await settled();
  expect(
    Buffer.concat(client.taken)
      .toString()
      .match(/HTTP\/1\.1 200 OK/g),
  ).toHaveLength(1000);
  client.socket.destroy();
});

test('thousands of requests in one packet are answered in turns, not inside each other', {
  timeout: 60_000,
}, async () => {
  const client = createClient();
  client.take();
  let depth = 0;
  let deepest = 0;
  let asked = 0;
  serveConnection(client.socket, ENDS, createSilenceWatch(), (exchange) => {
    asked += 1;
    depth += 1;
    deepest = Math.max(deepest, depth);
    exchange.send({ status: 200, contentLength: BODY.length, body: BODY });
    depth -= 1;
  });
  client.send(REQUEST.repeat(5000));
  while (asked < 5000) await settled();
  expect(deepest).toBe(1);
  client.socket.destroy();
});

test('a client that asks faster than it is answered is read no further than it is answered', async () => {
  const client = createClient();
  client.take();
  let asked = 0;
  serveConnection(client.socket, ENDS, createSilenceWatch(), ({ send }) => {
    asked += 1;
    void settled().then(() => send({ status: 200, contentLength: BODY.length, body: BODY }));
  });
  const packet = REQUEST.repeat(100);
  const packets = 50;
  let most = 0;
  for (let sent = 0; sent < packets; sent += 1) {
    client.send(packet);
    await settled();
    const read = (sent + 1) * packet.length - client.socket.readableLength;
    most = Math.max(most, read - asked * REQUEST.length);
  }
  expect(most).toBeLessThanOrEqual(2 * packet.length);
  while (asked < 100 * packets) await settled();
  client.socket.destroy();
});

/** Over a real connection: what the kernel does with bytes that nobody reads cannot be pretended. Reads only at the end. */
async function askOverTcp(
  request: string,
  more: string,
): Promise<{ readonly text: string; readonly readBytes: number }> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    serveConnection(socket, ENDS, createSilenceWatch(), (exchange) =>
      exchange.send({ status: 405, contentLength: BODY.length, body: BODY }),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  client.write(request);
  const [served] = (await once(server, 'connection')) as [Socket];
  const closed = once(served, 'close');
  // All of the answer is handed over: its side is closed, or the whole connection.
  await Promise.race([once(served, 'finish'), closed]);
  await new Promise<void>((resolve) => client.end(more, () => resolve()));
  await closed;
  server.close();
  return { text: (await client.setEncoding('latin1').toArray()).join(''), readBytes: served.bytesRead };
}

test.each([
  ['a request that is all', 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', ''],
  // Bytes that are not read make a reset of the close, and many a client drops its answer for that.
  ['a body that comes after its answer', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1', '23456789'],
])('%s is read to its end, and answered', async (_name, request, more) => {
  const { text, readBytes } = await askOverTcp(request, more);
  expect(text.slice(-BODY.length)).toBe(BODY);
  expect(readBytes).toBe(request.length + more.length);
});

/** One answer after the other, each some turns of the loop after its question, as a bulk thread waits for the engine. */
async function askAndHalfClose(text: string, body: string): Promise<string> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    serveConnection(socket, ENDS, createSilenceWatch(), ({ request, send }) => {
      const answer = `${request.path}${body}`;
      void settled().then(() => send({ status: 200, contentLength: answer.length, body: answer }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').setEncoding('latin1');
  client.end(text);
  const said = (await client.toArray()).join('');
  server.close();
  return said;
}

const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`;

test.each<readonly [string, string, readonly string[], number]>([
  ['asked three times', get('/1') + get('/2') + get('/3'), ['/1', '/2', '/3'], 1],
  // Which of the two is the last one is known only when nothing more comes.
  ['asked twice, and a third time not to the end', `${get('/1')}${get('/2')}GET /3 HT`, ['/1', '/2'], 0],
  ['asked on after its last question', get('/1') + get('/2', 'Connection: close\r\n') + get('/3'), ['/1', '/2'], 1],
  ['asked nothing', '', [], 0],
  ['asked a thousand times', get('/n').repeat(1000), Array.from({ length: 1000 }, () => '/n'), 1],
])('a client that %s and then closes its side gets all its answers', async (_name, text, paths, closes) => {
  const body = 'b'.repeat(200);
  const said = await askAndHalfClose(text, body);
  expect([...said.matchAll(/\r\n\r\n(\/\w)b{200}/g)].map(([, path]) => path)).toEqual(paths);
  expect(said.match(/^Connection: close\r?$/gim) ?? []).toHaveLength(closes);
});

test('a client that closes its side and takes no answer is answered a few times, and the rest once it takes them', async () => {
  const client = createClient();
  let asked = 0;
  serveConnection(client.socket, ENDS, createSilenceWatch(), (exchange) => {
    asked += 1;
    exchange.send({ status: 200, contentLength: BODY.length, body: BODY });
  });
  client.send(REQUEST.repeat(100));
  client.socket.push(null);
  for (let turn = 0; turn < 200; turn += 1) await settled();
  expect(asked).toBeLessThanOrEqual(Math.ceil(HELD_BYTES / BODY.length) + 1);
  client.take();
  await once(client.socket, 'close');
  expect(asked).toBe(100);
});

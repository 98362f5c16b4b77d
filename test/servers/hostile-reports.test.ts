import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import { createEventSink } from '../../src/servers/create-event-sink.ts';
import type { BootServer } from '../../src/servers/server-parts.ts';
import { bootSite, createTestEngine, nodeSpec, siteSpec, subnet, type TestEngine } from '../netboot/boot-fixture.ts';
import { damage } from '../protocols/seeded-noise.ts';
import { createRandom } from '../seeded-random.ts';
import { eventOf, openPublisher, phaseStart } from './report-senders.ts';

/** The port of the event sink is open to the whole provisioning network: HTTP/2 as it is not meant, from many addresses. */

const NODE_ADDRESS = '127.0.0.5';
const CONNECTIONS = 40;

let engine: TestEngine;
let sink: BootServer;
let port = 0;

beforeAll(async () => {
  const network = { ip: NODE_ADDRESS, dns: [], ntp: [] };
  engine = createTestEngine([nodeSpec('n1', '52:54:00:00:00:01', { network })], true);
  const site = bootSite(siteSpec([subnet({ address: '127.0.0.1' })]));
  const made = await createEventSink({
    engine,
    site: () => site,
    addresses: createAddressBook(engine.fleet()),
    tokens: createTokenBook(new Uint8Array(32)),
    onLog: () => undefined,
    bind: { port: 0, address: '127.0.0.1' },
  });
  if (!made.ok) throw new Error(made.error.why);
  sink = made.value;
  port = sink.listens[0]?.port ?? 0;
});
afterAll(() => sink.stop());

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const DATA = 0;
const HEADERS = 1;
const RESET = 3;
const SETTINGS = 4;
const PING = 6;
const CONTINUATION = 9;
const END_STREAM = 1;
const END_HEADERS = 4;

/** RFC 9113 section 4.1. */
function frame(type: number, flags: number, stream: number, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** RFC 7541 section 6.2.2: a literal without an index, the name too. */
const literal = (name: string, value: string): Buffer =>
  Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]);
const ASK = Buffer.concat([
  literal(':method', 'POST'),
  literal(':scheme', 'http'),
  literal(':path', '/events.EventSinkService/Publish'),
  literal(':authority', 'x'),
  literal('content-type', 'application/grpc'),
  literal('te', 'trailers'),
]);

function message(body: Uint8Array, sizeBytes = body.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(sizeBytes, 1);
  return Buffer.concat([head, body]);
}

const many = (count: number, make: (index: number) => readonly Buffer[]): readonly Buffer[] =>
  Array.from({ length: count }, (_, index) => make(index)).flat();
const random = createRandom(4);
const below = (limit: number): number => Math.floor(random() * limit);
const noise = (bytes: number): Buffer => Buffer.from(Array.from({ length: bytes }, () => below(256)));
const GOOD = Buffer.concat([
  frame(HEADERS, END_HEADERS, 1, ASK),
  frame(DATA, END_STREAM, 1, message(eventOf(1, phaseStart('install')))),
]);

const ATTACKS: readonly (readonly [string, () => readonly Buffer[]])[] = [
  ['bytes that are nothing', () => [noise(400)]],
  ['frames that are nothing', () => many(60, () => [frame(below(12), below(256), below(8), noise(below(60)))])],
  [
    'streams that are reset as soon as they are opened (CVE-2023-44487)',
    () =>
      many(300, (i) => [
        frame(HEADERS, END_HEADERS, 1 + 2 * i, ASK),
        frame(RESET, 0, 1 + 2 * i, Buffer.from([0, 0, 0, 8])),
      ]),
  ],
  [
    'headers that never end',
    () => [
      frame(HEADERS, 0, 1, ASK),
      ...many(500, (i) => [frame(CONTINUATION, 0, 1, literal(`x${i}`, 'y'.repeat(100)))]),
    ],
  ],
  ['pings', () => many(500, () => [frame(PING, 0, 0, noise(8))])],
  ['settings', () => many(500, () => [frame(SETTINGS, 0, 0, Buffer.from([0, 3, 0, 0, 0, below(255)]))])],
  ['streams that are left open', () => many(500, (i) => [frame(HEADERS, END_HEADERS, 1 + 2 * i, ASK)])],
  [
    'a message that says it has 4 GB',
    () => [frame(HEADERS, END_HEADERS, 1, ASK), frame(DATA, 0, 1, message(noise(8000), 0xffff_ffff))],
  ],
  ['a damaged message', () => [Buffer.from(damage(GOOD, random))]],
];

/** Written whole; then it is cut, or stays until the server hangs up or all the others are through. */
function attack(bytes: Buffer, from: string, stays: boolean): Promise<() => void> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: from });
    const cut = () => void socket.resetAndDestroy();
    socket.on('error', () => resolve(cut));
    socket.on('close', () => resolve(cut));
    socket.resume();
    socket.write(bytes, () => {
      if (!stays) cut();
      resolve(cut);
    });
  });
}

test.each(ATTACKS)('after %s a machine is heard', { timeout: 120_000 }, async (_name, make) => {
  const left = await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, at) =>
      attack(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0), ...make()]), `127.0.0.${10 + at}`, at % 2 === 0),
    ),
  );
  const phase = `userDisks${below(1e9)}`;
  const publisher = await openPublisher(port, NODE_ADDRESS);
  expect(await publisher.publish(eventOf(below(1e6), phaseStart(phase)))).toBe('0');
  await vi.waitFor(() => expect(JSON.stringify(engine.events)).toContain(phase), { timeout: 40_000 });
  publisher.close();
  for (const cut of left) cut();
});

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LogLine } from '../../src/core/ports.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import { createEventSink } from '../../src/servers/create-event-sink.ts';
import { createKernelLogReceiver } from '../../src/servers/create-kernel-log-receiver.ts';
import { createLineSplitter } from '../../src/servers/line-splitter.ts';
import type { BootServer } from '../../src/servers/server-parts.ts';
import { encodeEvent } from '../../src/talos/encode-event.ts';
import type { TalosEventBody } from '../../src/talos/talos-event.ts';
import { bootSite, createTestEngine, nodeSpec, siteSpec, subnet, type TestEngine } from '../netboot/boot-fixture.ts';
import { must } from './boot-stack.ts';
import { lineOf as line, openLogSender, openPublisher } from './report-senders.ts';

const NODE = '127.77.0.50';
const bind = { port: 0, address: '127.0.0.1' };
let engine: TestEngine;
let logs: LogLine[];
let server: BootServer;
const parts = () => ({
  engine,
  site: () => bootSite(siteSpec([subnet()])),
  addresses: createAddressBook(engine.fleet()),
  tokens: createTokenBook(Uint8Array.of(7)),
  onLog: (line: LogLine) => logs.push(line),
  bind,
  tellDropsMs: 50,
});
const port = () => server.listens[0]?.port ?? 0;
const told = () => engine.events.slice(1).filter((one) => one.type !== 'reports.unassigned');

beforeEach(() => {
  engine = createTestEngine([nodeSpec('n1', '52:54:00:00:00:01', { network: { ip: NODE, dns: [], ntp: [] } })]);
  logs = [];
});
afterEach(async () => server.stop());

const publisher = (from: string) => openPublisher(port(), from);

const event = (id: number, body: TalosEventBody): Uint8Array =>
  encodeEvent({ id: `c${String(id).padStart(19, '0')}`, body });

describe('the event sink', () => {
  beforeEach(async () => {
    server = must(await createEventSink(parts()));
  });

  test('knows the node by its address and tells what it means', async () => {
    const node = await publisher(NODE);
    expect(await node.publish(event(1, { type: 'sequence', sequence: 'install', action: 'start' }))).toBe('0');
    await node.publish(event(2, { type: 'phase', phase: 'install', action: 'start' }));
    await node.publish(event(3, { type: 'machineStatus', stage: 'installing', ready: false, unmet: [] }));
    expect(told().map((one) => one.type)).toEqual(['talos.connected', 'talos.phaseStarted', 'talos.stageChanged']);
    node.close();
    await vi.waitFor(() => expect(told().at(-1)?.type).toBe('talos.disconnected'));
  });

  test('a connection that breaks is told as lost, one that is closed is not', async () => {
    const node = await publisher(NODE);
    await node.publish(event(1, { type: 'phase', phase: 'p', action: 'start' }));
    node.reset();
    const lost = { type: 'talos.disconnected', node: 'n1', lost: true };
    await vi.waitFor(() => expect(told().at(-1)).toEqual(lost), 20_000);
    const again = await publisher(NODE);
    await again.publish(event(2, { type: 'phase', phase: 'q', action: 'start' }));
    again.close();
    await vi.waitFor(() => expect(told().at(-1)).toEqual({ type: 'talos.disconnected', node: 'n1' }), 20_000);
  });

  test('a replay after a reconnect changes nothing twice', async () => {
    const messages = [1, 2, 3].map((id) => event(id, { type: 'phase', phase: `p${id}`, action: 'start' }));
    const first = await publisher(NODE);
    for (const message of messages) await first.publish(message);
    first.close();
    const second = await publisher(NODE);
    for (const message of messages) await second.publish(message);
    expect(told().filter((one) => one.type === 'talos.phaseStarted')).toHaveLength(3);
    second.close();
  });

  test('who is unknown, or speaks nonsense, is answered OK and believed nothing', async () => {
    const stranger = await publisher('127.77.0.99');
    expect(await stranger.publish(event(1, { type: 'phase', phase: 'install', action: 'start' }))).toBe('0');
    const node = await publisher(NODE);
    expect(await node.publish(Buffer.from('nonsense'))).toBe('0');
    expect(told().map((one) => one.type)).toEqual(['talos.connected']);
    expect(logs.at(-1)?.text).toMatch(/^an event that cannot be read: /);
    stranger.close();
    node.close();
  });

  test('a flood of events costs the journal a few, and the others are counted', async () => {
    const node = await publisher(NODE);
    for (let id = 0; id < 1_200; id += 8)
      await Promise.all(
        Array.from({ length: 8 }, (_, i) =>
          node.publish(event(id + i, { type: 'phase', phase: 'p', action: 'start' })),
        ),
      );
    const passedOver = () => told().reduce((sum, one) => sum + (one.type === 'talos.dropped' ? one.count : 0), 0);
    await vi.waitFor(() => expect(passedOver()).toBe(800), 20_000);
    expect(told().filter((one) => one.type === 'talos.phaseStarted')).toHaveLength(400);
    node.close();
  });

  test('a new address that a node announces is its own from then on', async () => {
    const node = await publisher(NODE);
    await node.publish(event(1, { type: 'address', hostName: 'n1', addresses: ['127.77.0.77/24'] }));
    const moved = await publisher('127.77.0.77');
    await moved.publish(event(2, { type: 'machineStatus', stage: 'running', ready: true, unmet: [] }));
    expect(told().at(-1)).toMatchObject({ type: 'talos.stageChanged', node: 'n1', stage: 'running' });
    node.close();
    moved.close();
  });

  test('a message that is too large is dropped without an error, and the next one taken', async () => {
    const node = await publisher(NODE);
    for (const sizeBytes of [300 * 1024, 3 * 1024 * 1024])
      expect(await node.publish(Buffer.alloc(sizeBytes))).toBe('0');
    expect(await node.publish(event(1, { type: 'phase', phase: 'p', action: 'start' }))).toBe('0');
    node.close();
  });
});

describe('the kernel log', () => {
  beforeEach(async () => {
    server = must(await createKernelLogReceiver(parts()));
  });

  const sender = (from: string) => openLogSender(port(), from);

  test('its lines are logged, and what they mean is told', async () => {
    const node = await sender(NODE);
    const text = `${line(1, 'Linux version 6')}${line(2, '[talos] installing Talos to disk "/dev/sda"')}`;
    // Cut in the middle of a line, as TCP does.
    node.write(text.slice(0, 70));
    await new Promise((resolve) => setTimeout(resolve, 20));
    node.write(text.slice(70));
    await vi.waitFor(() =>
      expect(told().at(-1)).toMatchObject({ type: 'talos.installing', node: 'n1', disk: '/dev/sda' }),
    );
    expect(logs.map((one) => one.text)).toEqual(['Linux version 6', '[talos] installing Talos to disk "/dev/sda"']);
    node.destroy();
  });

  test('the ring that a reconnect replays is read once; a new boot is read again', async () => {
    const text = line(7, '[talos] installing Talos to disk "/dev/sda"');
    for (let i = 0; i < 2; i += 1) {
      const node = await sender(NODE);
      node.end(text);
      await once(node, 'close');
    }
    const rebooted = await sender(NODE);
    rebooted.end(line(7, '[talos] installing Talos to disk "/dev/sda"', 5));
    await once(rebooted, 'close');
    await vi.waitFor(() => expect(logs).toHaveLength(2));
  });

  test('a clock that begins anew is another kernel; a ring that is replayed is not', async () => {
    const started = () => told().filter((one) => one.type === 'talos.kernelStarted').length;
    const boot = (from: number) =>
      [1, 2, 3].map((seq) => line(seq, `line ${from} ${seq}`, from + seq * 1_000_000)).join('');
    for (const [text, times] of [
      [boot(9_000_000), 0],
      [boot(9_000_000), 0],
      [boot(1_000), 1],
    ] as const) {
      const node = await sender(NODE);
      node.end(text);
      await once(node, 'close');
      await vi.waitFor(() => expect(started()).toBe(times));
    }
    await vi.waitFor(() => expect(logs).toHaveLength(6));
  });

  test('UDP works on the same port', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, NODE);
    await once(socket, 'listening');
    socket.send(line(1, 'hello'), port(), '127.0.0.1');
    await vi.waitFor(() => expect(logs.at(-1)?.text).toBe('hello'));
    socket.close();
  });

  test('garbage by UDP costs a few words of the log, and the next line is read', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, NODE);
    await once(socket, 'listening');
    const send = (bytes: Buffer | string) => socket.send(bytes, port(), '127.0.0.1');
    const broken = [
      '',
      '{',
      '[]',
      'null',
      '{"msg":1}',
      '{"msg":"x"}',
      '{"msg":"x","seq":-1}',
      '{"msg":"x","seq":1e99}',
    ];
    const binary = [Buffer.alloc(1), Buffer.alloc(9_000, 255), Buffer.from([0xc3, 0x28]), Buffer.alloc(60_000, 0x7b)];
    for (const bytes of [...broken, ...binary, ...binary, ...binary]) send(bytes);
    for (let i = 0; i < 300; i += 1) send(`garbage ${i}`);
    await vi.waitFor(
      () => {
        send(line(1, 'after'));
        expect(logs.at(-1)?.text).toBe('after');
      },
      { timeout: 20_000, interval: 50 },
    );
    expect(logs.length).toBeLessThan(80);
    expect(logs.every((one) => one.text.length < 200)).toBe(true);
    expect(told()).toEqual([]);
    socket.close();
  });

  test('two megabytes without a line break cost one line and no memory', async () => {
    const node = await sender(NODE);
    node.write(Buffer.alloc(2_000_000, 65));
    node.write(`\n${line(1, 'after')}`);
    await vi.waitFor(() => expect(logs.at(-1)?.text).toBe('after'));
    node.destroy();
  });

  test('a machine that nobody knows is not read', async () => {
    const stranger = await sender('127.77.0.99');
    stranger.end(line(1, '[talos] install successful'));
    await once(stranger, 'close');
    expect([told(), logs]).toEqual([[], []]);
  });

  test('a hundred thousand lines that all mean something cost the journal a few, and the others are counted', async () => {
    const node = await sender(NODE);
    const lines = Array.from({ length: 100_000 }, (_, seq) => line(seq, '[talos] installing Talos to disk "/dev/sda"'));
    node.end(lines.join(''));
    await once(node, 'close');
    const passedOver = () => told().reduce((sum, one) => sum + (one.type === 'talos.dropped' ? one.count : 0), 0);
    await vi.waitFor(() => expect(passedOver()).toBe(100_000 - 60), 20_000);
    const written = told().filter((one) => one.type === 'talos.installing').length;
    expect([written, logs.length]).toEqual([60, 6000]);
  });

  test('a node that writes as fast as it can is cut, and then heard again', async () => {
    const node = await sender(NODE);
    let flood = '';
    for (let seq = 0; seq < 10_000; seq += 1) flood += line(seq, `line ${seq}`);
    node.end(flood);
    await once(node, 'close');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(logs.length).toBe(6000);
    engine.advance(10_000);
    const again = await sender(NODE);
    again.end(line(20_000, 'later'));
    await vi.waitFor(() => expect(logs.at(-1)?.text).toBe('later'));
  });
});

describe('a line splitter', () => {
  test('gives the same lines however the bytes are cut', () => {
    const text = Buffer.from('one\ntwo\r\n\nthree – äöü\nfour');
    for (let size = 1; size < text.length; size += 1) {
      const splitter = createLineSplitter(100);
      const lines: string[] = [];
      for (let at = 0; at < text.length; at += size) lines.push(...splitter.push(text.subarray(at, at + size)));
      expect(lines).toEqual(['one', 'two', 'three – äöü']);
    }
  });

  test('drops what is too long up to its end', () => {
    const splitter = createLineSplitter(4);
    expect([...splitter.push(Buffer.from('123456')), ...splitter.push(Buffer.from('78\nok\n12345\nno'))]).toEqual([
      'ok',
    ]);
    expect(splitter.tooLong()).toBe(2);
  });
});

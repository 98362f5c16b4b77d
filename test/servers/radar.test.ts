import { Worker } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { type CaptureRing, createCaptureRing } from '../../src/servers/capture-ring.ts';
import { createRadar, type Radar } from '../../src/servers/create-radar.ts';
import { openEarsInThread } from '../../src/servers/radar-thread-link.ts';
import { bootSite, createTestEngine, nodeSpec, siteSpec, subnet } from '../netboot/boot-fixture.ts';
import { ip, packet, received } from '../netboot/client-packets.ts';

const PATIENT = { timeout: 30_000, interval: 10 };
const thread = (text: string) =>
  new Worker(`const { parentPort } = require('node:worker_threads');${text}`, { eval: true, stderr: true });
const OPENED = "parentPort.postMessage({ t: 'opened', listens: [{ address: 'eth1', port: 68 }], warnings: [] });";

describe('ears in a thread of their own', () => {
  test('that cannot even begin say why', async () => {
    const opening = openEarsInThread(thread("throw new Error('no memory')"), vi.fn(), vi.fn(), vi.fn());
    await expect(opening).rejects.toThrow('no memory');
  });

  test('tell where they listen by now', async () => {
    const news = vi.fn();
    const more = "parentPort.postMessage({ t: 'opened', listens: [], warnings: ['no ears'] });";
    const text = `${OPENED}parentPort.on('message', (it) => 'end' in it ? process.exit(0) : (() => {${more}})());`;
    const ears = await openEarsInThread(thread(text), vi.fn(), vi.fn(), news);
    expect(ears).toMatchObject({ listens: [{ address: 'eth1', port: 68 }], warnings: [] });
    ears.setOwn([]);
    await vi.waitFor(() => expect(news).toHaveBeenCalledOnce(), PATIENT);
    expect(ears).toMatchObject({ listens: [], warnings: ['no ears'] });
    await ears.stop();
  });

  test('tell what they hear, and when they are lost', async () => {
    const [heard, lost] = [vi.fn(), vi.fn()];
    const speaks = "parentPort.postMessage({ t: 'heard', answers: ['one', 'two'] });";
    const ends = "parentPort.on('message', () => { throw new Error('out of luck') });";
    const ears = await openEarsInThread(thread(OPENED + speaks + ends), heard, lost, vi.fn());
    await vi.waitFor(() => expect(heard.mock.calls.map(([one]) => one)).toEqual(['one', 'two']), PATIENT);
    ears.setOwn([]);
    await vi.waitFor(() => expect(lost.mock.calls).toEqual([['its thread ended: out of luck']]), PATIENT);
  });

  test('that are stopped are not lost', async () => {
    const lost = vi.fn();
    const ears = await openEarsInThread(thread(`${OPENED}setInterval(() => {}, 1000)`), vi.fn(), lost, vi.fn());
    await ears.stop();
    expect(lost).not.toHaveBeenCalled();
  });
});

test('a rival that answers every machine counts for each of them, and is itself told now and then', async () => {
  const macs = Array.from({ length: 200 }, (_, index) => `52:54:00:00:00:${(index + 16).toString(16)}`);
  const engine = createTestEngine(macs.map((mac, index) => nodeSpec(`n${index}`, mac)));
  const site = bootSite(siteSpec([subnet({ address: '127.77.0.9' })]));
  const radar = await createRadar({ engine, site: () => site, onLog: () => undefined });
  const says = { op: 'reply', yiaddr: ip('10.0.0.50'), file: 'office.0' } as const;
  for (const mac of macs)
    for (const messageType of ['offer', 'ack'] as const) {
      const answer = packet('os', mac, says, { messageType, serverId: ip('10.0.0.7') });
      radar.heard(received(answer), '10.0.0.7', undefined, Buffer.from([]));
    }
  const of = (type: string) => engine.events.filter((event) => event.type === type);
  expect(of('dhcp.rivalAnswered')).toHaveLength(400);
  expect(new Set(of('dhcp.rivalAnswered').map((event) => 'node' in event && event.node)).size).toBe(200);
  expect(of('rival.heard')).toHaveLength(5);
  await radar.stop();
});

test('what anybody can send to our server port counts less, and takes no room from what is heard on the wire', async () => {
  const { relay: _relay, ...net } = subnet({ address: '127.77.0.9', subnet: '127.77.0.0/16', interface: 'eth1' });
  const engine = createTestEngine([]);
  const site = bootSite(siteSpec([net]));
  const radar = await createRadar({ engine, site: () => site, onLog: () => undefined, port: 0 });
  const hear = (server: string, from: string) => {
    const answer = packet(
      'os',
      '52:54:00:00:00:01',
      { op: 'reply', yiaddr: ip('127.77.0.50') },
      { messageType: 'offer', serverId: ip(server) },
    );
    radar.heard(received(answer), from, 'eth1', Buffer.from([]));
  };
  for (let index = 1; index < 200; index += 1) hear(`192.0.2.${index}`, '127.77.0.66');
  for (let index = 1; index < 200; index += 1) hear(`192.0.3.${index}`, `192.0.3.${index}`);
  for (let index = 1; index < 90; index += 1) hear(`127.77.1.${index}`, `127.77.1.${index}`);
  const heard = engine.events.flatMap((event) => (event.type === 'rival.heard' ? [event] : []));
  expect(heard.filter((event) => event.isFar === true)).toHaveLength(20);
  expect(heard.filter((event) => event.isFar === undefined).map((event) => event.server.slice(0, 8))).toEqual(
    Array.from({ length: 89 }, () => '127.77.1'),
  );
  await radar.stop();
});

describe('what other servers answer a machine is among its packets', () => {
  const MAC = '52:54:00:00:00:01';
  const engine = createTestEngine([nodeSpec('n1', MAC)]);
  const site = bootSite(siteSpec([subnet({ address: '127.77.0.9' })]));

  const exported = async (tell: (radar: Radar, captures: CaptureRing) => void): Promise<string> => {
    const captures = createCaptureRing();
    const radar = await createRadar({ engine, site: () => site, onLog: () => undefined, captures });
    tell(radar, captures);
    await radar.stop();
    return captures.exportPcapng('n1')?.toString('latin1') ?? '';
  };
  const answerOf = (messageType: 'offer' | 'ack' | 'nak', mac = MAC, padding = 0) => {
    const says = { op: 'reply', yiaddr: messageType === 'nak' ? 0 : ip('10.0.0.50') } as const;
    const sent = packet('os', mac, says, { messageType, serverId: ip('10.0.0.7'), message: `it says ${messageType}` });
    return { message: received(sent), bytes: Buffer.concat([encodeDhcp(sent), Buffer.alloc(padding)]) };
  };

  test.each(['offer', 'ack', 'nak'] as const)('its %s', async (type) => {
    const { message, bytes } = answerOf(type);
    const text = await exported((radar) => radar.heard(message, '10.0.0.7', 'eth1', bytes));
    expect(text).toContain(`it says ${type}`);
    expect(text).toContain('heard from another DHCP server, no answer of ours');
  });

  test('and of no machine that nobody knows', async () => {
    const { message, bytes } = answerOf('offer', '52:54:00:00:00:99');
    expect(await exported((radar) => radar.heard(message, '10.0.0.7', 'eth1', bytes))).toBe('');
  });

  test('of each the beginning, and so many, whatever it sends', async () => {
    const { message, bytes } = answerOf('offer', MAC, 50_000);
    const text = await exported((radar) => {
      for (let index = 0; index < 500; index += 1) radar.heard(message, '10.0.0.7', 'eth1', bytes);
    });
    expect(text.split('it says offer')).toHaveLength(97);
    expect(text.length).toBeLessThan(96 * 1_800);
  });

  test('read later, it never stands before the request that it answers', async () => {
    const { message, bytes } = answerOf('nak');
    const request = encodeDhcp(packet('os', MAC, {}, { messageType: 'request', message: 'it asks' }));
    const text = await exported((radar, captures) => {
      radar.heard(message, '10.0.0.7', 'eth1', bytes);
      const source = { address: 0, port: 68 };
      const destination = { address: 0xffffffff, port: 67 };
      captures.keep('n1', { timeMs: engine.now() + 40, source, destination, payload: request });
    });
    expect(text.indexOf('it says nak')).toBeGreaterThan(text.indexOf('it asks'));
    expect(text.indexOf('it asks')).toBeGreaterThan(0);
  });
});

test('offers of a rival that come by all the time leave room for its NAK', async () => {
  const mac = '52:54:00:00:00:01';
  const engine = createTestEngine([nodeSpec('n1', mac)]);
  const site = bootSite(siteSpec([subnet({ address: '127.77.0.9' })]));
  const radar = await createRadar({ engine, site: () => site, onLog: () => undefined });
  const hear = (messageType: 'offer' | 'nak') =>
    radar.heard(
      received(packet('os', mac, { op: 'reply' }, { messageType, serverId: ip('10.0.0.7') })),
      '10.0.0.7',
      'eth1',
      Buffer.from([]),
    );
  for (let index = 0; index < 100; index += 1) hear('offer');
  hear('nak');
  expect(engine.events.slice(-2)).toMatchObject([
    { type: 'rival.heard', refuses: true },
    { type: 'dhcp.rivalAnswered', node: 'n1', refused: true },
  ]);
  await radar.stop();
});

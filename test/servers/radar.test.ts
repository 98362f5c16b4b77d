import { Worker } from 'node:worker_threads';
import { describe, expect, test, vi } from 'vitest';
import { createRadar } from '../../src/servers/create-radar.ts';
import { openEarsInThread } from '../../src/servers/radar-thread-link.ts';
import { bootSite, createTestEngine, nodeSpec, siteSpec, subnet } from '../netboot/boot-fixture.ts';
import { ip, packet, received } from '../netboot/client-packets.ts';

const PATIENT = { timeout: 30_000, interval: 10 };
const thread = (text: string) =>
  new Worker(`const { parentPort } = require('node:worker_threads');${text}`, { eval: true, stderr: true });
const OPENED = "parentPort.postMessage({ t: 'opened', listens: [{ address: 'eth1', port: 68 }], warnings: [] });";

describe('ears in a thread of their own', () => {
  test('that cannot even begin are none, and say why', async () => {
    const ears = await openEarsInThread(thread("throw new Error('no memory')"), vi.fn(), vi.fn());
    expect(ears).toMatchObject({ listens: [], warnings: ['its thread ended: no memory'] });
  });

  test('tell what they hear, and when they are lost', async () => {
    const [heard, lost] = [vi.fn(), vi.fn()];
    const speaks = "parentPort.postMessage({ t: 'heard', answers: ['one', 'two'] });";
    const ends = "parentPort.on('message', () => { throw new Error('out of luck') });";
    const ears = await openEarsInThread(thread(OPENED + speaks + ends), heard, lost);
    await vi.waitFor(() => expect(heard.mock.calls.map(([one]) => one)).toEqual(['one', 'two']), PATIENT);
    ears.setOwn([]);
    await vi.waitFor(() => expect(lost.mock.calls).toEqual([['its thread ended: out of luck']]), PATIENT);
  });

  test('that are stopped are not lost', async () => {
    const lost = vi.fn();
    const ears = await openEarsInThread(thread(`${OPENED}setInterval(() => {}, 1000)`), vi.fn(), lost);
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
      radar.heard(received(answer), '10.0.0.7', undefined);
    }
  const of = (type: string) => engine.events.filter((event) => event.type === type);
  expect(of('dhcp.rivalAnswered')).toHaveLength(400);
  expect(new Set(of('dhcp.rivalAnswered').map((event) => 'node' in event && event.node)).size).toBe(200);
  expect(of('rival.heard')).toHaveLength(5);
  await radar.stop();
});

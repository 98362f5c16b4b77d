import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import type { LogLine } from '../../src/core/ports.ts';
import { fail } from '../../src/core/result.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import { createHeldRefusals } from '../../src/servers/held-refusals.ts';
import { createHttpDesk } from '../../src/servers/http-desk.ts';
import { bootSite, createTestEngine, nodeSpec, siteSpec, subnet } from '../netboot/boot-fixture.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';

/** What cannot be read is refused where it comes in: the operator hears of it all the same. */

const MAC = '52:54:00:00:00:01';
const NODE = '127.77.0.50';
const STRANGER = '127.77.9.1';
/** Only to end a hang: the machine may be busy. */
const PATIENT = { timeout: 30_000, interval: 20 };
const ENDS = { port: 40_000, localAddress: '10.1.0.2', localPort: 80 };

let stack: BootStack | undefined;
afterEach(async () => {
  vi.useRealTimers();
  await stack?.stop();
  stack = undefined;
});

async function start(bulkThreads: number): Promise<BootStack> {
  const nodes = [nodeSpec('n1', MAC, { network: { ip: NODE, dns: [], ntp: [] } })];
  stack = await startBootStack({ nodes, ...(bulkThreads === 0 ? {} : { bulkThreads }) });
  stack.engine.emit({ type: 'dhcp.ipxeAsked', node: 'n1', mac: MAC, address: NODE, xid: 1 });
  return stack;
}

async function ask({ ports }: BootStack, text: string, from = NODE): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: ports.http, localAddress: from });
  await once(socket, 'connect');
  socket.write(text, 'latin1');
  return (await socket.setEncoding('latin1').toArray()).join('');
}

const NO_HOST = 'GET /boot.ipxe HTTP/1.1\r\n\r\n';
const LONG = `GET /s?mac=${MAC}&serial=${'A'.repeat(9000)} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe.each([
  ['this thread', 0],
  ['bulk threads', 2],
])('with the connections in %s', (_name, bulkThreads) => {
  test('a refused request is in the events, the log and the packets of its machine', async () => {
    const running = await start(bulkThreads);
    expect(await ask(running, NO_HOST)).toContain('HTTP/1.1 400 Bad Request');
    expect(await ask(running, LONG)).toContain('HTTP/1.1 414 URI Too Long');
    const told = () => running.engine.events.filter(({ type }) => type === 'http.requestRefused');
    await vi.waitFor(() => expect(told()).toHaveLength(2), PATIENT);
    expect(told()).toMatchObject([
      { node: 'n1', path: '/boot.ipxe', status: 400, reason: 'HTTP/1.1 needs a Host header' },
      { node: 'n1', path: '/s', status: 414, reason: 'a target of more than 8192 bytes' },
    ]);
    expect(running.logs.filter(({ node }) => node === 'n1').map(({ text }) => text)).toEqual([
      `its request for the script (/boot.ipxe) was refused (400: HTTP/1.1 needs a Host header) (${NODE})`,
      `its request for the script (/s) was refused (414: a target of more than 8192 bytes) (${NODE})`,
    ]);
    const packets = running.parts.captures?.exportPcapng('n1')?.toString('latin1') ?? '';
    for (const part of [NO_HOST, 'HTTP/1.1 400 Bad Request', 'GET /s HTTP/1.1', 'HTTP/1.1 414 URI Too Long'])
      expect(packets).toContain(part);
    expect(packets).toContain('refused: a target of more than 8192 bytes');
    running.engine.advance(21_000);
    running.engine.emit({ type: 'clock.ticked' });
    expect(nodeOf(running.engine.fleet(), 'n1')?.health).toMatchObject({ is: 'stalled', code: 'REQUEST_REFUSED' });
  });

  test('of a stranger the log names the address, and no secret of a path', async () => {
    const running = await start(bulkThreads);
    const token = 'a'.repeat(32);
    await ask(running, `GET /%74/${token}/kernel HTTP/1.1\r\n\r\n`, STRANGER);
    await ask(running, `GET //t/${token}/kernel x HTTP/1.1\r\nHost: x\r\n\r\n`);
    await vi.waitFor(() => expect(running.logs.filter(({ source }) => source === 'http')).toHaveLength(2), PATIENT);
    expect(running.logs.find(({ node }) => node === '')?.text).toBe(
      `${STRANGER}: its request for /t/…/kernel was refused (400: HTTP/1.1 needs a Host header)`,
    );
    const packets = running.parts.captures?.exportPcapng('n1')?.toString('latin1') ?? '';
    expect(packets).toContain('HTTP/1.1 400 Bad Request');
    expect(JSON.stringify([running.logs, running.engine.events]) + packets).not.toContain(token);
  });
});

test('each refused request is counted as a request and an error, shown or not', () => {
  const engine = createTestEngine([nodeSpec('n1', MAC)]);
  const site = bootSite(siteSpec([subnet()]), '10.1.0.2');
  const logs: LogLine[] = [];
  const desk = createHttpDesk({
    engine,
    site: () => site,
    rendered: { of: () => undefined },
    artefacts: { loader: () => undefined, artefact: () => undefined, discovery: () => undefined },
    tokens: createTokenBook(Buffer.from('a site secret')),
    addresses: createAddressBook(engine.fleet()),
    onLog: (line) => logs.push(line),
    files: { open: async () => fail('there are none') },
  });
  desk.refused(1, { status: 400, reason: 'no host', head: NO_HOST, address: '10.9.9.9', ...ENDS });
  desk.refused(700);
  expect(desk.traffic()).toEqual({ requests: 701, errors: 701, bytes: 0 });
  expect(logs.map(({ text }) => text)).toEqual([
    '10.9.9.9: its request for the script (/boot.ipxe) was refused (400: no host)',
    '700 more requests could not be read, and were refused',
  ]);
  desk.stop();
});

test('of a flood a few are shown, the others are one figure', () => {
  vi.useFakeTimers();
  const told: number[] = [];
  const shown: string[] = [];
  const refused = createHeldRefusals((count, first) => {
    told.push(count);
    if (first !== undefined) shown.push(first.address);
  });
  const refuse = (address: string) => refused({ status: 400, reason: 'no host', head: '', address, ...ENDS });
  for (let index = 0; index < 5000; index += 1) refuse('10.0.0.1');
  refuse('10.0.0.2');
  vi.advanceTimersByTime(60_000);
  expect(told.reduce((sum, count) => sum + count)).toBe(5001);
  expect(told.length).toBeLessThan(10);
  expect(shown).toContain('10.0.0.2');
  for (let index = 0; index < 5000; index += 1) refuse(`10.1.${index >> 8}.${index & 255}`);
  vi.advanceTimersByTime(60_000);
  expect(told.reduce((sum, count) => sum + count)).toBe(10_001);
  expect(told.length).toBeLessThan(250);
});

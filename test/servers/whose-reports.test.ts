import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import type { LogLine } from '../../src/core/ports.ts';
import { describeUnassigned, unassignedNow } from '../../src/core/unassigned.ts';
import { type AddressBook, createAddressBook } from '../../src/netboot/address-book.ts';
import { attemptToken, createTokenBook } from '../../src/netboot/attempt-token.ts';
import { createEventSink } from '../../src/servers/create-event-sink.ts';
import { createKernelLogReceiver } from '../../src/servers/create-kernel-log-receiver.ts';
import type { BootServer } from '../../src/servers/server-parts.ts';
import {
  bootSite,
  createTestEngine,
  nodeSpec,
  planOf,
  siteSpec,
  subnet,
  type TestEngine,
} from '../netboot/boot-fixture.ts';
import { must } from './boot-stack.ts';
import { eventOf, lineOf, openLogSender, openPublisher, phaseStart } from './report-senders.ts';

/** Two machines behind one address, as behind a NAT: the address does not tell whose reports these are. */
const NAT = '127.77.0.200';
const SECRET = Uint8Array.of(7);
const WAIT = { timeout: 20_000 };

let engine: TestEngine;
let addresses: AddressBook;
let logs: LogLine[];
let server: BootServer | undefined;
const bind = { port: 0, address: '127.0.0.1' };
const parts = () => ({
  engine,
  site: () => bootSite(siteSpec([subnet()])),
  addresses,
  tokens: createTokenBook(SECRET),
  onLog: (line: LogLine) => logs.push(line),
  bind,
  tellDropsMs: 30,
});
const port = () => server?.listens[0]?.port ?? 0;
const told = <T extends EventBody['type']>(type: T) =>
  engine.events.filter((one): one is Extract<EventBody, { readonly type: T }> => one.type === type);
const nodes = (type: 'talos.phaseStarted' | 'talos.installing' | 'talos.connected') =>
  told(type).map((one) => one.node);
const sentences = () => unassignedNow(engine.fleet().unassigned, engine.now()).map(describeUnassigned);

beforeEach(() => {
  engine = createTestEngine([
    nodeSpec('n1', '52:54:00:00:00:01', { network: { ip: '127.77.0.51', dns: [], ntp: [] } }),
    nodeSpec('n2', '52:54:00:00:00:02', { network: { ip: '127.77.0.52', dns: [], ntp: [] } }),
    nodeSpec('n3', '52:54:00:00:00:03'),
  ]);
  addresses = createAddressBook(engine.fleet());
  for (const node of ['n1', 'n2']) {
    engine.emit({ type: 'dhcp.osAsked', node, mac: '52:54:00:00:00:01' });
    addresses.learn(NAT, node);
  }
  logs = [];
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const named = (hostName: string, ...own: string[]) => ({ type: 'address' as const, hostName, addresses: own });

describe('events from a shared address', () => {
  beforeEach(async () => {
    server = must(await createEventSink(parts()));
  });

  test.each([
    ['by its host name', named('n2')],
    ['by its host name with a domain', named('N2.rack.example')],
    ['by an address of its own', named('talos-abc', '10.0.0.4/24', '127.77.0.52/24')],
  ])('wait until one names the machine %s; then all of the connection are its', async (_name, names) => {
    const machine = await openPublisher(port(), NAT);
    await machine.publish(eventOf(1, phaseStart('systemRequirements')));
    expect(nodes('talos.phaseStarted')).toEqual([]);
    await machine.publish(eventOf(2, names));
    await machine.publish(eventOf(3, phaseStart('config')));
    expect(told('talos.phaseStarted')).toMatchObject([
      { node: 'n2', phase: 'systemRequirements' },
      { node: 'n2', phase: 'config' },
    ]);
    expect(nodes('talos.connected')).toEqual(['n2']);
    machine.close();
    await vi.waitFor(() => expect(told('talos.disconnected')).toMatchObject([{ node: 'n2' }]), WAIT);
  });

  test('two machines at the same time are kept apart', async () => {
    const [one, two] = [await openPublisher(port(), NAT), await openPublisher(port(), NAT)];
    await one.publish(eventOf(1, phaseStart('a')));
    await two.publish(eventOf(1, phaseStart('b'), Uint8Array.of(9, 9, 9, 9, 9)));
    await two.publish(eventOf(2, named('n2'), Uint8Array.of(9, 9, 9, 9, 9)));
    await one.publish(eventOf(2, named('n1')));
    expect(told('talos.phaseStarted').map(({ node, phase }) => `${node} ${phase}`)).toEqual(['n2 b', 'n1 a']);
    one.close();
    two.close();
  });

  test.each([
    ['nothing', undefined],
    ['a machine that never spoke from there', named('n3')],
    ['both of them', named('n1', '127.77.0.52/24')],
    ['nobody', named('talos-xyz', '10.0.0.9/24')],
  ])('that name %s are of nobody, and that is said', async (_name, names) => {
    const machine = await openPublisher(port(), NAT);
    await machine.publish(eventOf(1, phaseStart('install')));
    if (names !== undefined) await machine.publish(eventOf(2, names));
    const count = names === undefined ? '1 event' : '2 events';
    await vi.waitFor(
      () =>
        expect(sentences()).toEqual([
          `${count} from ${NAT} unassigned: n1, n2 speak from this address, and nothing in these reports says which of them it is`,
        ]),
      WAIT,
    );
    expect(nodes('talos.phaseStarted')).toEqual([]);
    for (const name of ['n1', 'n2', 'n3']) expect(nodeOf(engine.fleet(), name)?.phase.is).toBe('idle');
    machine.close();
  });

  test('an address that nobody has is said too', async () => {
    const machine = await openPublisher(port(), '127.77.0.99');
    await machine.publish(eventOf(1, named('n1')));
    await vi.waitFor(
      () =>
        expect(sentences()).toEqual([
          '1 event from 127.77.0.99 unassigned: no machine of the inventory is known to have this address',
        ]),
      WAIT,
    );
    machine.close();
  });

  test('what waits is bounded: a machine that never names itself keeps its latest', async () => {
    const machine = await openPublisher(port(), NAT);
    for (let i = 0; i < 1_500; i += 10)
      await Promise.all(Array.from({ length: 10 }, (_, k) => machine.publish(eventOf(i + k, phaseStart(`p${i + k}`)))));
    await machine.publish(eventOf(2_000, named('n1')));
    const phases = told('talos.phaseStarted').map((one) => one.phase);
    expect(phases.length).toBeGreaterThan(300);
    expect(phases.length).toBeLessThan(1_000);
    machine.close();
  });
});

describe('events that are told again after a restart of this program', () => {
  const boot = [phaseStart('systemRequirements'), phaseStart('config'), phaseStart('env'), phaseStart('install')];

  test('count once, and what is new among them counts', async () => {
    server = must(await createEventSink(parts()));
    const before = await openPublisher(port(), '127.77.0.51');
    for (const [i, body] of boot.entries()) await before.publish(eventOf(i, body));
    before.close();
    await vi.waitFor(() => expect(told('talos.disconnected')).toHaveLength(1), WAIT);
    await server.stop();
    // Another run: nothing but the fleet is known.
    server = must(await createEventSink(parts()));
    const again = await openPublisher(port(), '127.77.0.51');
    for (const [i, body] of [...boot, phaseStart('saveMeta')].entries()) await again.publish(eventOf(i, body));
    expect(told('talos.phaseStarted').map((one) => one.phase)).toEqual([
      'systemRequirements',
      'config',
      'env',
      'install',
      'saveMeta',
    ]);
    expect(told('talos.connected').map((one) => one.goesOn)).toEqual([undefined, true]);
    // The log of the node is filled again.
    expect(logs.filter((one) => one.text === 'phase install start')).toHaveLength(2);
    again.close();
  });

  test('another boot of the same machine counts, with the same ids of machine and process', async () => {
    server = must(await createEventSink(parts()));
    const before = await openPublisher(port(), '127.77.0.51');
    for (const [i, body] of boot.entries()) await before.publish(eventOf(i, body));
    before.close();
    await server.stop();
    server = must(await createEventSink(parts()));
    const rebooted = await openPublisher(port(), '127.77.0.51');
    for (const [i, body] of boot.entries()) await rebooted.publish(eventOf(700_000 + i, body));
    expect(told('talos.phaseStarted')).toHaveLength(8);
    expect(told('talos.connected').map((one) => one.goesOn)).toEqual([undefined, undefined]);
    rebooted.close();
  });

  test('so do lines of the kernel log, which comes whole again', async () => {
    const ring = [
      lineOf(1, '[talos] installing Talos to disk "/dev/sda"'),
      lineOf(2, '[talos] created EFI (c12a) size 2203058176 bytes'),
      lineOf(3, '[talos] install successful'),
    ];
    for (const lines of [ring.slice(0, 2), ring]) {
      server = must(await createKernelLogReceiver(parts()));
      const machine = await openLogSender(port(), '127.77.0.51');
      machine.end(lines.join(''));
      await once(machine, 'close');
      const last = lines.length === 2 ? 'partition EFI' : 'install successful';
      await vi.waitFor(() => expect(JSON.stringify(engine.events.at(-1))).toContain(last), WAIT);
      await server.stop();
    }
    server = undefined;
    expect([told('talos.installing').length, told('talos.installed').length]).toEqual([2, 1]);
  });
});

describe('kernel log lines from a shared address', () => {
  beforeEach(async () => {
    server = must(await createKernelLogReceiver(parts()));
  });
  const by = 'test';
  const arm = (node: string) => {
    const expiresAt = engine.now() + 60_000;
    const plan = planOf('install');
    engine.emit({
      type: 'operator.armed',
      node,
      job: 'j1',
      kind: 'install',
      plan,
      expiresAt,
      by: { user: by, from: by },
    });
    engine.emit({ type: 'job.stored', node, job: 'j1' });
    engine.emit({
      type: 'http.scriptAsked',
      node,
      address: NAT,
      answer: 'install',
      job: 'j1',
      reason: 'armed',
      hardware: {},
    });
    return attemptToken(SECRET, node, 'j1', nodeOf(engine.fleet(), node)?.attempt?.number ?? 0);
  };
  const INSTALLING = '[talos] installing Talos to disk "/dev/sda"';

  test.each([
    ['host name', '[talos] setting hostname {"component": "controller-runtime", "hostname": "n2", "domainname": ""}'],
    [
      'address',
      '[talos] assigned address {"component": "controller-runtime", "address": "127.77.0.52/24", "link": "e"}',
    ],
  ])('wait until one of them tells the %s', async (_name, text) => {
    const machine = await openLogSender(port(), NAT);
    machine.end(`${lineOf(1, INSTALLING)}${lineOf(2, text)}`);
    await vi.waitFor(() => expect(nodes('talos.installing')).toEqual(['n2']), WAIT);
    expect(nodes('talos.connected')).toEqual(['n2']);
  });

  test('are known by the token on the command line of the kernel, which is not shown', async () => {
    const token = arm('n2');
    const machine = await openLogSender(port(), NAT);
    machine.end(
      `${lineOf(1, `Command line: pti=on talos.config=http://127.0.0.1/t/${token}/config.yaml slab_nomerge`)}${lineOf(2, INSTALLING)}`,
    );
    await vi.waitFor(() => expect(nodes('talos.installing')).toEqual(['n2']), WAIT);
    expect(logs.map((one) => one.node)).toEqual(['n2', 'n2']);
    expect(JSON.stringify([logs, engine.events])).not.toContain(token);
    expect(logs[0]?.text).toBe(
      'Command line: pti=on talos.config=http://127.0.0.1/t/********/config.yaml slab_nomerge',
    );
  });

  test('a token that is none names nobody; a datagram has its port for a connection', async () => {
    const socket = createSocket('udp4');
    socket.bind(0, NAT);
    await once(socket, 'listening');
    const send = (text: string) => socket.send(text, port(), '127.0.0.1');
    send(lineOf(1, `Command line: talos.config=http://127.0.0.1/t/${'a'.repeat(32)}/config.yaml`));
    send(lineOf(2, INSTALLING));
    await vi.waitFor(
      () => expect(sentences().join()).toContain('2 log lines from 127.77.0.200 unassigned: n1, n2'),
      WAIT,
    );
    expect(nodes('talos.installing')).toEqual([]);
    send(lineOf(3, '[talos] setting hostname {"hostname": "n1"}'));
    await vi.waitFor(() => expect(nodes('talos.installing')).toEqual(['n1']), WAIT);
    socket.close();
  });
});

import { afterEach, expect, test } from 'vitest';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { arm, nodeSpec } from '../netboot/boot-fixture.ts';
import { type ClientKind, ip, packet } from '../netboot/client-packets.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { openRelay } from './sim-machine.ts';

const MAC = '52:54:00:1a:bd:09';
const OTHER = '52:54:00:1a:bd:0a';
const STRANGER = '52:54:00:1a:bd:99';
const lost = (kind: ClientKind, mac: string): Uint8Array =>
  encodeDhcp({ ...packet(kind, mac, { giaddr: ip('10.99.0.1'), hops: 1 }), maxSizeBytes: 1472 });
let stack: BootStack | undefined;
afterEach(() => stack?.stop());

test('a relay that the site does not name is told in the log, a few times and not for each packet', async () => {
  stack = await startBootStack({ nodes: [nodeSpec('n1', MAC)] });
  const relay = await openRelay(stack.ports.dhcp);
  for (let sent = 0; sent < 20; sent += 1) relay.socket.send(lost('uefi', STRANGER), stack.ports.dhcp, '127.0.0.1');
  // Answered after all of them: by then each has had its line, or none.
  await expect(relay.ask(packet('uefi', MAC), 20_000)).resolves.toBeDefined();
  const told = stack.logs.filter(({ level }) => level === 'warn').map(({ text }) => text);
  expect(told.length).toBeGreaterThan(0);
  expect(told.length).toBeLessThan(10);
  expect(new Set(told)).toEqual(
    new Set([`relay 10.99.0.1 is not answered (${STRANGER} asks): from a network that the site does not name`]),
  );
  relay.close();
});

const WHY = 'its request came by relay 10.99.0.1, which is in no network of `_site.yaml`';

test('a machine on record that asks through it is named, its packets are kept; a flood of them is cut', async () => {
  stack = await startBootStack({ nodes: [nodeSpec('n1', MAC), nodeSpec('n2', OTHER)] });
  arm(stack.engine, 'n1', 'install');
  const relay = await openRelay(stack.ports.dhcp);
  const { socket, ask } = relay;
  for (let sent = 0; sent < 200; sent += 1) socket.send(lost('uefi', MAC), stack.ports.dhcp, '127.0.0.1');
  // Nobody waits for these: a machine that is not armed, and a system.
  socket.send(lost('uefi', OTHER), stack.ports.dhcp, '127.0.0.1');
  socket.send(lost('os', MAC), stack.ports.dhcp, '127.0.0.1');
  await expect(ask(packet('uefi', OTHER), 20_000)).resolves.toBeDefined();
  const events = stack.engine.events.filter(({ type }) => type === 'dhcp.leftUnanswered');
  expect(events[0]).toEqual({ type: 'dhcp.leftUnanswered', node: 'n1', mac: MAC, why: WHY });
  expect(events.length).toBeLessThanOrEqual(10);
  const lines = stack.logs.filter(({ node, text }) => node === 'n1' && text.includes(WHY));
  expect(lines[0]).toMatchObject({ level: 'warn', text: `firmware ${MAC} arch=7: no answer: ${WHY}` });
  expect(lines.length).toBeLessThanOrEqual(10);
  expect(stack.logs.find(({ node }) => node === 'n2')).toMatchObject({ level: 'info' });
  expect(stack.parts.captures?.exportPcapng('n1')).toBeDefined();
  // What is its own was not cut by it.
  await expect(ask(packet('uefi', MAC), 20_000)).resolves.toBeDefined();
  expect(stack.engine.events.at(-1)).toMatchObject({ type: 'dhcp.firmwareAsked', node: 'n1' });
  relay.close();
});

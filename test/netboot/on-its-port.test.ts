import { expect, test } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import { getIn } from '../../src/core/shard-map.ts';
import { decideScript } from '../../src/netboot/answer-script.ts';
import type { DhcpOptions } from '../../src/protocols/dhcp/dhcp-message.ts';
import { createMachineId } from '../../src/protocols/dhcp/structured-codecs.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { ALL_LOADERS, arm, nodeSpec, subnet, uuidOf } from './boot-fixture.ts';
import { type ClientKind, ip } from './client-packets.ts';
import { createDhcpBench, localSubnet } from './dhcp-bench.ts';

/** What else asks on the switch port of a machine: a BMC that shares its NIC, its guests, whatever was plugged in there. */

const MAC = '52:54:00:00:00:01';
const OTHER = '52:54:00:99:00:ca';
const PORT: DhcpOptions = { relayInfo: { raw: Uint8Array.from([1, 4, 103, 101, 45, 49]) } };
const NAMELESS = { machineId: { raw: new Uint8Array(17) } };

function rack(macs: readonly string[] = [MAC]) {
  const identity = { macs, uuid: uuidOf(MAC), serial: 'SN-n1', switchPort: 'ge-1' };
  const relayed = subnet({
    relay: '10.20.0.1',
    subnet: '10.20.0.0/24',
    pool: { from: '10.20.0.50', to: '10.20.0.60' },
    gateway: '10.20.0.1',
  });
  const on = createDhcpBench([nodeSpec('n1', MAC, { identity })], [localSubnet(), relayed]);
  const { engine } = on;
  const ask = (kind: ClientKind, mac: string, options: DhcpOptions = {}) =>
    on.ask(kind, mac, { giaddr: ip('10.20.0.1') }, { ...PORT, ...(mac === MAC ? {} : NAMELESS), ...options });
  const dora = (kind: ClientKind, mac: string) => {
    const offer = ask(kind, mac).reply?.packet ?? expect.unreachable('no offer');
    const { serverId } = offer.options;
    return ask(kind, mac, {
      messageType: 'request',
      requestedAddress: offer.yiaddr,
      ...(serverId === undefined ? {} : { serverId }),
    });
  };
  const node = () => nodeOf(engine.fleet(), 'n1') ?? expect.unreachable();
  const stranger = () => getIn(engine.fleet().strangers, OTHER);
  const boot = () => {
    const rendered = arm(engine, 'n1', 'install');
    on.render(rendered);
    dora('uefi', MAC);
    dora('ipxeUefi', MAC);
    const view = { fleet: engine.fleet(), at: engine.now(), rendered, artefacts: ALL_LOADERS };
    const said = { mac: MAC, uuid: uuidOf(MAC), serial: 'SN-n1', buildarch: 'x86_64', platform: 'efi' };
    const { answer, event } = decideScript(view, new Map(Object.entries(said)), '10.20.0.50');
    expect(answer).toBe('install');
    if (event !== undefined) engine.emit(event);
    engine.emit({ type: 'image.requested', node: 'n1', image: 'kernel', totalBytes: 1000 });
  };
  return { ...on, ask, dora, node, stranger, boot };
}

test('a system there gets its address, and tells nothing of the machine that boots', () => {
  const { boot, dora, node, stranger } = rack();
  boot();
  const before = node();
  const { reply, reason, node: told } = dora('os', OTHER);
  expect(reply?.packet.options.messageType).toBe('ack');
  expect(told).toBe('n1');
  expect(reason).toBe(
    'leased 10.20.0.51 for 3600 s; known by the switch port of n1 alone, not by a NIC in its file: taken for no sign of it',
  );
  expect(node()).toEqual(before);
  expect(stranger()).toMatchObject({ asked: 'os', switchPort: 'ge-1', address: '10.20.0.51' });
});

test('firmware there ends no boot, whatever its system asked before', () => {
  const { boot, dora, ask, node, stranger } = rack();
  boot();
  const before = node();
  dora('os', OTHER);
  const { reply, reason } = ask('uefi', OTHER, NAMELESS);
  expect(reply).toBeUndefined();
  expect(reason).toContain(
    `its switch port is that of n1, which boots by ${MAC} at this moment: it is another machine`,
  );
  expect(node()).toEqual(before);
  expect(stranger()).toMatchObject({ poses: 'n1' });
});

test('a system that says the UUID brings the machine up, and its firmware is another machine all the same', () => {
  const { boot, ask, node } = rack();
  boot();
  ask('os', OTHER, { machineId: createMachineId(uuidOf(MAC)) });
  expect([node().phase.is, node().seen.mac]).toEqual(['up', OTHER]);
  expect(ask('uefi', OTHER).reason).toContain('it is another machine');
  expect(node().phase.is).toBe('up');
});

test('a BMC there becomes neither the NIC nor the address of a machine that does not boot, and renews what it has', () => {
  const { dora, ask, node, stranger, engine } = rack();
  const address = dora('os', OTHER).reply?.packet.yiaddr ?? 0;
  expect(node().seen).toEqual({});
  expect(stranger()?.address).toBe(renderIpv4(address));
  const renewed = ask('os', OTHER, { messageType: 'request', requestedAddress: address });
  expect(renewed.reply?.packet.options.messageType).toBe('ack');
  const elsewhere = ask('os', '52:54:00:99:00:cb', { messageType: 'request', requestedAddress: ip('10.20.0.58') });
  expect(elsewhere.reply?.packet.options.messageType).toBe('ack');
  expect(engine.events.some(({ type }) => type === 'dhcp.osAsked')).toBe(false);
});

test('where no NIC of a machine is known, or it came as firmware before, its system is what it seems', () => {
  const nameless = rack([]);
  nameless.dora('os', OTHER);
  expect(nameless.node().seen.mac).toBe(OTHER);
  const swapped = rack();
  swapped.ask('uefi', OTHER);
  expect(swapped.node().seen.mac).toBe(OTHER);
  swapped.dora('os', OTHER);
  expect(swapped.node().phase.is).toBe('diskBoot');
});

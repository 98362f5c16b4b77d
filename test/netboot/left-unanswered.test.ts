import { describe, expect, test } from 'vitest';
import type { SubnetSpec } from '../../src/core/spec.ts';
import { arm, nodeSpec, subnet, uuidOf } from './boot-fixture.ts';
import { type ClientKind, ip } from './client-packets.ts';
import { createDhcpBench, localSubnet } from './dhcp-bench.ts';

const MAC = '52:54:00:00:00:01';
const OTHER = '52:54:00:00:00:02';
const NONE = '52:54:00:00:00:99';
const far = { giaddr: ip('10.99.9.1'), hops: 1 };
const BY_RELAY = 'its request came by relay 10.99.9.1, which is in no network of `_site.yaml`';

function site(networks: readonly SubnetSpec[] = [localSubnet()]) {
  const byUuid = nodeSpec('n2', OTHER, { identity: { macs: [], uuid: uuidOf(OTHER) } });
  const on = createDhcpBench([nodeSpec('n1', MAC), byUuid], networks);
  for (const name of ['n1', 'n2']) arm(on.engine, name, 'install');
  return on;
}

const told = (node: string, mac: string, why: string) => [{ type: 'dhcp.leftUnanswered', node, mac, why }];

describe('a request from where DHCP is not served', () => {
  test.each<readonly [string, ClientKind, string, object]>([
    ['firmware of an armed machine', 'uefi', MAC, told('n1', MAC, BY_RELAY)],
    ['iPXE in its ROM', 'ipxe', MAC, told('n1', MAC, BY_RELAY)],
    ['one that the inventory knows by its UUID alone', 'bios', OTHER, told('n2', OTHER, BY_RELAY)],
    ['a system of it: it is up, and asks where it likes', 'os', MAC, []],
    ['a stranger', 'uefi', NONE, []],
  ])('by a relay that the site does not name: %s', (_, kind, mac, events) => {
    const answer = site().ask(kind, mac, far);
    expect([answer.reply, answer.silence, answer.events]).toEqual([undefined, 'network', events]);
    expect(answer.node).toBe(mac === NONE ? undefined : mac === MAC ? 'n1' : 'n2');
  });

  test('its UUID on a MAC that is none of its own says nothing', () => {
    const { machineId } = {
      machineId: { raw: Uint8Array.from([0, ...Buffer.from(uuidOf(MAC).replaceAll('-', ''), 'hex')]) },
    };
    expect(site().ask('uefi', NONE, far, { machineId }).events).toEqual([]);
  });

  test('the link that its relay names stands beside', () => {
    const link = { relayInfo: { raw: Uint8Array.from([5, 4, 10, 98, 0, 0]) } };
    const [event] = site().ask('uefi', MAC, far, link).events;
    expect(event).toMatchObject({
      why: 'its request came by relay 10.99.9.1 for the link 10.98.0.0, which is in no network of `_site.yaml`',
    });
  });

  test('by no relay, where all networks are behind one', () => {
    const [event] = site([subnet({ relay: '10.20.0.1', subnet: '10.20.0.0/24' })]).ask('uefi', MAC).events;
    expect(event).toMatchObject({ why: 'its request came in on eth1, for which `_site.yaml` names no network' });
  });

  test('on a network with `dhcp: off`', () => {
    const [event, ...more] = site([localSubnet({ dhcp: 'off' })]).ask('uefi', MAC).events;
    expect(more).toEqual([]);
    expect(event).toMatchObject({ why: 'its request came from 10.9.0.0/24, for which `_site.yaml` says `dhcp: off`' });
    expect(site([localSubnet({ dhcp: 'off' })]).ask('os', MAC).events).toEqual([]);
  });

  test('nothing is told of a machine that is not armed, or that boots', () => {
    const plain = createDhcpBench([nodeSpec('n1', MAC)]);
    expect(plain.ask('uefi', MAC, far).events).toEqual([]);
    const boots = site();
    boots.dora('uefi', MAC);
    expect(boots.ask('uefi', MAC, far).events).toEqual([]);
  });
});

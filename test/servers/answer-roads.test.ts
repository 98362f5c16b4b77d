import { expect, test, vi } from 'vitest';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { createAnswerRoads } from '../../src/servers/answer-roads.ts';
import { createDhcpDesk } from '../../src/servers/dhcp-desk.ts';
import type { DhcpPort } from '../../src/servers/dhcp-sockets.ts';
import { closeUdp, createUdp } from '../../src/servers/udp-socket.ts';
import { bootSite, createTestEngine, NOBODY_ARMED, nodeSpec, siteSpec } from '../netboot/boot-fixture.ts';
import { ip, packet } from '../netboot/client-packets.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';

const [FIRST, SECOND, THIRD] = ['10.9.0.1', '10.9.10.1', '10.9.1.1'] as const;
const nothing = { send: () => undefined, getSendQueueCount: () => 0 };
const roadsOf = () => ({ broadcast: nothing, routed: nothing, neighbour: nothing });

function portAt(serves: string | undefined, address: string): DhcpPort {
  const roads = { broadcast: createUdp('udp4'), routed: createUdp('udp4'), neighbour: createUdp('udp4') };
  return { iface: serves, serves, index: undefined, address, receive: [], everybody: undefined, roads };
}

test('an address answers on its own interface first, from wherever it is else, and no more once it is closed', async () => {
  const answers = createAnswerRoads();
  const [here, there, second] = [roadsOf(), roadsOf(), roadsOf()];
  const [first, other] = [portAt('s0', FIRST), portAt('s1', FIRST)];
  answers.add(first, here);
  answers.add(other, there);
  answers.add(portAt(undefined, SECOND), second);
  const near = answers.near(first);
  expect(near(ip(FIRST))).toBe(here);
  expect(answers.near(other)(ip(FIRST))).toBe(there);
  expect(near(ip(SECOND))).toBe(second);
  // What is broadcast by another interface reaches another wire.
  expect([near(ip(SECOND), true), near(ip(FIRST), true)]).toEqual([undefined, here]);
  await closeUdp(first.roads.broadcast);
  expect(near(ip(FIRST))).toBe(there);
});

test('where interfaces cannot be told apart, each answers out of itself', () => {
  const answers = createAnswerRoads();
  const untold = (serves: string, address: string): DhcpPort => ({ ...portAt(serves, address), iface: undefined });
  const [here, second, there] = [roadsOf(), roadsOf(), roadsOf()];
  const [first, other] = [untold('s0', FIRST), untold('s1', THIRD)];
  answers.add(first, here);
  answers.add(untold('s0', SECOND), second);
  answers.add(other, there);
  expect(answers.near(first)(ip(FIRST))).toBe(here);
  expect(answers.near(first)(ip(SECOND))).toBe(second);
  expect(answers.near(first)(ip(THIRD))).toBe(here);
  expect(answers.near(other)(ip(SECOND))).toBe(there);
});

test('a network whose address is not open is not answered from another one, and that is counted', () => {
  vi.useFakeTimers();
  try {
    const mac = '52:54:00:1a:bd:0a';
    const engine = createTestEngine([nodeSpec('n1', mac)], true);
    const site = bootSite(siteSpec([localSubnet()]));
    const desk = createDhcpDesk({
      engine,
      site: () => site,
      ...NOBODY_ARMED,
      addresses: createAddressBook(engine.fleet()),
      onLog: () => undefined,
    });
    const asked: number[] = [];
    const roadsFrom = (address: number) => void asked.push(address);
    desk.receive({ iface: 'eth1', asked: undefined, roadsFrom }, encodeDhcp(packet('uefi', mac)), '0.0.0.0', 68);
    vi.advanceTimersByTime(0);
    expect(asked).toEqual([ip('10.9.0.1')]);
    expect(desk.counts()).toMatchObject({ received: 1, sent: 0, sendErrors: 1 });
  } finally {
    vi.useRealTimers();
  }
});

import { expect, test } from 'vitest';
import { renderRows, toRow } from '../../src/cli/node-rows.ts';
import { contestedNow, contestedText } from '../../src/core/contested.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import { createTestEngine, nodeSpec } from '../netboot/boot-fixture.ts';
import { ip } from '../netboot/client-packets.ts';
import { createDhcpBench, localSubnet } from '../netboot/dhcp-bench.ts';

const MAC = '52:54:00:00:00:01';
const OTHER = '52:54:00:00:00:99';

test('somebody at the address of a machine is told on it for as long as it is looked for', () => {
  const engine = createTestEngine([nodeSpec('n1', MAC)]);
  const told = () => contestedText(engine.fleet(), 'n1', engine.now());
  expect(told()).toBeUndefined();
  engine.emit({ type: 'address.contested', node: 'n1', address: '10.9.0.14', how: 'inventory', mac: OTHER });
  expect(told()).toMatch(/^its ip 10\.9\.0\.14 is used by 52:54:00:00:00:99, which is no MAC of n1/);
  const node = nodeOf(engine.fleet(), 'n1') ?? expect.fail('no n1');
  const moment = { fleet: engine.fleet(), nowMs: engine.now() };
  expect(renderRows([toRow(node, moment)])).toContain('its ip 10.9.0.14 is used by');
  engine.emit({ type: 'address.contested', node: 'n1', address: '10.9.0.100', how: 'lease', mac: OTHER });
  expect(contestedNow(engine.fleet(), engine.now())).toHaveLength(2);
  engine.advance(11 * 60_000);
  expect(told()).toBeUndefined();
});

test('and until nobody else is there any more', () => {
  const engine = createTestEngine([nodeSpec('n1', MAC)]);
  const hows = () => contestedNow(engine.fleet(), engine.now()).map(({ how }) => how);
  for (const how of ['inventory', 'declined', 'lease', 'script'] as const)
    engine.emit({ type: 'address.contested', node: 'n1', address: '10.9.0.14', how });
  engine.emit({ type: 'address.uncontested', node: 'n1', address: '10.9.0.15' });
  expect(hows()).toEqual(['inventory', 'declined', 'lease', 'script']);
  engine.emit({ type: 'address.uncontested', node: 'n1', address: '10.9.0.14' });
  expect(hows()).toEqual(['script']);
});

test('where its network has no pool, it is told that it gets no address at all', () => {
  const engine = createTestEngine([nodeSpec('n1', MAC)]);
  const seen = { type: 'address.contested', node: 'n1', address: '10.9.0.14', how: 'inventory', mac: OTHER } as const;
  const told = () => contestedText(engine.fleet(), 'n1', engine.now());
  engine.emit(seen);
  expect(told()).toContain(': it gets another address by DHCP, but ');
  engine.emit({ ...seen, isOnly: true });
  expect(told()).toContain(
    ': it gets no address until that one is gone, as its network has no pool; find that machine',
  );
});

const WITH_IP = nodeSpec('n1', MAC, { network: { ip: '10.9.0.14', dns: [], ntp: [] } });
const { pool: _pool, ...bare } = localSubnet();

test('a machine that declines its ip: where there is no pool lacks an address, and no loader', () => {
  const on = createDhcpBench([WITH_IP], [bare]);
  on.dora('uefi', MAC);
  on.ask('uefi', MAC, {}, { messageType: 'decline', requestedAddress: ip('10.9.0.14'), serverId: ip('10.9.0.1') });
  const variant = nodeOf(on.engine.fleet(), 'n1')?.offerVariant;
  for (let time = 0; time < 5; time += 1) {
    on.engine.advance(12_000);
    on.ask('uefi', MAC, { xid: 0x700 + time });
    on.engine.emit({ type: 'clock.ticked' });
  }
  const node = nodeOf(on.engine.fleet(), 'n1') ?? expect.fail('no n1');
  expect(node.health).toMatchObject({
    code: 'POOL_EMPTY',
    detail: expect.stringMatching(
      /^its ip 10\.9\.0\.14 cannot be given: it was declined a short time ago, and is free again at \d\d:\d\d:\d\d UTC at the latest; and 10\.9\.0\.0\/24 has no pool$/,
    ),
  });
  expect(node.offerVariant).toBe(variant);
});

test('of a machine that is not in the inventory nothing is kept', () => {
  const engine = createTestEngine([nodeSpec('n1', MAC)]);
  engine.emit({ type: 'address.contested', node: 'n9', address: '10.9.0.14', how: 'declined' });
  expect(engine.fleet().contested).toBeUndefined();
});

test('a machine that declines its address has a warning', () => {
  const on = createDhcpBench([nodeSpec('n1', MAC, { network: { ip: '10.9.0.14', dns: [], ntp: [] } })]);
  on.dora('uefi', MAC);
  const declined = { messageType: 'decline', requestedAddress: ip('10.9.0.14'), serverId: ip('10.9.0.1') } as const;
  const addressOf = () => nodeOf(on.engine.fleet(), 'n1')?.seen.address;
  expect(addressOf()).toBe('10.9.0.14');
  for (const event of on.ask('os', MAC, {}, declined).events) on.engine.emit(event);
  // Somebody else is there; it is not.
  expect(addressOf()).toBeUndefined();
  expect(contestedText(on.engine.fleet(), 'n1', on.engine.now())).toBe(
    'it declined 10.9.0.14, because somebody else answers there; find that machine',
  );
});

test.each<readonly [string, 'released' | 'expired', boolean, string | undefined]>([
  ['gave it back', 'released', false, undefined],
  ['gave it back as it ran', 'released', true, undefined],
  ['let it end', 'expired', false, undefined],
  // Its system may have made it its own.
  ['let it end, and runs there', 'expired', true, '10.9.0.14'],
])('a machine that %s is not where its lease was: the next one there is another', (_how, why, runs, left) => {
  const { engine, dora } = createDhcpBench([WITH_IP]);
  dora('uefi', MAC);
  if (runs) engine.advance(60_000);
  if (runs) engine.emit({ type: 'dhcp.osAsked', node: 'n1', mac: MAC, address: '10.9.0.14' });
  if (runs) engine.emit({ type: 'talos.stageChanged', node: 'n1', stage: 'running', ready: true, unmet: [] });
  engine.emit({ type: 'address.contested', node: 'n1', address: '10.9.0.14', how: 'lease', mac: OTHER });
  expect(contestedText(engine.fleet(), 'n1', engine.now())).toMatch(/two machines use one address/);
  engine.emit({ type: 'lease.ended', mac: MAC, address: '10.9.0.99', why });
  expect(nodeOf(engine.fleet(), 'n1')?.seen.address).toBe('10.9.0.14');
  engine.emit({ type: 'lease.ended', mac: MAC, address: '10.9.0.14', why });
  expect(nodeOf(engine.fleet(), 'n1')?.seen.address).toBe(left);
  expect(contestedText(engine.fleet(), 'n1', engine.now())).toBeUndefined();
});

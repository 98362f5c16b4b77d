import { describe, expect, test } from 'vitest';
import { renderRows, toRow } from '../../src/cli/node-rows.ts';
import { siteLines } from '../../src/cli/site-lines.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import { getIn } from '../../src/core/shard-map.ts';
import { UNSERVED_ADVICE } from '../../src/core/unserved.ts';
import { stepOf } from '../../src/ui/select/node-look.ts';
import { nodeSpec } from './boot-fixture.ts';
import { ip } from './client-packets.ts';
import { createDhcpBench, localSubnet, shown } from './dhcp-bench.ts';

const MAC = '52:54:00:00:00:01';
const stranger = (at: number) => `52:54:00:d0:00:${at.toString(16).padStart(2, '0')}`;
const eight = { pool: { from: '10.9.0.100', to: '10.9.0.107' } };
const own = (name: string, mac: string, ip: string) => nodeSpec(name, mac, { network: { ip, dns: [], ntp: [] } });

function discovering(nodes: Parameters<typeof createDhcpBench>[0]) {
  const on = createDhcpBench(nodes, [localSubnet(eight)]);
  on.engine.emit({
    type: 'site.discoverySwitched',
    until: on.engine.now() + 1_800_000,
    by: { user: 'test', from: 'tty1' },
  });
  const serve = (count: number) => {
    const answers = Array.from({ length: count }, (_, at) => on.ask('uefi', stranger(at)));
    for (const { events } of answers) for (const event of events) on.engine.emit(event);
    return answers.filter(({ reply }) => reply !== undefined).length;
  };
  return { on, serve };
}

describe('while discovery is on', () => {
  test.each([
    ['all of a pool, where every known machine has an address of its own', [own('n1', MAC, '10.9.0.20')], 8],
    ['all but one for each machine that has none', [nodeSpec('n1', MAC)], 7],
    ['never less than a quarter', Array.from({ length: 9 }, (_, at) => nodeSpec(`n${at}`, `52:54:00:00:00:1${at}`)), 2],
    ['all but what the inventory gives inside of it', [own('n1', MAC, '10.9.0.103')], 7],
  ])('strangers may have %s', (_, nodes, count) => {
    expect(discovering(nodes).serve(10)).toBe(count);
  });

  test('an unknown machine takes from their share what it uses of the pool, while it does, and nothing outside of it', () => {
    const { on, serve } = discovering([]);
    const foreign = (...addresses: readonly string[]) => {
      const net = on.site.nets[0] ?? expect.fail('no net');
      for (const address of addresses)
        on.pool.markSeen({ net, address: ip(address), mac: 'other', at: on.engine.now(), forMs: 60_000 });
    };
    const outside = Array.from({ length: 8 }, (_, at) => `10.9.0.2${at}`);
    foreign(...outside);
    expect(serve(10)).toBe(8);
    on.engine.advance(61_000);
    foreign(...outside, '10.9.0.106', '10.9.0.107');
    expect(serve(10)).toBe(6);
    on.engine.advance(61_000);
    expect(serve(10)).toBe(8);
  });

  test('who gets none is told why, until it gets one', () => {
    const { on, serve } = discovering([nodeSpec('n1', MAC)]);
    serve(9);
    const why = 'no free address: the share of strangers in the pool of 10.9.0.0/24 is used up';
    expect(getIn(on.engine.fleet().strangers, stranger(8))).toMatchObject({ unserved: why });
    expect(getIn(on.engine.fleet().strangers, stranger(0))).toMatchObject({ offered: 'ipxe.efi' });
    expect(siteLines(on.engine.fleet(), on.engine.now())).toEqual(
      expect.arrayContaining([`2 unknown machines got no answer: ${why}`, UNSERVED_ADVICE]),
    );
    on.engine.advance(11_000);
    for (const event of on.ask('uefi', stranger(8)).events) on.engine.emit(event);
    expect(getIn(on.engine.fleet().strangers, stranger(8))).not.toHaveProperty('unserved');
  });

  test('a known machine has what a stranger did not take, where nothing else is free', () => {
    const { on, serve } = discovering([own('n1', MAC, '10.9.0.20')]);
    serve(8);
    // Another NIC has its own address by now.
    const net = on.site.nets[0] ?? expect.fail('no net');
    on.pool.markSeen({ net, address: 0x0a090014, mac: 'other', at: on.engine.now() });
    expect(shown(on.ask('uefi', MAC))).toBe(
      'silence: its ip 10.9.0.20 cannot be given: an unknown machine uses it (other); and the pool of 10.9.0.0/24 is used up',
    );
    on.engine.advance(11_000);
    expect(shown(on.ask('uefi', MAC))).toBe('offer 10.9.0.100 -> broadcast');
  });
});

test('status says of a known machine what its screen says, and at once', () => {
  const one = { pool: { from: '10.9.0.100', to: '10.9.0.100' } };
  const on = createDhcpBench([nodeSpec('n1', MAC), nodeSpec('n2', stranger(1))], [localSubnet(one)]);
  on.ask('uefi', MAC);
  for (const event of on.ask('uefi', stranger(1)).events) on.engine.emit(event);
  const node = nodeOf(on.engine.fleet(), 'n2') ?? expect.fail('no n2');
  const moment = { fleet: on.engine.fleet(), nowMs: on.engine.now() };
  expect(stepOf(node, moment)).toBe('no free address');
  expect(renderRows([toRow(node, moment)])).toMatch(/no free address: the pool of 10\.9\.0\.0\/24 is used up$/);
});

import { describe, expect, test } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import { bodiesOf } from '../core/bodies.ts';
import { arm, nodeSpec } from './boot-fixture.ts';
import { ip, packet } from './client-packets.ts';
import { createDhcpBench, type DhcpBench, localSubnet, shown } from './dhcp-bench.ts';

const MAC = '52:54:00:00:00:01';

describe('D16 a second server', () => {
  const second = (dhcp: 'authoritative' | 'proxy') =>
    createDhcpBench([nodeSpec('n1', MAC)], [localSubnet({ dhcp, answerAfterSeconds: 8 })]);

  const SECS: readonly (readonly [string, number, RegExp])[] = [
    ['is silent to who asks for the first time', 0, /^silence: it has asked for 0 s/],
    ['and a little later', 4, /^silence: it has asked for 4 s; as the second server here we answer after 8 s/],
    ['answers who has asked in vain', 8, /^offer 10\.9\.0\.100/],
    ['also where the ROM writes its seconds in the order of x86', 0x0c00, /^offer/],
    ['and is silent to 4 s in that order', 0x0400, /^silence: it has asked for 4 s/],
  ];
  test.each(SECS)('%s', (_, secs, expected) => {
    expect(shown(second('authoritative').ask('uefi', MAC, { secs }))).toMatch(expected);
  });

  test('counts by itself for firmware that says 0 for ever', () => {
    for (const dhcp of ['authoritative', 'proxy'] as const) {
      const bench = second(dhcp);
      expect(shown(bench.ask('uefi', MAC, { xid: 7 }))).toMatch(/^silence/);
      bench.engine.advance(4_000);
      expect(shown(bench.ask('uefi', MAC, { xid: 7 }))).toMatch(/^silence: it has asked for 4 s/);
      bench.engine.advance(4_000);
      expect(shown(bench.ask('uefi', MAC, { xid: 7 }))).toMatch(/^offer/);
    }
  });

  test('counts anew for a machine that boots again', () => {
    const bench = second('authoritative');
    bench.ask('uefi', MAC, { xid: 7 });
    bench.engine.advance(9_000);
    expect(shown(bench.ask('uefi', MAC, { xid: 8 }))).toMatch(/^silence: it has asked for 0 s/);
    bench.engine.advance(9_000);
    expect(shown(bench.ask('uefi', MAC, { xid: 8 }))).toMatch(/^offer/);
  });

  test('tries the next way to offer as the first server does: its silence is no offer', () => {
    const bench = second('authoritative');
    const offered: string[] = [];
    for (let boot = 1; boot <= 2; boot += 1) {
      bench.ask('uefi', MAC, { xid: boot });
      for (const secs of [8, 12, 16]) offered.push(bench.ask('uefi', MAC, { xid: boot, secs }).reason);
      bench.engine.advance(41_000);
      bench.engine.emit({ type: 'clock.ticked' });
      bench.engine.advance(60_000);
    }
    expect(offered.slice(0, 3).join()).not.toContain('offer variant');
    for (const reason of offered.slice(3)) expect(reason).toContain('offer variant "pxe21"');
  });

  test('keeps its word: a REQUEST of its own offer needs no waiting', () => {
    const bench = second('authoritative');
    bench.ask('uefi', MAC, { secs: 9 });
    const request = { messageType: 'request', serverId: ip('10.9.0.1'), requestedAddress: ip('10.9.0.100') } as const;
    expect(shown(bench.ask('uefi', MAC, { secs: 0 }, request))).toMatch(/^ack 10\.9\.0\.100/);
  });

  /** The first server gives its firmware what it asks for. */
  const another = { messageType: 'request', serverId: ip('10.9.0.7'), requestedAddress: ip('10.9.0.50') } as const;
  const boots = (bench: DhcpBench, kind: 'uefi' | 'ipxe' | 'os', xid: number, secs = 0) =>
    shown(bench.ask(kind, MAC, { xid, secs }));
  const takes = (bench: DhcpBench, kind: 'uefi' | 'ipxe' | 'os') => {
    const options = { messageType: 'request', serverId: ip('10.9.0.1'), requestedAddress: ip('10.9.0.100') } as const;
    expect(shown(bench.ask(kind, MAC, {}, options))).toMatch(/^ack/);
  };

  test('counts by itself for a system that says 0 for ever, over its transactions', () => {
    const bench = second('authoritative');
    const said: string[] = [];
    for (const xid of [1, 1, 2, 2]) {
      said.push(boots(bench, 'os', xid));
      bench.engine.advance(5_000);
    }
    expect(said).toEqual([
      expect.stringMatching(/^silence: it has asked for 0 s/),
      expect.stringMatching(/^silence: it has asked for 5 s/),
      expect.stringMatching(/^offer/),
      expect.stringMatching(/^offer/),
    ]);
  });

  test('counts anew for a system that the first server answered, and for one that was silent for long', () => {
    const bench = second('authoritative');
    boots(bench, 'os', 1);
    bench.engine.advance(6_000);
    expect(shown(bench.ask('os', MAC, {}, another))).toMatch(/^silence: it took the offer of 10\.9\.0\.7/);
    bench.engine.advance(6_000);
    expect(boots(bench, 'os', 2)).toMatch(/^silence: it has asked for 0 s/);
    bench.engine.advance(121_000);
    expect(boots(bench, 'os', 3)).toMatch(/^silence: it has asked for 0 s/);
  });

  test('counts for a stranger while discovery is on, and forgets it among thousands', () => {
    const bench = createDhcpBench([], [localSubnet({ answerAfterSeconds: 8 })]);
    bench.engine.emit({
      type: 'site.discoverySwitched',
      until: bench.engine.now() + 600_000,
      by: { user: 'test', from: 'tty1' },
    });
    boots(bench, 'os', 1);
    for (let made = 0; made < 4096; made += 1) {
      const mac = `02:00:00:00:${(made >> 8).toString(16).padStart(2, '0')}:${(made & 255).toString(16).padStart(2, '0')}`;
      bench.ask('os', mac);
    }
    bench.engine.advance(8_000);
    expect(boots(bench, 'os', 1)).toMatch(/^silence: it has asked for 0 s/);
    bench.engine.advance(8_000);
    expect(boots(bench, 'os', 1)).toMatch(/^offer/);
  });

  test('answers at once what its firmware began with us, and leaves the next boot to the first server', () => {
    const bench = second('authoritative');
    boots(bench, 'uefi', 1, 9);
    takes(bench, 'uefi');
    expect(boots(bench, 'ipxe', 2)).toMatch(/^offer/);
    takes(bench, 'ipxe');
    expect(boots(bench, 'os', 3)).toMatch(/^offer/);
    bench.engine.advance(60_000);
    expect(boots(bench, 'uefi', 4)).toMatch(/^silence: it has asked for 0 s/);
    bench.ask('uefi', MAC, {}, another);
    expect(boots(bench, 'ipxe', 5)).toMatch(/^silence: it has asked for 0 s/);
  });

  test('refuses nobody what the first server may have given it, before it is its turn', () => {
    const bench = second('authoritative');
    const asks = () => shown(bench.ask('os', MAC, {}, { messageType: 'request', requestedAddress: ip('10.9.0.50') }));
    expect(asks()).toMatch(/^silence: it has asked for 0 s/);
    bench.engine.advance(8_000);
    expect(asks()).toBe('nak -> broadcast');
  });

  const rebinds = (bench: DhcpBench, address: string) =>
    shown(bench.send(packet('os', MAC, { ciaddr: ip(address) }, { messageType: 'request' }), { from: address }));
  const begins = (bench: DhcpBench, address: string) =>
    shown(bench.ask('os', MAC, {}, { messageType: 'request', requestedAddress: ip(address) }));

  test.each<readonly [string, string, string, (bench: DhcpBench, address: string) => string]>([
    ['rebinds in the pool', '10.9.0.150', '10.9.0.150:68', rebinds],
    ['rebinds outside of it', '10.9.0.50', '10.9.0.50:68', rebinds],
    ['begins with a free address of the pool', '10.9.0.150', 'broadcast', begins],
  ])('leaves a system to the first server that %s, and lets it keep its address when that is silent', (...of) => {
    const [, address, to, asks] = of;
    const bench = second('authoritative');
    expect(asks(bench, address)).toMatch(/^silence: it has asked for 0 s/);
    expect(bench.pool.hasLease(MAC, bench.engine.now())).toBe(false);
    bench.engine.advance(8_000);
    expect(asks(bench, address)).toBe(`ack ${address} -> ${to}`);
    // That is ours by now.
    bench.engine.advance(60_000);
    expect(asks(bench, address)).toBe(`ack ${address} -> ${to}`);
  });

  test('knows of no lack of a system that begins with the address that it had: the first server may let it keep it unheard', () => {
    const begun = () => {
      const bench = second('authoritative');
      arm(bench.engine, 'n1', 'install');
      const { initrd, beacon } = bodiesOf('n1');
      for (const event of [initrd(), beacon()]) bench.engine.emit(event);
      expect(begins(bench, '10.9.0.150')).toMatch(/^silence/);
      return bench;
    };
    const aMinuteLater = (bench: DhcpBench) => {
      bench.engine.advance(61_000);
      bench.engine.emit({ type: 'clock.ticked' });
      const { health, phase } = nodeOf(bench.engine.fleet(), 'n1') ?? expect.fail('no n1');
      return [phase.is, 'code' in health ? health.code : health.is];
    };
    expect(aMinuteLater(begun())).toEqual(['up', 'ok']);
    const searches = begun();
    expect(boots(searches, 'os', 7)).toMatch(/^silence/);
    expect(aMinuteLater(searches)).toEqual(['up', 'SECOND_SERVER']);
  });

  test('says of none that names its address that it has none', () => {
    const send = (fields: { readonly ciaddr?: number }, requestedAddress?: number) =>
      second('authoritative').send(
        packet('os', MAC, fields, {
          messageType: 'request',
          ...(requestedAddress === undefined ? {} : { requestedAddress }),
        }),
        { from: '10.9.0.150' },
      ).events;
    expect(send({ ciaddr: ip('10.9.0.150') })).toMatchObject([{ type: 'dhcp.osAsked', node: 'n1', mac: MAC }]);
    expect(send({ ciaddr: ip('10.9.0.150') })[0]).not.toHaveProperty('lacks');
    expect(send({}, ip('10.9.0.150'))[0]).not.toHaveProperty('lacks');
    expect(second('authoritative').ask('os', MAC).events).toMatchObject([{ lacks: { of: 'turn' } }]);
  });

  test('also where it was seen at that address, which says nothing of who gave it', () => {
    const bench = second('authoritative');
    const [net] = bench.site.nets;
    if (net === undefined) throw new Error('no network');
    bench.pool.markSeen({ net, address: ip('10.9.0.150'), mac: MAC, node: 'n1', at: bench.engine.now() });
    for (const asks of [rebinds, begins]) expect(asks(bench, '10.9.0.150')).toMatch(/^silence/);
  });

  test('a lease of ours is no boot: the next search of that system is for the first server again', () => {
    const bench = second('authoritative');
    boots(bench, 'os', 1, 9);
    takes(bench, 'os');
    bench.engine.advance(60_000);
    expect(boots(bench, 'os', 2)).toMatch(/^silence: it has asked for 0 s/);
  });

  test('a stranger that took an address from us goes on with us, and later asks the first server anew', () => {
    const bench = createDhcpBench([], [localSubnet({ answerAfterSeconds: 8 })]);
    bench.engine.emit({
      type: 'site.discoverySwitched',
      until: bench.engine.now() + 3_600_000,
      by: { user: 'test', from: 'tty1' },
    });
    boots(bench, 'uefi', 1, 9);
    takes(bench, 'uefi');
    expect(boots(bench, 'ipxe', 2)).toMatch(/^offer/);
    takes(bench, 'ipxe');
    expect(boots(bench, 'os', 3)).toMatch(/^offer/);
    bench.engine.advance(600_000);
    expect(boots(bench, 'os', 4)).toMatch(/^silence: it has asked for 0 s/);
  });

  test('its page tells why a machine that is armed and gave up early got no answer', () => {
    const bench = second('authoritative');
    arm(bench.engine, 'n1', 'install');
    boots(bench, 'uefi', 1);
    bench.engine.advance(4_000);
    boots(bench, 'uefi', 1);
    bench.engine.advance(61_000);
    bench.engine.emit({ type: 'clock.ticked' });
    expect(nodeOf(bench.engine.fleet(), 'n1')?.health).toMatchObject({
      is: 'stalled',
      code: 'SECOND_SERVER',
      detail: 'it has asked for 4 s; as the second server here we answer after 8 s',
    });
    boots(bench, 'uefi', 2, 9);
    expect(nodeOf(bench.engine.fleet(), 'n1')?.health).toEqual({ is: 'ok' });
  });
});

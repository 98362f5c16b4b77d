import { describe, expect, test } from 'vitest';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { createRoutedProbe } from '../../src/servers/probe-routed.ts';
import { nodeSpec, subnet } from '../netboot/boot-fixture.ts';
import { createDhcpBench } from '../netboot/dhcp-bench.ts';

/** A network behind a relay, and who answers there: given the addresses in the order in which they were asked. */
function behindRelay(refuses: (asked: readonly string[]) => readonly string[], last = '10.20.0.199') {
  const net = subnet({
    relay: '10.20.0.1',
    subnet: '10.20.0.0/24',
    gateway: '10.20.0.1',
    pool: { from: '10.20.0.100', to: last },
  });
  const on = createDhcpBench([nodeSpec('n1', '52:54:00:00:00:01')], [net]);
  const foreign: string[] = [];
  const useless: string[] = [];
  let asked = 0;
  const probe = createRoutedProbe({
    site: () => on.site,
    pool: on.pool,
    sweep: (addresses) => {
      asked += addresses.length;
      const refused = new Set(refuses(addresses.map(renderIpv4)));
      return { refused: new Set(addresses.filter((one) => refused.has(renderIpv4(one)))), end: () => undefined };
    },
    onForeign: (address) => foreign.push(address),
    onUseless: ({ spec }) => useless.push(spec.subnet),
  });
  const rounds = (count = 3) => {
    for (let round = 0; round < count; round += 1) {
      probe.round(on.engine.now());
      on.engine.advance(2_000);
    }
  };
  const next = () => on.pool.upcoming(on.site.nets[0] ?? expect.fail('no net'), 2, on.engine.now()).map(renderIpv4);
  const foreignNow = () => on.pool.uses(on.site, on.engine.now())[0]?.addresses.foreign;
  return { on, foreign, useless, rounds, next, foreignNow, asked: () => asked };
}

const HOSTS = ['10.20.0.100', '10.20.0.102'];

describe('an address behind a relay is looked at before it is offered', () => {
  test('a host that refuses twice is there, and its address is not given', () => {
    const { foreign, useless, rounds, next } = behindRelay(() => HOSTS);
    rounds();
    expect(foreign).toEqual(HOSTS);
    expect(useless).toEqual([]);
    expect(next()).toEqual(['10.20.0.101', '10.20.0.103']);
  });

  test('while it is there it stays so, and it is told once in ten minutes', () => {
    const { foreign, rounds, foreignNow } = behindRelay(() => HOSTS);
    rounds(290);
    expect(foreign).toEqual(HOSTS);
    rounds(20);
    expect(foreign.toSorted()).toEqual([...HOSTS, ...HOSTS].toSorted());
    expect(foreignNow()).toBe(2);
  });

  test.each<readonly [string, (asked: readonly string[]) => readonly string[], readonly string[]]>([
    ['one that refuses all', (asked) => asked, ['10.20.0.0/24']],
    ['one that refuses the first six of a burst', (asked) => asked.slice(0, 6), ['10.20.0.0/24']],
    ['one that refuses the first three of a burst', (asked) => asked.slice(0, 3), []],
    ['one that refuses half of a burst and one', (asked) => asked.slice(0, 17), ['10.20.0.0/24']],
  ])('a firewall takes no address from us: %s', (_name, refuses, told) => {
    const { foreign, useless, rounds, foreignNow } = behindRelay(refuses);
    rounds(300);
    expect([foreign, foreignNow()]).toEqual([[], 0]);
    expect(useless).toEqual(told);
  });

  test('a network never loses more than a quarter of its pool', () => {
    // Whoever answers for every eighth address whenever it is asked.
    const { rounds, foreignNow } = behindRelay(
      (asked) => asked.filter((one) => Number(one.split('.')[3]) % 8 === 0),
      '10.20.0.131',
    );
    rounds(30);
    expect(foreignNow()).toBe(4);
    const greedy = behindRelay((asked) => [...asked].sort().slice(0, 6), '10.20.0.131');
    greedy.rounds(250);
    expect(greedy.foreignNow()).toBeLessThanOrEqual(8);
  });

  test('addresses of this machine itself are nobody else, and are not asked', () => {
    const on = createDhcpBench([], [subnet()]);
    const probe = createRoutedProbe({
      site: () => on.site,
      pool: on.pool,
      sweep: () => expect.fail('asked'),
      onForeign: () => expect.fail('believed'),
      onUseless: () => expect.fail('judged'),
    });
    probe.round(on.engine.now());
  });
});

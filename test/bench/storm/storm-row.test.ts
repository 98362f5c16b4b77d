import { describe, expect, test } from 'vitest';
import { brokenIn, verdictsOf } from '../bench-aims.ts';
import type { Measured } from '../net/run-netload.ts';
import { type StormCase, type StormMeasured, stormRow } from './storm-row.ts';

const CASE: StormCase = { what: '1000 at once', machines: 1000, limitS: 90, aims: { 'dnsmasq + nginx': 4 } };
const times = (p99_ms: number) => ({ n: 1000, p50_ms: 5, p99_ms, max_ms: p99_ms });
const served = (clients_ok: number, elapsed_s: number): Measured => ({
  elapsed_s,
  clients_ok,
  clients_unfinished: 0,
  rate_per_s: 100,
  mb_per_s: 100,
  rx_mb: 1000,
  retransmits: {},
  failed: clients_ok < 1000 ? { tftp: 1000 - clients_ok } : {},
  total: times(9_000),
  dhcp_pxe: times(12),
  first_error: '',
  serverCpuS: 4,
  serverRssMb: 200,
});
const GOOD: StormMeasured = {
  ours: served(1000, 9),
  stallMs: 7,
  hostLateMs: 2,
  drawnBytes: 50_000,
  stacks: [
    ['dnsmasq + nginx', served(1000, 60)],
    ['Kea + atftpd + nginx', served(1000, 20)],
  ],
};
const { dhcp_pxe: _, ...unmeasured } = served(1000, 9);

const judge = (changes: Partial<StormMeasured>) => {
  const row = stormRow(CASE, { ...GOOD, ...changes });
  return { row, broken: brokenIn(row), verdicts: verdictsOf(row).map(({ is }) => is) };
};

describe('a storm', () => {
  test('that went well meets its aims', () => {
    expect(judge({})).toMatchObject({ broken: [], verdicts: ['met', 'met', 'met'] });
  });

  test.each<readonly [string, Partial<StormMeasured>, readonly RegExp[]]>([
    [
      'a machine of ours was not served',
      { ours: served(999, 90) },
      [/^1 of 1000 were NOT SERVED/, /no figure of ours/],
    ],
    ['DHCP was not measured: that is no p99 of 0', { ours: unmeasured }, [/^DHCP p99 was not measured$/]],
    ['/metrics did not answer', { stallMs: undefined }, [/longest stall was not measured$/]],
    ['nobody watched', { drawnBytes: 0 }, [/^the attached screen drew nothing/]],
    [
      'the peer of the aim is not here, though another one is',
      { stacks: [['dnsmasq + nginx', 'nginx is not installed'], ...GOOD.stacks.slice(1)] },
      [/^dnsmasq \+ nginx is not here/],
    ],
  ])('proves nothing where %s', (_name, changes, broken) => {
    expect(judge(changes).broken).toEqual(broken.map((pattern) => expect.stringMatching(pattern)));
  });

  test('tells each aim that it misses, and is not broken by it', () => {
    const slow = { ...served(1000, 30), dhcp_pxe: times(61) };
    expect(judge({ ours: slow, stallMs: 33 })).toMatchObject({ broken: [], verdicts: ['missed', 'missed', 'missed'] });
  });

  test('is no ninety seconds for a peer that lost one machine', () => {
    const { row, verdicts } = judge({ stacks: [['dnsmasq + nginx', served(999, 41)]] });
    expect(row.peers['dnsmasq + nginx']).toEqual({ after: 41, served: 999, of: 1000 });
    expect(verdicts[0]).toBe('open');
  });
});

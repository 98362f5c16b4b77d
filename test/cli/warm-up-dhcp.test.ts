import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { warmText } from '../../src/cli/warm-text.ts';
import { type WarmedUp, warmUpDhcp } from '../../src/cli/warm-up-dhcp.ts';
import type { ArtefactPort } from '../../src/core/ports.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { fleetOf } from '../core/kit.ts';
import { ALL_LOADERS, bootSite, namedLoaders, nodeSpec, siteSpec } from '../netboot/boot-fixture.ts';
import { localSubnet } from '../netboot/dhcp-bench.ts';

/** What this host refuses, and whether it has the optional package. */
const host = vi.hoisted(() => ({ refuses: (_address: string): boolean => false, hasLibc: true, refused: 0 }));
vi.mock('../../src/servers/udp-socket.ts', async (load) => {
  const real = await load<typeof import('../../src/servers/udp-socket.ts')>();
  const bindUdp: typeof real.bindUdp = async (socket, port, address) => {
    if (!host.refuses(address)) return real.bindUdp(socket, port, address);
    host.refused += 1;
    throw Object.assign(new Error(`bind ${address}`), { code: 'EAFNOSUPPORT' });
  };
  return { ...real, bindUdp };
});
vi.mock('../../src/servers/libc.ts', async (load) => {
  const real = await load<typeof import('../../src/servers/libc.ts')>();
  return { ...real, loadLibc: () => (host.hasLibc ? real.loadLibc() : undefined) };
});
afterEach(() => {
  Object.assign(host, { refuses: () => false, hasLibc: true, refused: 0 });
});

const siteOf = (from: string, to: string) =>
  bootSite(siteSpec([localSubnet({ subnet: '10.9.0.0/16', pool: { from, to } })]), '10.9.0.1');
const site = siteOf('10.9.1.1', '10.9.9.250');
const machines = (count: number, change: Partial<NodeSpec> = {}) =>
  Array.from({ length: count }, (_, index) => {
    const end = index.toString(16).padStart(4, '0');
    return nodeSpec(`n${index}`, `52:54:00:00:${end.slice(0, 2)}:${end.slice(2)}`, change);
  });

/** Each as its firmware twice, as its iPXE and as its system, before six servers. */
const ASKED_EACH = 24;
/** Where it ends by itself; a busy machine may need it. */
const LIMIT_MS = 5_000;
const OPEN = ['Timeout', 'Immediate', 'UDPWrap'];

interface Wanted {
  readonly specs?: readonly NodeSpec[];
  readonly artefacts?: ArtefactPort;
  readonly at?: typeof site;
}
async function warm({ specs = machines(120), artefacts = ALL_LOADERS, at = site }: Wanted = {}) {
  const began = performance.now();
  const fleet = fleetOf(...specs);
  const { exchanges: answered, cut } = await warmUpDhcp({
    site: () => at,
    artefacts,
    fleet: () => fleet,
    now: Date.now,
  });
  if (cut === 'time') expect(performance.now() - began).toBeGreaterThanOrEqual(LIMIT_MS);
  return { answered, cut, isCut: cut === 'time' };
}

/** All of them, unless the time was up, which it is on no machine before the first of them. */
async function expectAll(wanted: Wanted = {}, count = 120): Promise<void> {
  const { answered, isCut } = await warm(wanted);
  if (isCut) expect(answered).toBeGreaterThan(50);
  else expect(answered).toBe(count * ASKED_EACH);
}

/** Files that are open, once no timer and no socket is: what is closed is gone a few turns of the loop later. */
async function countFiles(): Promise<number> {
  const still = () => process.getActiveResourcesInfo().filter((name) => OPEN.includes(name));
  for (let look = 0; look < 100 && still().length > 0; look += 1) await setTimeout(20);
  expect(still()).toEqual([]);
  return readdirSync('/proc/self/fd').length;
}

test('a large rack is answered, all that it asks is acknowledged, and the site stays as it is', async () => {
  const before = JSON.stringify(site);
  await expectAll();
  expect(JSON.stringify(site)).toBe(before);
}, 60_000);

test.each<readonly [string, Wanted]>([
  ['whose machines are arm64', { specs: machines(120, { arch: 'arm64' }) }],
  ['that has no loader', { artefacts: namedLoaders() }],
  [
    'that has loaders for other machines alone',
    { specs: machines(120, { arch: 'arm64' }), artefacts: namedLoaders('ipxe.efi', 'snponly.efi', 'undionly.kpxe') },
  ],
])('a site %s is answered too', { timeout: 60_000 }, async (_, wanted) => {
  await expectAll(wanted);
});

test('where the pool has fewer addresses than there are machines, those that get none keep nobody waiting', async () => {
  const began = performance.now();
  const { answered, isCut } = await warm({ at: siteOf('10.9.1.1', '10.9.1.100'), specs: machines(400) });
  if (isCut) return expect(answered).toBeGreaterThan(50);
  expect(answered).toBe(100 * ASKED_EACH);
  expect(performance.now() - began).toBeLessThan(LIMIT_MS);
}, 60_000);

test('nothing stays open: no file, no socket, no timer', async () => {
  // The first one loads what stays.
  await warm();
  const before = await countFiles();
  await warm();
  expect(await countFiles()).toBe(before);
}, 60_000);

/** Its broadcasts are written as frames too where this user may: none of them leaves, and no socket of theirs stays. */
const ethernet = readdirSync('/sys/class/net').find(
  (name) => readFileSync(`/sys/class/net/${name}/type`, 'utf8').trim() === '1',
);
if (ethernet === undefined) process.stderr.write('skipped: this host has no Ethernet\n');
test.skipIf(ethernet === undefined && process.env['CI'] !== 'true')(
  'on an Ethernet nothing leaves and nothing stays open',
  { timeout: 60_000 },
  async () => {
    const iface = ethernet ?? 'none';
    const sentBy = () => Number(readFileSync(`/sys/class/net/${iface}/statistics/tx_packets`, 'utf8'));
    const at = bootSite(
      siteSpec([
        localSubnet({ interface: iface, subnet: '10.9.0.0/16', pool: { from: '10.9.1.1', to: '10.9.9.250' } }),
      ]),
      '10.9.0.1',
    );
    await warm({ at });
    const files = await countFiles();
    const sent = sentBy();
    await expectAll({ at });
    // What else this host says meanwhile is far less than an answer for each.
    expect(sentBy() - sent).toBeLessThan((120 * ASKED_EACH) / 2);
    expect(await countFiles()).toBe(files);
  },
);

test('without IPv6 it goes by IPv4', async () => {
  host.refuses = (address) => address.includes(':');
  await expectAll();
  expect(host.refused).toBeGreaterThan(0);
}, 60_000);

test('without the optional package it goes by Node', async () => {
  host.hasLibc = false;
  await expectAll();
}, 60_000);

test.each<readonly [string, (address: string) => boolean]>([
  ['none', () => true],
  [
    'no more than five',
    (() => {
      let opened = 0;
      return () => {
        opened += 1;
        return opened > 5;
      };
    })(),
  ],
])('a host that lets us open %s is not warmed up, and nothing stays open', { timeout: 60_000 }, async (_, refuses) => {
  await warm();
  const before = await countFiles();
  host.refuses = refuses;
  expect(await warm()).toMatchObject({ answered: 0, cut: 'sockets' });
  expect(host.refused).toBeGreaterThan(0);
  expect(await countFiles()).toBe(before);
});

test('whenever its time is up, or the program ends, it ends and breaks nothing', { timeout: 60_000 }, async () => {
  const failures: unknown[] = [];
  const note = (error: unknown) => failures.push(error);
  process.on('uncaughtException', note);
  try {
    const fleet = fleetOf(...machines(400));
    const parts = { site: () => site, artefacts: ALL_LOADERS, fleet: () => fleet, now: Date.now };
    for (let longestMs = 5; longestMs < 300; longestMs += 30) {
      const began = performance.now();
      expect(await warmUpDhcp({ ...parts, longestMs })).toMatchObject({ cut: 'time' });
      const over = began + longestMs;
      const ended = await warmUpDhcp({ ...parts, isOver: () => performance.now() > over + longestMs });
      expect(ended).toMatchObject({ cut: 'over' });
    }
    await setTimeout(100);
    expect(failures).toEqual([]);
  } finally {
    process.off('uncaughtException', note);
  }
});

test('a small rack is not worth it', async () => {
  expect(await warm({ specs: machines(40) })).toMatchObject({ answered: 0, cut: undefined });
});

test.each<readonly [WarmedUp, string | undefined]>([
  [{ exchanges: 0 }, undefined],
  [{ exchanges: 900 }, '900 exchanges with itself in 1.2 s: from now on machines are answered at full speed'],
  [{ exchanges: 900, cut: 'over' }, undefined],
  [
    { exchanges: 900, cut: 'time' },
    '900 exchanges with itself in 1.2 s, and more takes too long here: machines are answered, the first of them not yet answered at full speed',
  ],
  [
    { exchanges: 0, cut: 'sockets' },
    '0 exchanges with itself in 1.2 s, and this host lets it open no more sockets: machines are answered, the first of them not yet answered at full speed',
  ],
])('of %o the log says %s', (warmed, text) => {
  expect(warmText(warmed, 1234)).toBe(text);
});

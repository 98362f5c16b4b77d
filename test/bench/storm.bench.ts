import { sayRow } from './bench-row.ts';
import { openBenchNet } from './net/open-bench-net.ts';
import { makeBenchFiles } from './net/peers.ts';
import { measureStorm, type Stack } from './storm/measure-storm.ts';
import { stormRow } from './storm/storm-row.ts';

/**
 * A boot storm: DHCP as firmware, size probe and loader by TFTP, DHCP as iPXE, script, kernel, initramfs, from 1,000
 * machines with the timers of PXE. Ours: all armed, engine, journal and a screen attached; against dnsmasq with nginx and
 * Kea with atftpd and nginx. `node test/bench/storm.bench.ts [machines] [word of the cases that are wanted] [limit in s]`
 */

const MACHINES = Number(process.argv[2] ?? 1000);
const WORD = process.argv[3] ?? '';
const LIMIT_S = Number(process.argv[4] ?? 90);
const CASES = [
  { what: `${MACHINES} at once`, spreadMs: 0, aims: { 'dnsmasq + nginx': 4 } },
  { what: `${MACHINES} over 10 s`, spreadMs: 10_000, aims: { 'dnsmasq + nginx': 1.3 } },
] as const;
const STACKS: readonly Stack[] = [
  ['dnsmasq + nginx', ['dnsmasq', 'nginx']],
  ['Kea + atftpd + nginx', ['kea', 'atftpd', 'nginx']],
];

const net = await openBenchNet(MACHINES);
try {
  for (const note of net.notes) console.log(note);
  const files = await makeBenchFiles(net);
  for (const one of CASES.filter(({ what }) => what.includes(WORD))) {
    const storm = { ...one, machines: MACHINES, limitS: LIMIT_S };
    sayRow(stormRow(storm, await measureStorm(net, files, storm, STACKS)));
  }
} finally {
  await net.close();
}

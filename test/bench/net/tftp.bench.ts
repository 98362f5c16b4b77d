import { join } from 'node:path';
import { sayRow } from '../bench-row.ts';
import { openBenchNet } from './open-bench-net.ts';
import { startOwn } from './own-server.ts';
import { makeBenchFiles, type PeerName, startPeer } from './peers.ts';
import { type Measured, runNetload } from './run-netload.ts';

/** A loader of 1 MB by TFTP, against dnsmasq, atftpd and tftpd-hpa; every byte is compared. `node test/bench/net/tftp.bench.ts` */

interface Case {
  readonly what: string;
  readonly window: number;
  readonly clients: number;
  readonly transfers: number;
  readonly more?: readonly string[];
  readonly peers: readonly PeerName[];
  readonly aims: Readonly<Record<string, number>>;
}

const CASES: readonly Case[] = [
  {
    what: 'lockstep, 200 clients',
    window: 0,
    clients: 200,
    transfers: 400,
    peers: ['dnsmasq', 'atftpd', 'tftpd-hpa'],
    aims: { dnsmasq: 0.4 },
  },
  { what: 'window 4, 200 clients', window: 4, clients: 200, transfers: 400, peers: ['atftpd'], aims: { atftpd: 1.2 } },
  { what: 'window 16, 200 clients', window: 16, clients: 200, transfers: 400, peers: ['atftpd'], aims: { atftpd: 2 } },
  {
    what: 'lockstep, 1 % loss, 20 clients',
    window: 0,
    clients: 20,
    transfers: 40,
    more: ['--loss', '0.01', '--tftp-timeout', '0.2'],
    peers: ['dnsmasq', 'atftpd', 'tftpd-hpa'],
    aims: { atftpd: 0.9 },
  },
  {
    what: 'window 16, 1 % loss, 20 clients',
    window: 16,
    clients: 20,
    transfers: 40,
    more: ['--loss', '0.01', '--tftp-timeout', '0.2'],
    peers: ['atftpd'],
    aims: { atftpd: 0.9 },
  },
];
const PEERS: readonly PeerName[] = ['dnsmasq', 'atftpd', 'tftpd-hpa'];

const net = await openBenchNet();
try {
  const files = await makeBenchFiles(net);
  const run = async (pids: readonly number[], { window, clients, transfers, more = [] }: Case) => {
    const size = ['--blksize', '1468', '--windowsize', String(window), '-c', String(clients), '-n', String(transfers)];
    const file = ['--file', 'bench.efi', '--verify', join(files.tftpRoot, 'bench.efi'), '--limit-s', '20'];
    return await runNetload(net, pids, ['tftp', ...file, ...size, ...more]);
  };
  const own = await startOwn(net, files, 1);
  const ours: Measured[] = [];
  for (const one of CASES) ours.push(await run(own.pids, one));
  await own.stop();
  const theirs = new Map<PeerName, Map<Case, Measured>>();
  for (const name of PEERS) {
    const running = await startPeer(net, name, files);
    if (typeof running === 'string') {
      console.log(running);
      continue;
    }
    const found = new Map<Case, Measured>();
    for (const one of CASES) if (one.peers.includes(name)) found.set(one, await run(running.pids, one));
    theirs.set(name, found);
    await running.stop();
  }
  for (const [index, one] of CASES.entries()) {
    const mine = ours[index];
    if (mine === undefined) continue;
    sayRow({
      series: 'tftp',
      what: one.what,
      unit: 'MB/s',
      ours: mine.mb_per_s,
      peers: Object.fromEntries(one.peers.map((name) => [name, theirs.get(name)?.get(one)?.mb_per_s])),
      better: 'up',
      aims: one.aims,
      note: [
        `${mine.clients_ok} of ${one.transfers} complete, ${(mine.serverCpuS / (mine.rx_mb / 1000)).toFixed(2)} CPU s/GB, ${mine.serverRssMb.toFixed(0)} MB`,
        ...(mine.first_error === '' ? [] : [`first error: ${mine.first_error}`]),
      ].join('; '),
    });
  }
} finally {
  await net.close();
}

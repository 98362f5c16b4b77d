import { sayRow } from '../bench-row.ts';
import { openBenchNet } from './open-bench-net.ts';
import { startOwn } from './own-server.ts';
import { makeBenchFiles, type PeerName, startPeer } from './peers.ts';
import { runNetload } from './run-netload.ts';

/** Images and scripts over HTTP, against nginx with one worker and with two. `node test/bench/net/http.bench.ts` */

const CASES = [
  {
    what: '64 MB, 200 clients',
    own: '/b/big.img',
    theirs: '/big.img',
    load: ['-n', '200', '-c', '200'],
    byBytes: true,
    aims: { nginx: 0.7, 'nginx-2': 0.85 },
  },
  {
    what: '64 MB, 50 clients',
    own: '/b/big.img',
    theirs: '/big.img',
    load: ['-n', '100', '-c', '50'],
    byBytes: true,
    aims: {},
  },
  {
    what: 'a script of 1.2 KB, 50 new connections at a time',
    own: '/boot.ipxe',
    theirs: '/script-1k',
    load: ['-n', '10000', '-c', '50'],
    byBytes: false,
    aims: {},
  },
] as const;
const PEERS = ['nginx', 'nginx-2'] as const satisfies readonly PeerName[];
const SCRIPTS_AIM_PER_S = 8000;

const net = await openBenchNet();
try {
  const files = await makeBenchFiles(net);
  const run = async (pids: readonly number[], path: string, load: readonly string[]) =>
    await runNetload(net, pids, ['http', '--kernel', path, ...load, '--limit-s', '40']);
  const own = await startOwn(net, files, 1);
  const ours = [];
  for (const one of CASES) ours.push(await run(own.pids, one.own, one.load));
  await own.stop();
  const theirs: Record<string, number[]> = {};
  for (const name of PEERS) {
    const running = await startPeer(net, name, files);
    if (typeof running === 'string') {
      console.log(running);
      continue;
    }
    const figures: number[] = [];
    for (const one of CASES) {
      const found = await run(running.pids, one.theirs, one.load);
      figures.push(one.byBytes ? found.mb_per_s : found.rate_per_s);
    }
    theirs[name] = figures;
    await running.stop();
  }
  for (const [index, one] of CASES.entries()) {
    const mine = ours[index];
    if (mine === undefined) continue;
    const perByte = `${(mine.serverCpuS / (mine.rx_mb / 1000)).toFixed(2)} CPU s/GB`;
    const below = !one.byBytes && mine.rate_per_s < SCRIPTS_AIM_PER_S ? `BELOW the aim of ${SCRIPTS_AIM_PER_S}/s` : '';
    sayRow({
      series: 'http',
      what: one.what,
      unit: one.byBytes ? 'MB/s' : '/s',
      ours: one.byBytes ? mine.mb_per_s : mine.rate_per_s,
      peers: Object.fromEntries(PEERS.map((name) => [name, theirs[name]?.[index]])),
      better: 'up',
      aims: one.aims,
      note: [
        `${mine.clients_ok} complete`,
        one.byBytes ? perByte : below,
        `${mine.serverRssMb.toFixed(0)} MB`,
        mine.first_error,
      ]
        .filter((text) => text !== '')
        .join('; '),
    });
  }
} finally {
  await net.close();
}

import { median, sayRow } from '../bench-row.ts';
import { compareServers, type ServerName } from './compare.ts';
import { openBenchNet } from './open-bench-net.ts';
import { makeBenchFiles } from './peers.ts';
import { type Measured, runNetload } from './run-netload.ts';

/** Images and scripts over HTTP, against nginx with one worker and with two. `node test/bench/net/http.bench.ts` */

interface Case {
  readonly what: string;
  readonly own: string;
  readonly theirs: string;
  readonly load: readonly string[];
  readonly unit: 'MB/s' | '/s';
  readonly aims: Readonly<Record<string, number>>;
  readonly aim?: number;
}

const BIG = { own: '/b/big.img', theirs: '/big.img', unit: 'MB/s' } as const;
const CASES: readonly Case[] = [
  { ...BIG, what: '64 MB, 200 clients', load: ['-n', '200', '-c', '200'], aims: { nginx: 0.7, 'nginx-2': 0.85 } },
  { ...BIG, what: '64 MB, 50 clients', load: ['-n', '100', '-c', '50'], aims: {} },
  {
    what: 'a script of 1.2 KB, 50 new connections at a time',
    own: '/boot.ipxe',
    theirs: '/script-1k',
    load: ['-n', '10000', '-c', '50'],
    unit: '/s',
    aims: {},
    aim: 8000,
  },
];
const PEERS = ['nginx', 'nginx-2'] as const;

const net = await openBenchNet();
try {
  for (const note of net.notes) console.log(note);
  const files = await makeBenchFiles(net);
  const rounds = await compareServers(net, files, {
    rounds: 3,
    machines: 1,
    servers: ['crashcart', ...PEERS],
    cases: CASES.length,
    measure: async (server, pids, index) => {
      const one = CASES[index];
      if (one === undefined) return undefined;
      const path = server === 'crashcart' ? one.own : one.theirs;
      return await runNetload(net, pids, ['http', '--kernel', path, ...one.load, '--limit-s', '40']);
    },
  });
  for (const [index, one] of CASES.entries()) {
    const of = (server: ServerName): readonly Measured[] => rounds.get(server)?.get(index) ?? [];
    const figureOf = (server: ServerName) => {
      const figures = of(server).map((run) => (one.unit === 'MB/s' ? run.mb_per_s : run.rate_per_s));
      return figures.length === 0 ? undefined : median(figures);
    };
    const ours = of('crashcart');
    const figure = figureOf('crashcart') ?? 0;
    const unfinished = ours.reduce((sum, run) => sum + run.clients_unfinished, 0);
    sayRow({
      series: 'http',
      what: one.what,
      unit: one.unit,
      ours: figure,
      peers: Object.fromEntries(PEERS.map((name) => [name, figureOf(name)])),
      better: 'up',
      aims: one.aims,
      note: [
        ...(one.unit === 'MB/s'
          ? [`${median(ours.map((run) => run.serverCpuS / (run.rx_mb / 1000))).toFixed(2)} CPU s/GB`]
          : []),
        ...(one.aim === undefined ? [] : [`aim ${one.aim}/s${figure < one.aim ? ': BELOW' : ''}`]),
        `${Math.max(...ours.map((run) => run.serverRssMb)).toFixed(0)} MB`,
        ...(unfinished > 0 ? [`${unfinished} NOT complete`] : []),
        ...new Set(ours.map((run) => run.first_error).filter((text) => text !== '')),
      ].join('; '),
    });
  }
} finally {
  await net.close();
}

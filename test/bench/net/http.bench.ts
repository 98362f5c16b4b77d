import { median, sayRow } from '../bench-row.ts';
import { compareServers, type ServerName } from './compare.ts';
import { openBenchNet } from './open-bench-net.ts';
import { type BenchFiles, makeBenchFiles } from './peers.ts';
import { type Measured, runNetload } from './run-netload.ts';
import { readTcpControl, setTcpControl } from './tcp-control.ts';

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
const SCRIPT = { own: '/boot.ipxe', theirs: '/script-1k', load: ['-n', '10000', '-c', '50'], unit: '/s' } as const;
const MANY = {
  ...BIG,
  what: '64 MB, 200 clients',
  load: ['-n', '200', '-c', '200'],
  aims: { nginx: 0.7, 'nginx-2': 0.85 },
} as const;
const CASES: readonly Case[] = [
  MANY,
  { ...BIG, what: '64 MB, 50 clients', load: ['-n', '100', '-c', '50'], aims: {} },
  { ...SCRIPT, what: 'the first 10,000 scripts of 1.2 KB after a start, 50 new connections at a time', aims: {} },
  { ...SCRIPT, what: 'scripts of 1.2 KB from then on, 50 new connections at a time', aims: {}, aim: 8000 },
];
/** Paces nothing, and every kernel has it: what nginx and we do where the host chose nothing for long paths. */
const PLAIN = 'reno';
const PEERS = ['nginx', 'nginx-2'] as const;

const net = await openBenchNet();
try {
  for (const note of net.notes) console.log(note);
  const files = await makeBenchFiles(net);
  const control = await readTcpControl();
  await measureCases(files, CASES, control);
  if (control !== PLAIN) await measureCases(files, [MANY], PLAIN);
} finally {
  await net.close();
}

async function measureCases(files: BenchFiles, cases: readonly Case[], control: string): Promise<void> {
  await setTcpControl(net, control);
  const rounds = await compareServers(net, files, {
    rounds: 3,
    machines: 1,
    servers: ['crashcart', ...PEERS],
    cases: cases.length,
    measure: async (server, pids, index) => {
      const one = cases[index];
      if (one === undefined) return undefined;
      const path = server === 'crashcart' ? one.own : one.theirs;
      return await runNetload(net, pids, ['http', '--kernel', path, ...one.load, '--limit-s', '40']);
    },
  });
  for (const [index, one] of cases.entries()) sayCase(one, control, (server) => rounds.get(server)?.get(index) ?? []);
}

function sayCase(one: Case, control: string, of: (server: ServerName) => readonly Measured[]): void {
  const figureOf = (server: ServerName) => {
    const figures = of(server).map((run) => (one.unit === 'MB/s' ? run.mb_per_s : run.rate_per_s));
    return figures.length === 0 ? undefined : median(figures);
  };
  const ours = of('crashcart');
  const figure = figureOf('crashcart');
  const unfinished = ours.reduce((sum, run) => sum + run.clients_unfinished, 0);
  const cpuOf = (units: (run: Measured) => number) => median(ours.map((run) => run.serverCpuS / units(run)));
  sayRow({
    series: 'http',
    what: one.unit === 'MB/s' ? `${one.what}, the host's TCP is ${control}` : one.what,
    unit: one.unit,
    ours: figure,
    peers: Object.fromEntries(PEERS.map((name) => [name, figureOf(name)])),
    better: 'up',
    aims: one.aims,
    ...(one.aim === undefined ? {} : { own: [{ what: 'scripts', unit: '/s', value: figure, atLeast: one.aim }] }),
    broken: unfinished > 0 ? [`${unfinished} transfers were NOT complete`] : [],
    note: [
      one.unit === 'MB/s'
        ? `${cpuOf((run) => run.rx_mb / 1000).toFixed(2)} CPU s/GB`
        : `${cpuOf((run) => run.clients_ok / 1e6).toFixed(0)} CPU us each`,
      `${Math.max(...ours.map((run) => run.serverRssMb)).toFixed(0)} MB`,
      ...new Set(ours.map((run) => run.first_error).filter((text) => text !== '')),
    ].join('; '),
  });
}

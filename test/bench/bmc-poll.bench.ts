import { fork } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createBmcLimiter } from '../../src/drivers/bmc-limiter.ts';
import { createBmcDrivers } from '../../src/drivers/bmc-open.ts';
import { createBmcPoller } from '../../src/drivers/bmc-poller.ts';
import { defaultBmcTimings } from '../../src/drivers/bmc-timings.ts';
import { PERSONALITIES } from '../../src/sim/bmc/personalities.ts';
import { createSelfSigned } from '../../src/sim/bmc/self-signed.ts';
import { createSimBmc, type SimBmc } from '../../src/sim/bmc/sim-bmc.ts';
import type { OwnAim } from './bench-figures.ts';
import { sayRow } from './bench-row.ts';

/**
 * What polling costs. Run: `node test/bench/bmc-poll.bench.ts [BMCs] [seconds]`. The BMCs live in another process, speak
 * TLS as real ones do, and answer after 20 ms. Two rates: all in a job (every 5 s), and as many polls as all idle ones
 * make (every 60 s), which one in twelve makes at 5 s. Ends with an error where a BMC was not read, or treated as none may be.
 */
const BMCS = Number(process.argv[2] ?? 500);
const SECONDS = Number(process.argv[3] ?? 15);

async function serveCrowd(): Promise<void> {
  const tls = createSelfSigned('bench', new Date());
  const made: SimBmc[] = [];
  for (let index = 0; index < BMCS; index += 1) {
    const personality = PERSONALITIES[index % PERSONALITIES.length]?.name ?? 'openbmc';
    made.push(await createSimBmc({ personality, index, tls, power: 'On' }));
  }
  process.send?.({
    urls: made.map((sim) => sim.url),
    fingerprint: tls.fingerprint,
    rssMiB: process.memoryUsage().rss / 2 ** 20,
  });
  process.on('message', () => {
    const sessions = made.reduce((sum, sim) => sum + sim.sessions.list().length, 0);
    process.send?.({ sessions, peak: Math.max(...made.map((sim) => sim.requests.peak)) });
  });
}

/** Of a machine that others use as well. */
const FIRST_ROUND_MS = 240_000;

/** Of one core, so that 500 BMCs leave the other cores and most of this one to the boots. */
const AIMS = {
  idleCpuPercent: 10,
  jobCpuPercent: 40,
  sockets: 32,
  /** Of what is still there after a collection, from the second round on: what grows with each poll is a leak. */
  heapGrowthMiB: 16,
  /** For each BMC, connections and TLS included. */
  heapPerBmcKiB: 200,
} as const;

const hold = (name: keyof typeof AIMS, what: string, value: number, unit: string): OwnAim => ({
  what,
  unit,
  value,
  atMost: AIMS[name],
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What cannot be collected, in MiB. */
async function heapMiB(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    collect();
    await wait(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(
  what: string,
  budget: 'idleCpuPercent' | 'jobCpuPercent',
  every: number,
  urls: readonly string[],
  fingerprint: string,
): Promise<void> {
  const emptyMiB = await heapMiB();
  const limiter = createBmcLimiter();
  const drivers = createBmcDrivers({ limiter });
  let problems = 0;
  const poller = createBmcPoller({
    timings: defaultBmcTimings,
    onStatus: () => undefined,
    onProblem: (_, problem) => {
      if (problem !== undefined) problems += 1;
    },
  });
  for (const [index, url] of urls.entries()) {
    const spec = { url, username: 'root', password: { from: 'env', name: 'X' } } as const;
    poller.add(
      `n${index}`,
      drivers.openBmc({ node: `n${index}`, spec, password: 'calvin', pinnedFingerprint: fingerprint }),
    );
  }
  // The first round logs in and finds its way; the second shows the cost of every day.
  const started = performance.now();
  while (poller.stats().known < urls.length && performance.now() - started < FIRST_ROUND_MS) await wait(50);
  const firstS = (performance.now() - started) / 1_000;
  for (const index of urls.keys()) if (index % every === 0) poller.setInJob(`n${index}`, true);
  await wait(6_000);
  const settledMiB = await heapMiB();
  const before = { cpu: process.cpuUsage(), polled: poller.stats().polled, at: performance.now() };
  await wait(SECONDS * 1_000);
  const cpu = process.cpuUsage(before.cpu);
  const elapsedMs = performance.now() - before.at;
  const rate = (poller.stats().polled - before.polled) / (elapsedMs / 1_000);
  const share = ((cpu.user + cpu.system) / 1_000 / elapsedMs) * 100;
  const grownMiB = (await heapMiB()) - settledMiB;
  const unread = urls.length - poller.stats().known;
  sayRow({
    series: 'bmc-poll',
    what: `${what}: CPU of a core`,
    unit: '%',
    ours: share,
    peers: {},
    better: 'down',
    own: [
      hold(budget, 'CPU', share, '%'),
      hold('sockets', 'sockets', limiter.stats().peak, ''),
      hold('heapGrowthMiB', 'heap growth', Math.max(0, grownMiB), 'MiB'),
      hold('heapPerBmcKiB', 'heap for each', ((settledMiB - emptyMiB) * 1_024) / urls.length, 'KiB'),
    ],
    // Nothing was read: no cost is no good news.
    broken: [
      ...(unread > 0 ? [`${unread} of ${urls.length} BMCs were never read`] : []),
      ...(problems > 0 ? [`${problems} problems with sound BMCs`] : []),
    ],
    note: `${rate.toFixed(1)} polls/s, first round ${firstS.toFixed(1)} s`,
  });
  poller.close();
  await drivers.closeAll();
}

async function main(): Promise<void> {
  const crowd = fork(import.meta.filename, [String(BMCS), String(SECONDS)], {
    env: { ...process.env, BMC_CROWD: '1' },
  });
  const next = <T>() => new Promise<T>((resolve) => crowd.once('message', (message) => resolve(message as T)));
  const { urls, fingerprint, rssMiB } = await next<{ urls: string[]; fingerprint: string; rssMiB: number }>();
  console.log(`${urls.length} simulated BMCs in one process of ${rssMiB.toFixed(0)} MiB`);
  await measure('idle, every 60 s', 'idleCpuPercent', 12, urls, fingerprint);
  await measure('in a job, every 5 s', 'jobCpuPercent', 1, urls, fingerprint);
  const end = next<{ sessions: number; peak: number }>();
  crowd.send('end');
  const { sessions, peak } = await end;
  crowd.kill();
  sayRow({
    series: 'bmc-poll',
    what: 'sessions left open at the end',
    unit: '',
    ours: sessions,
    peers: {},
    better: 'down',
    broken: [
      ...(sessions > 0 ? ['sessions were left open'] : []),
      ...(peak > 1 ? [`a BMC had ${peak} requests at a time`] : []),
    ],
  });
}

await (process.env.BMC_CROWD === '1' ? serveCrowd() : main());

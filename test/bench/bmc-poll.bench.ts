import { fork } from 'node:child_process';
import { createBmcLimiter } from '../../src/drivers/bmc-limiter.ts';
import { createBmcDrivers } from '../../src/drivers/bmc-open.ts';
import { createBmcPoller } from '../../src/drivers/bmc-poller.ts';
import { defaultBmcTimings } from '../../src/drivers/bmc-timings.ts';
import { PERSONALITIES } from '../../src/sim/bmc/personalities.ts';
import { createSelfSigned } from '../../src/sim/bmc/self-signed.ts';
import { createSimBmc, type SimBmc } from '../../src/sim/bmc/sim-bmc.ts';

/**
 * What polling costs. Run: `node test/bench/bmc-poll.bench.ts [BMCs] [seconds]`. The BMCs live in another process, speak
 * TLS as real ones do, and answer after 20 ms. Two rates: all in a job (every 5 s), and as many polls as all idle ones
 * make (every 60 s), which one in twelve makes at 5 s.
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

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(what: string, every: number, urls: readonly string[], fingerprint: string): Promise<void> {
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
  while (poller.stats().known < urls.length && performance.now() - started < 90_000) await wait(50);
  const firstS = (performance.now() - started) / 1_000;
  for (const index of urls.keys()) if (index % every === 0) poller.setInJob(`n${index}`, true);
  await wait(6_000);
  const before = { cpu: process.cpuUsage(), polled: poller.stats().polled, at: performance.now() };
  await wait(SECONDS * 1_000);
  const cpu = process.cpuUsage(before.cpu);
  const elapsedMs = performance.now() - before.at;
  const share = ((cpu.user + cpu.system) / 1_000 / elapsedMs) * 100;
  const rate = (poller.stats().polled - before.polled) / (elapsedMs / 1_000);
  const rss = process.memoryUsage().rss / 2 ** 20;
  console.log(
    `${what}: ${rate.toFixed(1)} polls/s, CPU ${share.toFixed(1)} % of one core, sockets at most ${limiter.stats().peak}, ` +
      `RSS ${rss.toFixed(0)} MiB, first round ${firstS.toFixed(1)} s, problems ${problems}`,
  );
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
  await measure('idle, every 60 s', 12, urls, fingerprint);
  await measure('in a job, every 5 s', 1, urls, fingerprint);
  const end = next<{ sessions: number; peak: number }>();
  crowd.send('end');
  const { sessions, peak } = await end;
  console.log(`sessions left open: ${sessions}; requests at a time per BMC: ${peak}`);
  crowd.kill();
}

await (process.env.BMC_CROWD === '1' ? serveCrowd() : main());

import { afterEach, expect, test } from 'vitest';
import { type Bench, fastTimings, openSim, problemOf } from './sim-port.ts';

/** What is said of a power change that did not come: why it was not seen, or for how long it was waited for. */

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

async function pressed({ sim }: Bench): Promise<void> {
  const end = Date.now() + 30_000;
  // Read as on some times since: that was the moment from which everything was called stuck power.
  const readSince = () => {
    const at = sim.requests.seen.findIndex((line) => line.includes('Reset'));
    return at < 0 ? 0 : sim.requests.seen.length - at;
  };
  while (readSince() < 6) {
    if (Date.now() > end) throw new Error('nothing was pressed');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test.each<readonly [string, (bench: Bench) => void, string, RegExp]>([
  [
    'another certificate',
    // What is connected stays so until it is cut.
    ({ sim }) => {
      sim.changeCertificate();
      sim.setFaults({ ...sim.state.faults, flapping: 0.5 });
    },
    'pinChanged',
    /certificate/,
  ],
  [
    'another password',
    ({ sim }) => {
      sim.setFaults({ ...sim.state.faults, wrongPassword: true });
      sim.sessions.expireAll();
    },
    'credentials',
    /user name or password/,
  ],
])(
  'a BMC that gets %s while the power changes is told as that, and not as stuck power',
  async (_, change, code, text) => {
    const timings = { ...fastTimings, powerWaitMs: 60_000 };
    bench = await openSim(
      { personality: 'hpe-ilo5', power: 'On', tls: true, faults: { powerStuck: true } },
      { timings },
    );
    const asked = problemOf(bench.port.setPower('forceOff'));
    await pressed(bench);
    change(bench);
    const problem = await asked;
    expect(problem.code).toBe(code);
    expect(problem.message).toMatch(text);
    expect(problem.message).not.toMatch(/still on/);
  },
);

test.each([
  ['off', /after 2 s/, /use "force off"/],
  ['forceOff', /after 1 s/, /^Force off did nothing/],
  ['cycle', /after 1 s/, /^Force off did nothing/],
] as const)(
  'power that does not change at "%s" is told with the time that was waited, and what is left to try',
  async (action, text, advice) => {
    bench = await openSim(
      { personality: 'dell-idrac9-6', power: 'On', faults: { powerStuck: true } },
      { timings: { ...fastTimings, powerWaitMs: 1_000, shutdownWaitMs: 2_000 } },
    );
    const problem = await problemOf(bench.port.setPower(action));
    expect(problem.code).toBe('notTaken');
    expect(problem.message).toMatch(text);
    expect(problem.advice).toMatch(advice);
  },
);

import { describe, expect, test } from 'vitest';
import { createRandom } from '../../../src/sim/run/random.ts';
import { createSimClock } from '../../../src/sim/run/sim-clock.ts';
import { createRun, RunEnded } from '../../../src/sim/run/sim-run.ts';

const realMs = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the clock of a simulation', () => {
  test('runs so many times as fast as the one on the wall, in the order of time', async () => {
    const clock = createSimClock(1_000);
    const seen: string[] = [];
    clock.after(60_000, () => seen.push('a minute'));
    clock.after(20_000, () => seen.push('20 s'));
    clock.after(0, () => seen.push('at once'));
    await realMs(40);
    expect(seen).toEqual(['at once', '20 s']);
    await realMs(60);
    expect(seen).toEqual(['at once', '20 s', 'a minute']);
    clock.stop();
  });

  test('forgets what was taken back, and leaves nothing waiting', async () => {
    const clock = createSimClock(1_000);
    let calls = 0;
    const cancels = Array.from({ length: 1_000 }, (_, i) => clock.after(i * 20, () => (calls += 1)));
    expect(clock.waiting()).toBe(1_000);
    for (const cancel of cancels.slice(500)) cancel();
    for (const cancel of cancels.slice(500)) cancel();
    expect(clock.waiting()).toBe(500);
    await realMs(60);
    expect({ calls, waiting: clock.waiting() }).toEqual({ calls: 500, waiting: 0 });
    clock.stop();
  });

  test('calls nobody once it is stopped', async () => {
    const clock = createSimClock(1_000);
    let calls = 0;
    clock.after(5_000, () => (calls += 1));
    clock.stop();
    clock.after(0, () => (calls += 1));
    await realMs(20);
    expect(calls).toBe(0);
  });
});

describe('a stretch of life', () => {
  test('ends whoever waits in it, and all that it opened', async () => {
    const clock = createSimClock(1_000);
    const run = createRun(clock);
    const child = run.child();
    let released = 0;
    child.onEnd(() => (released += 1));
    const waiting = child.wait<never>(undefined, () => () => (released += 1));
    const sleeping = run.sleep(3_600_000);
    run.end();
    await expect(waiting).rejects.toBeInstanceOf(RunEnded);
    await expect(sleeping).rejects.toBeInstanceOf(RunEnded);
    await expect(run.sleep(1)).rejects.toBeInstanceOf(RunEnded);
    expect({ released, waiting: clock.waiting() }).toEqual({ released: 2, waiting: 0 });
    clock.stop();
  });

  test('gives what came first: the answer or the end of patience', async () => {
    const clock = createSimClock(1_000);
    const run = createRun(clock);
    const early = run.wait<string>(10_000, (done) => clock.after(1_000, () => done('answer')));
    const late = run.wait<string>(1_000, (done) => clock.after(60_000, () => done('answer')));
    expect([await early, await late]).toEqual(['answer', undefined]);
    expect(clock.waiting()).toBe(0);
    clock.stop();
  });
});

describe('chance with a seed', () => {
  const draw = (seed: string | number) => {
    const random = createRandom(seed);
    return [random.next(), random.whole(1, 6), random.fork('x').next(), random.bytes(3).toString('hex')];
  };

  test('is the same for the same seed', () => {
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  test('gives a fork a stream that others do not disturb', () => {
    const left = createRandom(1);
    left.next();
    expect(left.fork('m1').next()).toBe(createRandom(1).fork('m1').next());
  });

  test('stays in its bounds and meets each of them', () => {
    const random = createRandom(3);
    const dice = Array.from({ length: 600 }, () => random.whole(1, 6));
    expect([...new Set(dice)].sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(random.shuffle([1, 2, 3, 4]).sort()).toEqual([1, 2, 3, 4]);
  });
});

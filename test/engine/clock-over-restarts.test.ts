import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clockAtStart } from '../../src/core/clock-at-start.ts';
import { emptyFleet, type Fleet } from '../../src/core/fleet.ts';
import { fleetText, parseFleet } from '../../src/core/fleet-json.ts';
import { ok } from '../../src/core/result.ts';
import { createEngine, type Engine } from '../../src/engine/create-engine.ts';
import { createDueWatch } from '../../src/engine/run-clock.ts';
import { createSteadyClock, type HostTime, tellHostBoot } from '../../src/engine/steady-clock.ts';
import { ACTOR, armed, specOf, stateOf, stored } from '../core/kit.ts';

/** A host whose clock anybody may set at any time, and a program that is started on it again and again. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** As told to the operator. */
const SPAN = { job: 30 * MINUTE, glass: 15 * MINUTE, discovery: 10 * MINUTE };
/** What is lost of a span to how coarse clocks are told, and to steps too small to be told. */
const COARSE = 6 * SECOND;

class Host {
  /** What really is. */
  nowMs = 1_800_000_000_000;
  private offMs = 0;
  private bootedMs = this.nowMs - HOUR;
  private boots = 0;
  private engine: Engine | undefined;
  private isDue = createDueWatch();

  readonly set = (byMs: number): void => {
    this.offMs += byMs;
  };
  readonly putRight = (): void => {
    this.offMs = 0;
  };
  /** A virtual machine: all of its clocks stand. */
  readonly pause = (ms: number): void => {
    this.nowMs += ms;
    this.bootedMs += ms;
    this.offMs -= ms;
  };
  readonly reboot = (): void => {
    this.boots += 1;
    this.bootedMs = this.nowMs;
  };
  readonly pass = (ms: number): void => {
    this.nowMs += ms;
    if (this.engine === undefined) return;
    if (this.isDue(this.engine.fleet(), this.engine.now())) this.engine.emit({ type: 'clock.ticked' });
  };

  private uptimeMs(): number {
    return Math.floor((this.nowMs - this.bootedMs) / 10) * 10;
  }

  readonly start = (from: Fleet = this.stop()): Engine => {
    const began = this.nowMs - this.bootedMs;
    const time: HostTime = {
      wallMs: () => this.nowMs + this.offMs,
      runningMs: () => this.nowMs - this.bootedMs - began,
      uptimeMs: () => this.uptimeMs(),
    };
    const now = createSteadyClock((moved) => engine.emit(moved), time);
    const journal = { append: () => 1, durable: async () => ok(undefined) };
    const engine: Engine = createEngine({ fleet: from, journal, effects: { run: () => undefined }, now });
    const boot = { id: `boot-${this.boots}`, uptimeMs: this.uptimeMs(), sleptMs: 0 };
    const clock = clockAtStart(from, engine.now(), boot);
    engine.emit({ type: 'engine.started', version: '1', simulated: false, ...clock });
    this.engine = engine;
    this.isDue = createDueWatch();
    return engine;
  };
  readonly stop = (): Fleet => {
    const kept = parseFleet(JSON.parse(fleetText(this.engine?.fleet() ?? emptyFleet(0))));
    if (!kept.ok) throw new Error(kept.error);
    this.engine = undefined;
    return kept.value;
  };
}

function openAll(engine: Engine): void {
  const at = engine.now();
  engine.emit(armed('install', { expiresAt: at + SPAN.job }));
  engine.emit(stored());
  engine.emit({ type: 'site.glassBroken', reason: 'it is down', until: at + SPAN.glass, by: ACTOR });
  engine.emit({ type: 'site.discoverySwitched', until: at + SPAN.discovery, by: ACTOR });
}

/** Which are open now, for what is still to be decided by them. */
function openNow(engine: Engine): readonly (keyof typeof SPAN)[] {
  const at = engine.now();
  const fleet = engine.fleet();
  const { glass, discoveryUntil } = fleet.switches;
  const until = { job: stateOf(fleet).job?.expiresAt, glass: glass?.until, discovery: discoveryUntil };
  return (['job', 'glass', 'discovery'] as const).filter((name) => (until[name] ?? Number.NEGATIVE_INFINITY) > at);
}

interface Story {
  readonly first: number;
  readonly armsBefore: boolean;
  readonly runs: number;
  readonly down: number;
  readonly second: number | 'right';
  readonly reboots: boolean;
  readonly paused: number;
}

const by = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -4 * SECOND, max: 4 * SECOND }),
  fc.integer({ min: -DAY, max: DAY }),
  fc.constantFrom(-3 * HOUR, HOUR, 2 * HOUR, DAY, -50 * 365 * DAY),
);
const span = fc.oneof(fc.integer({ min: 1, max: 40 * MINUTE }), fc.integer({ min: 1, max: 3 * DAY }));
const stories: fc.Arbitrary<Story> = fc.record({
  first: by,
  armsBefore: fc.boolean(),
  runs: fc.integer({ min: 0, max: 20 * MINUTE }),
  down: span,
  second: fc.oneof(by, fc.constant<'right'>('right')),
  reboots: fc.boolean(),
  paused: fc.constant(0),
});

function tell(story: Story, look: (engine: Engine, passedMs: number, fleet: Fleet) => void): void {
  const host = new Host();
  const engine = host.start();
  const spec = specOf('node-01');
  engine.emit({ type: 'inventory.loaded', nodes: [spec], site: 'lab', hash: 'h', warnings: [] });
  host.pass(SECOND);
  if (story.armsBefore) openAll(engine);
  const armedMs = host.nowMs;
  host.set(story.first);
  host.pass(1);
  if (!story.armsBefore) openAll(engine);
  host.pass(story.runs);
  const left = host.stop();
  host.pass(story.down);
  host.pause(story.paused);
  if (story.reboots) host.reboot();
  if (story.second === 'right') host.putRight();
  else host.set(story.second);
  const again = host.start(left);
  const looks = [0, SPAN.discovery, SPAN.glass, SPAN.job].flatMap((ms) => [ms - COARSE, ms + SECOND]);
  for (const passedMs of [host.nowMs - armedMs, ...looks]) {
    if (armedMs + passedMs < host.nowMs) continue;
    host.pass(armedMs + passedMs - host.nowMs);
    look(again, passedMs, again.fleet());
  }
}

const over = (passedMs: number) =>
  (['job', 'glass', 'discovery'] as const).filter((name) => passedMs > SPAN[name] + SECOND - 1);
const within = (passedMs: number) =>
  (['job', 'glass', 'discovery'] as const).filter((name) => passedMs <= SPAN[name] - COARSE);

describe('whatever is done to the clock, and however long nobody ran', () => {
  test('what was armed or opened never outlives what was confirmed', () => {
    fc.assert(
      fc.property(stories, (story) => {
        tell(story, (engine, passedMs) => {
          for (const name of over(passedMs)) expect(openNow(engine)).not.toContain(name);
        });
      }),
      { numRuns: 400 },
    );
  });

  test('nor where the host was a virtual machine that stood still, and was told the time after that', () => {
    const paused = fc.record({
      first: fc.integer({ min: -DAY, max: 0 }),
      armsBefore: fc.boolean(),
      runs: fc.integer({ min: 0, max: 20 * MINUTE }),
      down: span,
      second: fc.constant<'right'>('right'),
      reboots: fc.constant(false),
      paused: fc.integer({ min: 2 * SECOND, max: DAY }),
    });
    fc.assert(
      fc.property(paused, (story) => {
        tell(story, (engine, passedMs) => {
          for (const name of over(passedMs)) expect(openNow(engine)).not.toContain(name);
        });
      }),
    );
  });

  test('no time lies in the future, and in the same boot every age is true', () => {
    fc.assert(
      fc.property(stories, (story) => {
        tell(story, (engine, passedMs, fleet) => {
          const ageMs =
            engine.now() - (stateOf(fleet).job?.armedAt ?? stateOf(fleet).endedJobs[0]?.armedAt ?? Number.NaN);
          expect(ageMs).toBeGreaterThanOrEqual(0);
          expect(engine.now() - stateOf(fleet).phase.since).toBeGreaterThanOrEqual(0);
          if (!story.reboots) expect(Math.abs(ageMs - passedMs)).toBeLessThan(SECOND + 50);
        });
      }),
      { numRuns: 400 },
    );
  });

  test('in the same boot, with a clock that is right or behind at the end, nothing ends early', () => {
    const benign = stories.filter(({ first, armsBefore, second }) => second === 'right' && (!armsBefore || first <= 0));
    fc.assert(
      fc.property(benign, (story) => {
        tell({ ...story, reboots: false }, (engine, passedMs) => {
          expect(openNow(engine)).toEqual(expect.arrayContaining(within(passedMs)));
        });
      }),
    );
  });
});

test('this host tells its boot, and how it goes on', async () => {
  expect(tellHostBoot('')).toBeUndefined();
  const one = tellHostBoot('a');
  await new Promise((again) => setTimeout(again, 30));
  const two = tellHostBoot('a');
  if (one === undefined || two === undefined) throw new Error('a boot is told');
  expect(two.uptimeMs - one.uptimeMs).toBeGreaterThanOrEqual(20);
  expect(Math.abs(two.sleptMs - one.sleptMs)).toBeLessThan(50);
});

import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { CauseCode } from '../../src/core/cause.ts';
import { checkJournal, type JournalCheck } from '../bench/soak/check-journal.ts';
import { judgeFlatness } from '../bench/soak/flatness.ts';
import { runSoak } from '../bench/soak/run-soak.ts';
import { isEndOf, mayHang, SOAK_FAULTS, SOUND, type SoakFault } from '../bench/soak/soak-faults.ts';
import { BUNDLE } from '../whole/run-program.ts';

/** The soak of `npm run bench`, shortened: the same code, fewer machines, two rounds, and no fault that takes minutes. */
describe('machines provisioned again and again', () => {
  test('each ends ready or with the cause of its fault, nothing is written unarmed, and the journal gives the same state', {
    timeout: 900_000,
  }, async () => {
    if (!existsSync(BUNDLE)) throw new Error('dist/crashcart.mjs is not built: run `npm test`, which builds it first');
    let forged: JournalCheck | undefined;
    const result = await runSoak({
      bundle: process.env['CRASHCART_BUILD'] ?? BUNDLE,
      machines: 30,
      minutes: 0.05,
      speed: 30,
      groups: 2,
      width: 30,
      faultShare: 0.4,
      slowFaults: false,
      seed: 4,
      sampleMs: 5_000,
      patienceMs: 240_000,
      say: () => undefined,
      onEnd: async (stateDir, soil) => {
        const write = { atMs: Date.now(), machine: 'r01-u20', disk: 'nvme0n1', content: 'talos' };
        forged = await checkJournal(stateDir, soil, [write]);
      },
    });
    // In a run of a minute nothing has settled: that it is flat is for the bench, that it is bounded is seen here.
    expect(result.failures.filter((failure) => !failure.includes('NOT FLAT'))).toEqual([]);
    const faulty = new Set(result.verdicts.filter(({ fault }) => fault !== 'none').map(({ fault }) => fault));
    expect(faulty.size).toBeGreaterThan(4);
    expect(result.verdicts.filter(({ end }) => end === 'ready').length).toBeGreaterThan(30);
    expect(result.writes).toBeGreaterThan(30);
    expect(result.journal.replayed).toBe(result.journal.live);
    // The check itself: a write that no job covers is told.
    expect(forged?.unarmed).toHaveLength(1);
  });
});

describe('what a soak lets pass', () => {
  const deaf = SOAK_FAULTS.find(({ name }) => name === 'deafBmc') ?? SOUND;
  const loop = SOAK_FAULTS.find(({ name }) => name === 'bootLoop') ?? SOUND;
  test.each<readonly [string, SoakFault, CauseCode, boolean]>([
    ['a loop that is called one', loop, 'LOOP', true],
    ['not a loop whose BMC refused something', loop, 'BMC_REFUSED', false],
    ['a deaf BMC', deaf, 'BMC_REFUSED', true],
    ['not a deaf BMC that is called unreachable', deaf, 'BMC_UNREACHABLE', false],
    ['nothing of a sound machine', SOUND, 'BMC_REFUSED', false],
  ])('%s', (_name, fault, code, passes) => {
    expect(isEndOf(fault, code)).toBe(passes);
  });

  const flapping = SOAK_FAULTS.find(({ name }) => name === 'flappingBmc') ?? SOUND;
  test.each<readonly [CauseCode, SoakFault, boolean]>([
    ['SCRIPT_NO_FETCH', SOUND, true],
    ['OFFER_IGNORED', SOUND, true],
    ['BMC_UNREACHABLE', SOUND, true],
    ['BMC_REFUSED', flapping, true],
    ['BMC_REFUSED', SOUND, false],
  ])('a busy host explains %s, or not', (code, fault, explains) => {
    expect(mayHang(code, fault)).toBe(explains);
  });
});

describe('what is flat', () => {
  const series = (value: (minute: number) => number, floor = 8) => ({
    name: 'heap',
    unit: 'MB' as const,
    floor,
    points: Array.from({ length: 41 }, (_, index) => ({ minute: index / 4, value: value(index / 4) })),
  });
  test.each<readonly [string, ReturnType<typeof series>, boolean]>([
    ['what stays', series(() => 100), true],
    ['what fills at first and then stays', series((minute) => Math.min(300, 100 + minute * 70)), true],
    ['what saws up and down', series((minute) => 100 + ((minute * 40) % 30)), true],
    ['what has one peak at the end', series((minute) => (minute === 10 ? 900 : 100)), true],
    ['less than the floor', series((minute) => 20 + minute), true],
    ['what grows all the time', series((minute) => 100 + minute * 10), false],
    ['what grows under its saw', series((minute) => 200 + minute * 10 + ((minute * 40) % 30)), false],
    ['what begins to grow in the last third', series((minute) => (minute < 6.7 ? 100 : 100 + minute * 4)), false],
  ])('%s', (_name, given, flat) => {
    expect(judgeFlatness(given).flat).toBe(flat);
  });
});

import { describe, expect, test } from 'vitest';
import type { Fleet } from '../../src/core/fleet.ts';
import { setIn } from '../../src/core/shard-map.ts';
import { type AtRest, leaksOf } from '../bench/soak/at-rest.ts';
import type { JournalCheck } from '../bench/soak/check-journal.ts';
import { judgeFlatness } from '../bench/soak/flatness.ts';
import { judgeSoak } from '../bench/soak/judge-soak.ts';
import type { Soaked } from '../bench/soak/run-soak.ts';
import { highestExternalMb, type Sample, seriesOf } from '../bench/soak/soak-series.ts';
import { unboundedIn } from '../bench/soak/state-bounds.ts';
import { fleetOf, specOf, stateOf, T0 } from '../core/kit.ts';

const MINUTES = 45;

/** A run as it should be, four samples a minute: it fills in five minutes, saws, and the last ten are calm. */
function samplesOf(figure: (minute: number) => Readonly<Record<string, number>>): readonly Sample[] {
  return Array.from({ length: MINUTES * 4 }, (_, index) => {
    const minute = index / 4;
    const underLoad = minute > 1 && minute < MINUTES - 10;
    const values = {
      'engine: heap': (underLoad ? 200 : 150) + Math.min(5, minute) * 4 + (index % 3),
      'engine: external': Math.min(90, 10 + minute * 8),
      'main: heap': 8,
      'program: sockets': (underLoad ? 430 : 60) + ((index * 37) % 90),
      'program: other descriptors': 49 + (index % 5),
      'program: RSS': 500 + ((index * 71) % 300),
      ...figure(minute),
    };
    return { minute, underLoad, values };
  });
}

const rising = (samples: readonly Sample[], mayBeUnderWay = 20): readonly string[] =>
  seriesOf(samples, mayBeUnderWay)
    .map(judgeFlatness)
    .flatMap(({ name, flat }) => (flat ? [] : [name]));

const without = (samples: readonly Sample[], name: string): readonly Sample[] =>
  samples.map((one) => {
    const { [name]: _, ...values } = one.values;
    return { ...one, values };
  });

describe('what samples tell', () => {
  test.each<readonly [string, readonly Sample[], readonly string[]]>([
    ['a run as it should be', samplesOf(() => ({})), []],
    ['an engine that keeps 1 MB a minute', samplesOf((at) => ({ 'engine: heap': 200 + at })), ['engine: heap']],
    [
      'an engine that grows under load and is small again in the calm',
      samplesOf((at) => ({ 'engine: heap': at < MINUTES - 10 ? 200 + at : 150 })),
      ['engine: heap'],
    ],
    ['six sockets a minute', samplesOf((at) => ({ 'program: sockets': 430 + at * 7 })), ['program: sockets']],
    ['a file a minute', samplesOf((at) => ({ 'program: other descriptors': 49 + at })), ['program: other descriptors']],
    ['a thread of another role', samplesOf((at) => ({ 'bulk: external': at * 2 })), ['bulk: external']],
    ['a rack that grows a little', samplesOf((at) => ({ 'rack: heap': 200 + at })), []],
    ['a rack that spoils the measure', samplesOf((at) => ({ 'rack: heap': 200 + at * 4 })), ['rack: heap']],
    [
      'an engine that gave no answer',
      without(
        samplesOf(() => ({})),
        'engine: heap',
      ),
      ['engine: heap'],
    ],
    [
      'a run that was never under load',
      samplesOf(() => ({})).map((one) => ({ ...one, underLoad: false })),
      ['engine: heap', 'main: heap', 'program: sockets', 'program: other descriptors'],
    ],
  ])('%s', (_name, samples, found) => {
    expect(rising(samples)).toEqual(found);
  });

  test('waves of another kind have other sockets, and a socket for each boot is found among them', () => {
    const waves = samplesOf((at) => ({ 'program: sockets': at < 23 ? 450 : 520 }));
    expect(rising(waves, 160)).toEqual([]);
    expect(rising(waves, 20)).toEqual(['program: sockets']);
    expect(
      rising(
        samplesOf((at) => ({ 'program: sockets': 450 + at * 300 })),
        160,
      ),
    ).toEqual(['program: sockets']);
  });

  test('the most beside the heap counts at any time, and is no number where nobody measured it', () => {
    expect(highestExternalMb(samplesOf((at) => ({ 'engine: external': at === MINUTES - 1 ? 700 : 20 })))).toBe(700);
    expect(
      highestExternalMb(
        without(
          samplesOf(() => ({})),
          'engine: external',
        ),
      ),
    ).toBeNaN();
  });
});

describe('the verdict over all', () => {
  const ready = { node: 'r1', fault: 'none', right: true, end: 'ready', seconds: 9, stays: true };
  const sound: Soaked = {
    verdicts: Array.from({ length: 200 }, () => ready),
    flatness: [judgeFlatness({ name: 'engine: heap', unit: 'MB', floor: 8, points: pointsOf(() => 100) })],
    engineExternalMb: 60,
    cpu: { programPercent: 1, rackPercent: 1 },
    retries: {},
    unexplained: [],
    boots: 400,
    disturbed: [],
  };
  const journal: JournalCheck = { events: 9, live: 'a', replayed: 'a', problems: [], unarmed: [] };
  const write = { atMs: 0, machine: 'r1', disk: 'nvme0n1', content: 'talos' };

  test.each<readonly [string, Partial<Soaked>, Partial<JournalCheck>, readonly RegExp[]]>([
    ['nothing is wrong', {}, {}, []],
    ['nothing was soaked', { verdicts: [] }, {}, [/nothing was soaked/]],
    [
      'a machine ended otherwise than its fault says',
      { verdicts: [ready, { ...ready, fault: 'kernelPanic', right: false }] },
      {},
      [/r1 with kernelPanic ended: ready/],
    ],
    ['a hang that load does not explain', { unexplained: ['r1 hung'] }, {}, [/^r1 hung$/]],
    ['a few hung', { retries: { OFFER_IGNORED: 4 } }, {}, []],
    ['many hung', { retries: { OFFER_IGNORED: 3, IPXE_HANG: 2 } }, {}, [/5 of 200 hung/]],
    [
      'a heap that grows',
      { flatness: [judgeFlatness({ name: 'engine: heap', unit: 'MB', floor: 8, points: pointsOf((at) => at * 9) })] },
      {},
      [/engine: heap.*NOT FLAT/],
    ],
    ['too much beside the heap', { engineExternalMb: 130 }, {}, [/130 MB beside its heap/]],
    ['nobody measured beside the heap', { engineExternalMb: Number.NaN }, {}, [/NaN MB beside its heap/]],
    ['the disk of a machine that was left alone', { disturbed: ['r9'] }, {}, [/disk of r9 changed/]],
    ['a write without a job', {}, { unarmed: [write] }, [/nvme0n1 of r1 was written \(talos\) without a job/]],
    ['another state', {}, { replayed: 'b' }, [/replays to another state/]],
    ['what the journal itself has', {}, { problems: ['a gap'] }, [/^a gap$/]],
  ])('%s', (_name, soaked, checked, found) => {
    const failures = judgeSoak({ ...sound, ...soaked }, { ...journal, ...checked }, 2_000);
    expect(failures).toEqual(found.map((pattern) => expect.stringMatching(pattern)));
  });
});

function pointsOf(value: (minute: number) => number) {
  return Array.from({ length: 40 }, (_, minute) => ({ minute, value: value(minute) }));
}

describe('what a program holds at rest, beside one that was just started', () => {
  const [engine, main, bulk] = [140, 7, 13];
  const fresh: AtRest = { sockets: 50, descriptors: 49, heapMb: { engine, main, bulk } };
  test.each<readonly [string, AtRest, number, readonly RegExp[]]>([
    ['the same', fresh, 2_000, []],
    [
      'compiled code and a few connections',
      { ...fresh, sockets: 79, heapMb: { engine: 147, main: 9, bulk: 20 } },
      2_000,
      [],
    ],
    ['the rings of machines that it served', { ...fresh, heapMb: { engine: 153, main, bulk } }, 2_000, []],
    ['an old state of each machine', { ...fresh, heapMb: { engine: 156, main, bulk } }, 2_000, [/engine holds 156/]],
    ['more than few machines have', { ...fresh, heapMb: { engine: 149, main, bulk } }, 200, [/engine holds 149/]],
    ['a sender that holds more', { ...fresh, heapMb: { engine, main, bulk: 22 } }, 2_000, [/bulk holds 22/]],
    ['an engine that gave no answer', { ...fresh, heapMb: { main, bulk } }, 2_000, [/engine holds NaN/]],
    ['sockets that nobody closed', { ...fresh, sockets: 81 }, 2_000, [/81 sockets open, and 50/]],
    ['a small rack that stays connected', { ...fresh, sockets: 81 }, 30, []],
    ['files that nobody closed', { ...fresh, descriptors: 58 }, 2_000, [/58 files open, and 49/]],
  ])('%s', (_name, soaked, machines, found) => {
    expect(leaksOf(soaked, fresh, machines)).toEqual(found.map((pattern) => expect.stringMatching(pattern)));
  });
});

describe('what the state may hold', () => {
  const names = ['node-01', 'node-02', 'node-03'];
  const fleet = fleetOf(...names.map((name) => specOf(name)));
  const MACHINES = names.length;
  const many = (count: number) => Array.from({ length: count }, (_, at) => `entry ${at}`);
  const record = (count: number) => Object.fromEntries(many(count).map((name) => [name, 'x']));

  test('of a few machines nothing is too much', () => {
    expect(unboundedIn(fleet, MACHINES)).toEqual([]);
  });

  test.each<readonly [string, object, RegExp]>([
    ['a list', { news: many(65) }, /65 of rest\.news,/],
    ['a list in a list', { waves: { w1: { log: [{ seen: many(65) }] } } }, /65 of rest\.waves\.\*\.log\.\*\.seen,/],
    ['a record with a name for each event', { seen: record(65) }, /65 of rest\.seen,/],
    ['waves that are never let go', { waves: record(65) }, /65 of rest\.waves,/],
    ['sessions beyond one for each BMC', { bmcSessions: record(20) }, /20 of rest\.bmcSessions, where 11/],
    ['a text that grows', { note: 'x'.repeat(2_001) }, /2001 of rest\.note \(text\)/],
  ])('%s without a bound is named', (_name, more, found) => {
    const grown = { ...fleet, ...more } as Fleet;
    expect(unboundedIn(grown, MACHINES)).toEqual([expect.stringMatching(found)]);
  });

  test('a history of one machine among others, small as its entries are, is named', () => {
    const node = { ...stateOf(fleet, 'node-02'), failedBoots: Array.from({ length: 65 }, () => T0) };
    const grown = { ...fleet, nodes: setIn(fleet.nodes, node.name, node) };
    expect(unboundedIn(grown, MACHINES)).toEqual([expect.stringMatching(/65 of nodes\.\*\.\*\.failedBoots,/)]);
  });
});

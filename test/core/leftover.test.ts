import { describe, expect, test } from 'vitest';
import { toRow } from '../../src/cli/node-rows.ts';
import type { BootOverride } from '../../src/core/bmc.ts';
import type { EventBody } from '../../src/core/event.ts';
import { leftoverText } from '../../src/core/leftover.ts';
import { apply, armed, at, fleetOf, specOf, stateOf, stored, type Timed } from './kit.ts';

/** A boot override that somebody left for every boot is told on the node, with what to do. */

const node = 'node-01';
const spec = specOf(node);
const read = (leftover?: string): EventBody => ({
  type: 'bmc.identityRead',
  node,
  identity: {
    vendor: 'Dell',
    macs: [],
    drives: [],
    bootTargets: ['pxe'],
    canInsertMedia: false,
    ...(leftover === undefined ? {} : { leftover }),
  },
});
const set = (replaced?: string): EventBody => {
  const override: BootOverride = { target: 'pxe', enabled: 'once', ...(replaced === undefined ? {} : { replaced }) };
  return { type: 'bmc.overrideSet', node, job: 'job-1', read: override };
};
const cleared: EventBody = { type: 'bmc.overrideCleared', node, job: 'job-1' };
const LEFT = 'Continuous/Hdd';

describe('a boot override that somebody left for every boot', () => {
  test.each<readonly [string, readonly Timed[], RegExp | undefined]>([
    ['is told as long as its BMC shows it', [[1, read(LEFT)]], /left at Continuous\/Hdd.*Clear it in the BMC/],
    [
      'is gone when the BMC shows it no more',
      [
        [1, read(LEFT)],
        [2, read()],
      ],
      undefined,
    ],
    [
      'is told once a job has replaced it',
      [
        [1, read(LEFT)],
        [2, set(LEFT)],
        [3, cleared],
      ],
      /replaced .*set it again/,
    ],
    ['is told where nobody had read it before the job', [[2, set(LEFT)]], /replaced/],
    [
      'that was replaced is old news with the next job',
      [
        [1, set(LEFT)],
        [2, cleared],
        [3, set()],
      ],
      undefined,
    ],
    [
      'is gone when what a job set in its place was cleared',
      [
        [1, read(LEFT)],
        [2, cleared],
      ],
      undefined,
    ],
  ])('%s', (_name, events, expected) => {
    const state = stateOf(apply(fleetOf(spec), [0, armed('inspect')], [0, stored()], ...events));
    const told = leftoverText(state);
    if (expected === undefined) expect(told).toBeUndefined();
    else expect(told).toMatch(expected);
    expect(toRow(state, { fleet: fleetOf(), nowMs: at(9) }).leftover).toBe(told);
  });

  test('stands in the evidence of the node', () => {
    const state = stateOf(apply(fleetOf(spec), [1, read(LEFT)], [2, set(LEFT)]));
    expect(state.evidence.map((one) => one.text)).toEqual([
      expect.stringMatching(/boot override left at Continuous\/Hdd/),
      expect.stringMatching(/pxe once, read back; in place of Continuous\/Hdd, which somebody had left/),
    ]);
  });
});

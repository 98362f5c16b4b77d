import { describe, expect, test } from 'vitest';
import { CAUSES, type CauseCode } from '../../../src/core/cause.ts';
import { nodeOf } from '../../../src/core/fleet.ts';
import type { NodeState } from '../../../src/core/node.ts';
import { setIn } from '../../../src/core/shard-map.ts';
import { REMEDIES, REMEDY_WORDS } from '../../../src/ui/select/remedies.ts';
import { curesOf } from '../../../src/ui/state/cures.ts';
import { type ScreenModel, withView } from '../../../src/ui/state/screen-model.ts';
import { jobOf, NOW } from '../sample-fleet.ts';
import { sampleModel } from '../sample-model.ts';

/** What the page of a machine offers against its fault is what mends that one, and what may be asked for now. */

const CODES = Object.keys(CAUSES) as readonly CauseCode[];

function failing(code: CauseCode, over: Partial<NodeState> = {}): readonly [ScreenModel, NodeState] {
  const model = sampleModel('normal');
  const found = nodeOf(model.fleet, 'r07-u32');
  if (found === undefined) throw new Error('no such node');
  const spec = { ...found.spec, protected: false };
  const node: NodeState = { ...found, spec, health: faultOf(code), ...over };
  const nodes = setIn(model.fleet.nodes, node.name, node);
  return [withView({ ...model, fleet: { ...model.fleet, nodes } }), node];
}

function faultOf(code: CauseCode): NodeState['health'] {
  const seen = { since: NOW - 60_000, detail: 'seen' };
  return code === 'IDENTITY_CONFLICT' ? { is: 'conflict', code, ...seen } : { is: 'failed', code, ...seen };
}

const offered = (...[model, node]: readonly [ScreenModel, NodeState]): readonly string[] =>
  curesOf(model, 'node', node).map(({ keys, words }) => `${keys} ${words}`);

const HALTED: Partial<NodeState> = { phase: { is: 'halted', since: NOW - 60_000 } as NodeState['phase'] };

describe('what is offered', () => {
  test.each<[string, readonly [ScreenModel, NodeState], readonly string[], readonly string[]]>([
    [
      'after a halt: its disk, or reinstall; an install would halt again',
      failing('HALTED', HALTED),
      ['a > boot its disk', 'R reinstall'],
      ['I install', 'r retry'],
    ],
    [
      'after a halt with the job still open: the end of that first',
      failing('HALTED', { ...HALTED, job: jobOf('r07-u32') }),
      ['a > boot its disk', 'c cancel, then R reinstall'],
      ['R reinstall', 'I install', 'r retry'],
    ],
    [
      'in conflict: its file, and nothing that arms it',
      failing('IDENTITY_CONFLICT'),
      ['e edit its file'],
      ['r retry', 'I install', 'R reinstall'],
    ],
    ['after a spent job: to arm it again', failing('JOB_EXPIRED'), ['I install'], ['r retry']],
    [
      'after a stalled download: to try again',
      failing('DL_STALL', { job: jobOf('r07-u32') }),
      ['r retry', 'o console'],
      ['I install'],
    ],
    ['in a boot loop: its release', failing('LOOP'), ['a > release it'], ['I install']],
  ])('%s', (_name, scene, wanted, unwanted) => {
    const cures = offered(...scene);
    expect(cures).toEqual(expect.arrayContaining([...wanted]));
    expect(cures.filter((one) => unwanted.includes(one))).toEqual([]);
  });

  test('to who only looks on: nothing', () => {
    const [model, node] = failing('HALTED', HALTED);
    expect(offered({ ...model, session: { ...model.session, readOnly: true } }, node)).toEqual([]);
  });

  test('of a machine that is well: nothing', () => {
    const [model, node] = failing('HALTED', { health: { is: 'ok' } });
    expect(offered(model, node)).toEqual([]);
  });
});

test.each(CODES)('%s has an action that mends it, each with its words', (code) => {
  expect(REMEDIES[code].length).toBeGreaterThan(0);
  expect(REMEDIES[code].filter((action) => REMEDY_WORDS[action] === undefined)).toEqual([]);
});

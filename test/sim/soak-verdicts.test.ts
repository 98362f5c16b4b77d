import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CauseCode } from '../../src/core/cause.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import type { EndedJob } from '../../src/core/job.ts';
import type { Health, NodeState } from '../../src/core/node.ts';
import { setIn } from '../../src/core/shard-map.ts';
import type { SimRack } from '../../src/sim/rack/sim-rack.ts';
import { createRandom, type Random } from '../../src/sim/run/random.ts';
import { standingAtEnd } from '../bench/soak/judge-soak.ts';
import { SoakGroup, type Verdict } from '../bench/soak/soak-group.ts';
import type { SoakOperator } from '../bench/soak/soak-operator.ts';
import { ACTOR, fleetOf, jobOf, phaseOf, specOf, stateOf, T0 } from '../core/kit.ts';

const NAME = 'node-01';
const MINUTE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** An engine that says of its one machine what the test makes it say. */
function createStage(faultAt: 'none' | 'first' | 'last') {
  let fleet: Fleet = fleetOf(specOf(NAME));
  const acts: string[] = [];
  const operator: SoakOperator = {
    fleet: () => fleet,
    events: () => 0,
    startWave: async (_kind, started) => ({ started, refused: new Map() }),
    act: async ({ type }) => {
      acts.push(type);
      return { ok: true, value: undefined };
    },
    close: () => undefined,
  };
  const machine = { spec: { firmware: 'uefi-pxe' }, faults: () => ({}), state: { step: 'off' } };
  const rack = {
    machines: new Map([[NAME, machine]]),
    bmcs: new Map(),
    setFaults: () => undefined,
    unplug: () => acts.push('unplug'),
  } as unknown as SimRack;
  const random: Random = {
    ...createRandom('stage'),
    chance: () => faultAt !== 'none',
    whole: (low, high) => (faultAt === 'first' ? low : high),
  };
  const say = (changes: Partial<NodeState>) => {
    fleet = { ...fleet, nodes: setIn(fleet.nodes, NAME, { ...stateOf(fleet, NAME), ...changes }) };
  };
  return { operator, rack, random, acts, say };
}

const failedWith = (code: CauseCode): Partial<NodeState> => {
  const health: Health = { is: 'failed', code, since: T0, detail: 'seen' };
  return { job: jobOf('install'), health };
};

const endedWith = (outcome: EndedJob['outcome'], code?: CauseCode): Partial<NodeState> => ({
  endedJobs: [
    {
      id: 'job-1',
      kind: 'install',
      armedAt: T0,
      armedBy: ACTOR,
      endedAt: T0,
      outcome,
      planHash: 'plan',
      attempts: 1,
      ...(code === undefined ? {} : { code }),
    },
  ],
});

describe('how a machine ended, beside its fault', () => {
  test.each<readonly [string, 'none' | 'first' | 'last', Partial<NodeState>, right: boolean, end: RegExp]>([
    ['a sound one is ready', 'none', endedWith('done'), true, /^ready$/],
    ['a sound one expired', 'none', endedWith('expired', 'LOOP'), false, /^expired LOOP$/],
    ['a sound one failed, and failed again', 'none', failedWith('KERNEL_PANIC'), false, /^KERNEL_PANIC: seen$/],
    ['a sound one says nothing', 'none', { job: jobOf('install') }, false, /^node-01: idle, ok, job install/],
    ['a sound one was never armed', 'none', {}, false, /^node-01: idle, ok$/],
    ['a panic is called one', 'first', failedWith('KERNEL_PANIC'), true, /^KERNEL_PANIC$/],
    ['a panic is called a failed installation', 'first', failedWith('INSTALL_FAILED'), false, /^INSTALL_FAILED: seen$/],
    ['a panic is called ready', 'first', endedWith('done'), false, /^ready$/],
    ['a twin is called one', 'last', failedWith('IDENTITY_CONFLICT'), true, /^IDENTITY_CONFLICT$/],
    ['a twin is installed', 'last', endedWith('done'), false, /^ready$/],
  ])('%s', async (_name, faultAt, said, right, end) => {
    const { operator, rack, random, say } = createStage(faultAt);
    const verdicts: Verdict[] = [];
    const limits = { slowFaults: false, width: 1, patienceMs: 8 * MINUTE_MS, faultShare: 1 };
    const calls = { onVerdict: (verdict: Verdict) => verdicts.push(verdict), onRetry: () => undefined };
    const over = new SoakGroup({ rack, operator, random, nodes: [NAME], twin: 'uuid', ...limits, ...calls }).runOnce();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(verdicts).toEqual([]);
    say(said);
    await vi.advanceTimersByTimeAsync(25 * MINUTE_MS);
    await over;
    expect(verdicts).toMatchObject([{ node: NAME, right, end: expect.stringMatching(end) }]);
  });

  test.each<readonly [CauseCode, explained: boolean]>([
    ['SCRIPT_NO_FETCH', true],
    ['BMC_REFUSED', false],
  ])('a sound machine that hangs with %s is tried again twice, and each time is told', async (code, explained) => {
    const { operator, rack, random, acts, say } = createStage('none');
    const retries: boolean[] = [];
    const limits = { slowFaults: false, width: 1, patienceMs: 8 * MINUTE_MS, faultShare: 0 };
    const onRetry = (_node: string, _code: string, byLoad: boolean) => retries.push(byLoad);
    const calls = { onVerdict: () => undefined, onRetry };
    const over = new SoakGroup({ rack, operator, random, nodes: [NAME], twin: 'uuid', ...limits, ...calls }).runOnce();
    say(failedWith(code));
    await vi.advanceTimersByTimeAsync(MINUTE_MS);
    await over;
    expect(retries).toEqual([explained, explained]);
    expect(acts).toEqual(['retry', 'retry']);
  });
});

describe('what a machine is at the very end', () => {
  const verdict: Verdict = { node: NAME, fault: 'none', right: true, end: 'ready', seconds: 9, stays: true };
  const ready: Partial<NodeState> = { phase: phaseOf('ready', {}) };
  test.each<readonly [string, Partial<NodeState>, Partial<Verdict>, readonly RegExp[]]>([
    ['ready, and still is', ready, {}, []],
    ['ready, and is down now', { phase: phaseOf('down', { why: 'off' }) }, {}, [/down.*it was ready/]],
    ['a cause, and still is', failedWith('KERNEL_PANIC'), { end: 'KERNEL_PANIC' }, []],
    ['a cause, and is another now', failedWith('LOOP'), { end: 'KERNEL_PANIC' }, [/LOOP.*it was KERNEL_PANIC/]],
    ['something, and is in the state no more', ready, { node: 'node-09' }, [/node-09 is not in the state any more/]],
    ['wrong already', {}, { right: false }, []],
    ['mended after it', {}, { stays: false }, []],
  ])('it was %s', async (_name, said, changes, found) => {
    const { operator, rack, say } = createStage('none');
    say(said);
    const standing = standingAtEnd(rack, operator, [{ ...verdict, ...changes }]);
    await vi.advanceTimersByTimeAsync(2 * MINUTE_MS);
    expect(await standing).toEqual(found.map((pattern) => expect.stringMatching(pattern)));
  });
});

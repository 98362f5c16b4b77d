import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodesOf } from '../../src/core/fleet.ts';
import type { Job } from '../../src/core/job.ts';
import type { NodeState } from '../../src/core/node.ts';
import { answerGate, type GateQuestion } from '../../src/netboot/gate.ts';
import { type Disagreement, type Gate, playHistory, type Tally } from './gate-history.ts';

/** The proof of the gate: it says the same as a second, independent statement of its ten rules, in any history. */

const SEED = Number(process.env['GATE_SEED'] ?? 20_261_121);
const HISTORIES = 100_000;
const history = fc.array(fc.nat(0x3fffffff), { minLength: 5, maxLength: 25 });

function report(found: Disagreement | undefined): string {
  if (found === undefined) return 'agrees';
  const { history: past, ...rest } = found;
  return [...past, rest].map((line) => JSON.stringify(line)).join('\n');
}

test(`agrees with the ten rules in ${HISTORIES} random histories (seed ${SEED})`, { timeout: 600_000 }, () => {
  const tally: Tally = { must: 0, mustNot: 0, either: 0 };
  fc.assert(
    fc.property(history, (numbers) => {
      const found = playHistory(numbers, answerGate, tally);
      if (found !== undefined) throw new Error(report(found));
    }),
    { numRuns: HISTORIES, seed: SEED, interruptAfterTimeLimit: 580_000, markInterruptAsFailure: true },
  );
  const all = tally.must + tally.mustNot + tally.either;
  // A proof in which the oracle hardly ever decides, or never allows anything, would be none.
  expect(tally.must).toBeGreaterThan(HISTORIES / 2);
  expect(tally.either / all).toBeLessThan(0.1);
});

/** A gate that does not know one thing: what it is asked is changed before it looks. */
const withNode = (question: GateQuestion, change: (node: NodeState) => NodeState): GateQuestion =>
  question.identity.is === 'node'
    ? { ...question, identity: { ...question.identity, node: change(question.identity.node) } }
    : question;

const withJob = (question: GateQuestion, change: (job: Job) => Job): GateQuestion =>
  withNode(question, (node) => (node.job === undefined ? node : { ...node, job: change(node.job) }));

const without = (key: keyof Job) => (question: GateQuestion) =>
  withJob(question, (job) => {
    const { [key]: _gone, ...rest } = job;
    return rest as Job;
  });

const forgetHandOver = (job: Job): Job => {
  const { spentAt: _spent, ...rest } = job;
  return job.plan.foreign === true ? rest : job;
};

type Blindness = readonly [rule: string, change: (question: GateQuestion) => GateQuestion];

const BLIND: readonly Blindness[] = [
  ['1: to the expiry', (question) => withJob(question, (job) => ({ ...job, expiresAt: Number.MAX_SAFE_INTEGER }))],
  [
    '1: to the expiry, once a script was given',
    (question) =>
      ['kernel', 'initrd', 'config'].includes(question.route)
        ? withJob(question, (job) => ({ ...job, expiresAt: Number.MAX_SAFE_INTEGER }))
        : question,
  ],
  ['1: to an arming that is not on disk', (question) => withJob(question, (job) => ({ ...job, stored: true }))],
  ['2: to an install that has begun', without('spentAt')],
  ['2: to the number of attempts', (question) => withJob(question, (job) => ({ ...job, attempts: 0 }))],
  [
    '3: to who it is',
    (question) =>
      question.identity.is === 'node' ? { ...question, identity: { ...question.identity, sure: true } } : question,
  ],
  ['3: to a contradiction', (question) => withNode(question, (node) => ({ ...node, health: { is: 'ok' } }))],
  [
    '4: to protection',
    (question) => withNode(question, (node) => ({ ...node, spec: { ...node.spec, protected: false } })),
  ],
  [
    '5: to the disk',
    (question) => withJob(question, (job) => ({ ...job, plan: { ...job.plan, disk: { sure: true, why: '' } } })),
  ],
  [
    '6: to the artefacts',
    (question) => ({
      ...question,
      arch: undefined,
      now:
        question.identity.is === 'node' && question.identity.node.job !== undefined
          ? {
              planHash: question.identity.node.job.plan.hash,
              configHash: question.identity.node.job.plan.configHash,
              artefactsProven: true,
            }
          : question.now,
    }),
  ],
  [
    '6: to an unchecked configuration',
    (question) => withJob(question, (job) => ({ ...job, plan: { ...job.plan, configChecked: true } })),
  ],
  ['2: to the hand-off of a foreign system', (question) => withJob(question, forgetHandOver)],
  ['7: to the wipe that went out', without('wipeSentAt')],
  ['7: to a store that fails', (question) => ({ ...question, fleet: { ...question.fleet, saving: { is: 'ok' } } })],
  ['8: to the token', (question) => ({ ...question, token: 'match' })],
  ['9: to a loop', without('suspended')],
  [
    'to the panic key',
    (question) => {
      const { panic: _gone, ...switches } = question.fleet.switches;
      return { ...question, fleet: { ...question.fleet, switches } };
    },
  ],
];

/** Gates that are wrong in what they say, not in what they see. */
const WRONG: readonly (readonly [string, Gate])[] = [
  [
    '10: boots a stranger as the first machine that is armed',
    (question) => {
      const node = nodesOf(question.fleet).find((one) => one.job !== undefined);
      if (question.identity.is !== 'stranger' || node?.job === undefined) return answerGate(question);
      return { give: 'write', stage: 'install', node, job: node.job, reason: 'anybody' };
    },
  ],
  [
    'gives a foreign system its files in any later boot',
    (question) => {
      const answer = answerGate(question);
      const { identity, route } = question;
      const job = identity.is === 'node' ? identity.node.job : undefined;
      if (identity.is !== 'node' || job?.plan.foreign !== true || job.spentAt === undefined || route !== 'config')
        return answer;
      return { give: 'seed', node: identity.node, job, reason: 'any boot' };
    },
  ],
  [
    'refuses once the script was served',
    (question) => {
      const answer = answerGate(question);
      const served = answer.give === 'write' && answer.node.attempt?.answered !== undefined;
      return served ? { give: 'local', node: answer.node, rule: 'unspent', reason: 'served' } : answer;
    },
  ],
  [
    'installs where it should wipe first',
    (question) => {
      const answer = answerGate(question);
      return answer.give === 'write' ? { ...answer, stage: 'install' } : answer;
    },
  ],
];

function findsFault(gate: Gate): boolean {
  const run = fc.check(
    fc.property(history, (numbers) => playHistory(numbers, gate) === undefined),
    { numRuns: HISTORIES / 2, seed: SEED, endOnFailure: true },
  );
  return run.failed;
}

describe('the proof can fail', () => {
  test.each(BLIND)('it catches a gate that is blind, %s', { timeout: 120_000 }, (_name, change) => {
    expect(findsFault((question) => answerGate(change(question)))).toBe(true);
  });

  test.each(WRONG)('it catches a gate that %s', { timeout: 120_000 }, (_name, gate) => {
    expect(findsFault(gate)).toBe(true);
  });
});

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { SimRack } from '../../src/sim/rack/sim-rack.ts';
import { createWholeStack, type WholeStack } from './whole-stack.ts';

let stack: WholeStack | undefined;
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

const fileOf = (rack: SimRack, name: string) => join(rack.inventoryFolder, name.slice(0, 3), `${name}.yaml`);
const bmcLine = (text: string) => /^bmc:.*$/m.exec(text)?.[0] ?? '';

/** Two workers whose BMCs tell the MACs of their machines. */
function pairOf(rack: SimRack): readonly [string, string] {
  const [one, other] = [...rack.machines.values()]
    .map(({ spec }) => spec.name)
    .filter((name) => {
      const kind = rack.bmcs.get(name)?.state.personality.name ?? 'openbmc';
      if (!existsSync(fileOf(rack, name))) return false;
      const text = readFileSync(fileOf(rack, name), 'utf8');
      return kind !== 'openbmc' && bmcLine(text) !== '' && !/role: controlplane/.test(text);
    });
  if (one === undefined || other === undefined) throw new Error('the rack has no two such machines');
  return [one, other];
}

/** The cables of two BMCs are in each other's socket, or somebody wrote one line into the wrong file. */
function swap(rack: SimRack, [one, other]: readonly [string, string], edit = (text: string) => text): void {
  const first = readFileSync(fileOf(rack, one), 'utf8');
  const second = readFileSync(fileOf(rack, other), 'utf8');
  writeFileSync(fileOf(rack, one), edit(first.replace(bmcLine(first), bmcLine(second))));
  writeFileSync(fileOf(rack, other), edit(second.replace(bmcLine(second), bmcLine(first))));
}

/** What changed something on a BMC: logging in is none. */
const writes = (rack: SimRack, name: string) =>
  rack.bmcs.get(name)?.requests.seen.filter((line) => /^(?:POST|PATCH)/.test(line) && !/Session/.test(line));

const told = (one: string, other: string) => new RegExp(`the BMC of ${one} reports .* gives to ${other}`);

test('a BMC that turns out to be another machine’s gets no override and no power, though the order waited already', {
  timeout: 120_000,
}, async () => {
  stack = await createWholeStack({ nodes: 8, speed: 60 });
  const { rack, node, until, arm, order } = stack;
  const pair = pairOf(rack);
  const [one, other] = pair;
  await until(() => pair.every((name) => node(name).seen.bmc !== undefined), 30_000);
  // The other one runs, and nobody armed it.
  await order({ type: 'power', nodes: [other], action: 'on' });
  await until(() => node(other).power.is === 'on', 30_000);
  for (const name of pair) rack.bmcs.get(name)?.requests.seen.splice(0);
  // Its answers take so long that the job is armed before it has named itself.
  for (const name of pair) rack.setFaults(name, { bmc: { slowS: 5 } });
  const urlOf = (name: string) => node(name).spec.bmc?.url;
  const [before, mine] = [urlOf(other), urlOf(one)];
  swap(rack, pair);
  await until(() => urlOf(one) === before && urlOf(other) === mine, 30_000);
  expect(await arm([one], 'inspect')).toMatchObject({ ok: true });
  await until(() => /Nothing more was sent/.test(node(one).seen.bmcProblem ?? ''), 60_000);
  expect(node(one).health).toMatchObject({ is: 'conflict', code: 'IDENTITY_CONFLICT' });
  expect(node(one).seen.bmcProblem).toMatch(told(one, other));
  expect(node(one).job?.suspended).toMatchObject({ code: 'IDENTITY_CONFLICT' });

  // Neither by hand, nor by a job that is retried or taken back.
  expect(await order({ type: 'power', nodes: [one], action: 'cycle' })).toMatchObject({
    ok: false,
    error: expect.stringMatching(told(one, other)),
  });
  await order({ type: 'release', nodes: [one] });
  expect(await order({ type: 'power', nodes: [one], action: 'cycle' })).toMatchObject({ ok: false });
  await order({ type: 'retry', nodes: [one] });
  await until(() => node(one).health.is === 'conflict', 60_000);
  await order({ type: 'cancel', nodes: [one] });
  expect(await arm([one], 'inspect')).toMatchObject({ ok: false, error: expect.stringMatching(told(one, other)) });
  await stack.stopProgram();
  for (const name of pair) expect([name, writes(rack, name)]).toEqual([name, []]);
  expect([rack.bmcs.get(one)?.state.power, rack.bmcs.get(other)?.state.power]).toEqual(['Off', 'On']);
});

test('of machines that the inventory knows by MAC alone, a BMC that names the MAC of another is asked for nothing', {
  timeout: 120_000,
}, async () => {
  let pair: readonly [string, string] = ['', ''];
  stack = await createWholeStack({ nodes: 8, speed: 60 }, (rack) => {
    pair = pairOf(rack);
    swap(rack, pair, (text) => text.replaceAll(/^(?:uuid|serial|boardSerial|asset|switchPort):.*\n/gm, ''));
  });
  const { rack, node, until, arm, order } = stack;
  const [one, other] = pair;
  expect(node(one).spec.identity).toEqual({ macs: node(one).spec.identity.macs });
  // Armed before any BMC was read: by a power order, and by a job.
  await arm([one], 'inspect');
  await order({ type: 'power', nodes: [other], action: 'on' });
  await until(() => pair.every((name) => node(name).health.is === 'conflict'), 60_000);
  await until(() => pair.every((name) => /Nothing more was sent/.test(node(name).seen.bmcProblem ?? '')), 60_000);
  expect(node(one).health).toMatchObject({ detail: expect.stringMatching(told(one, other)) });
  expect(node(other).health).toMatchObject({ detail: expect.stringMatching(told(other, one)) });
  await stack.stopProgram();
  for (const name of pair) {
    expect([name, writes(rack, name)]).toEqual([name, []]);
    expect(rack.machines.get(name)?.state.boots).toBe(0);
  }
});

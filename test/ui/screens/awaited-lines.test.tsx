import { describe, expect, test } from 'vitest';
import { nodeOf, putNode } from '../../../src/core/fleet.ts';
import type { NodeState } from '../../../src/core/node.ts';
import { type ScreenModel, withView } from '../../../src/ui/state/screen-model.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { jobOf, NOW, samplePlan } from '../sample-fleet.ts';
import { play, sampleModel } from '../sample-model.ts';

/** An operator who armed a machine whose BMC is slow sees on every screen that it is its BMC that is waited for. */

const NAME = 'r07-u33';

function with33(model: ScreenModel, change: (node: NodeState) => NodeState): ScreenModel {
  const node = nodeOf(model.fleet, NAME);
  if (node === undefined) throw new Error(`no ${NAME}`);
  const { attempt: _attempt, pastAttempts: _past, ...rest } = node;
  const fresh: NodeState = { ...rest, pastAttempts: [], evidence: [], health: { is: 'ok' } };
  return withView({ ...model, fleet: putNode(model.fleet, change(fresh)) });
}

const armed = (node: NodeState): NodeState => ({
  ...node,
  phase: { is: 'armed', since: NOW - 22_000 },
  job: jobOf(NAME, { override: 'asked' }),
  seen: { ...node.seen, bmc: { vendor: 'Dell', macs: [], drives: [], bootTargets: ['pxe'], canInsertMedia: false } },
});
const putOff = (node: NodeState): NodeState => ({
  ...node,
  phase: { is: 'ipxe', since: NOW - 3_000 },
  // A plan without its configuration is refused, and then nothing waits.
  job: jobOf(NAME, { override: 'set', plan: { ...samplePlan, configHash: 'c0ffee' } }),
  powerOrder: { askedAt: NOW - 12_000, putOffAt: NOW - 3_000 },
});

const lost = (node: NodeState): NodeState => ({
  ...putOff(node),
  powerOrder: { askedAt: NOW - 40_000, lostAt: NOW - 8_000, putOffAt: NOW - 3_000 },
});

const reset = (node: NodeState): NodeState => ({
  ...node,
  phase: { is: 'idle', since: NOW - 60_000 },
  powerWaits: [{ action: 'reset', by: 'anna', at: NOW - 12_000 }],
});
const resetFailed = (node: NodeState): NodeState => ({
  ...reset(node),
  health: { is: 'failed', code: 'KERNEL_PANIC', since: NOW - 90_000, detail: 'no init' },
});
const ORDERED = 'ower reset by anna, waits for its BMC: whose it is';

const textOf = async (model: ScreenModel) => (await drawScreen(model, PROFILES.vt)).lines();

describe.each([
  ['armed, with a slow BMC', armed, 'BMC override', 'waits for its BMC: boot override, 22 s'],
  ['put off', putOff, 'BMC power', 'waits for its BMC to switch its power, 12 s'],
  ['put off by a silent BMC', lost, 'may be cut', 'waits: its BMC may yet cut this boot'],
  ['reset by a person', reset, 'reset waits', ORDERED],
  ['reset by a person after it failed', resetFailed, 'reset waits', ORDERED],
] as const)('a machine that is %s', (name, change, brief, text) => {
  test('says so in its row of the rack and in full below it', async () => {
    const lines = await textOf(with33(sampleModel('normal'), change));
    expect(lines.find((line) => line.includes(`>33 ${NAME}`))).toContain(brief);
    expect(lines.at(-2)).toContain(text);
  });

  test('says so in the list', async () => {
    const lines = await textOf(play(with33(sampleModel('normal'), change), ['2']).model);
    expect(lines.find((line) => line.includes(NAME))).toContain(brief);
  });

  test('says so on its page', async () => {
    const page = play(with33(sampleModel('normal'), change), ['<enter>']).model;
    const seen = (await textOf(page)).map((line) => line.split('│')[1] ?? '').join(' ');
    expect(seen).toContain(name.includes('failed') ? 'WHY IT FAILED' : 'NOTE');
    expect(seen.replaceAll(/\s+/g, ' ')).toContain(text);
  });
});

test('on the page of a boot that may be cut stand the order, whose it was, when, and what its BMC said', async () => {
  const told = { action: 'reset', by: 'anna', lostWhy: 'it cut the connection.' } as const;
  const change = (node: NodeState): NodeState => {
    const { powerOrder, ...rest } = lost(node);
    return { ...rest, ...(powerOrder && { powerOrder: { ...powerOrder, ...told } }) };
  };
  const page = play(with33(sampleModel('normal'), change), ['<enter>']).model;
  const seen = (await textOf(page)).map((line) => line.split('│')[1] ?? '').join(' ');
  expect(seen.replaceAll(/\s+/g, ' ')).toContain(
    '(power reset by anna, asked 40 s ago, is not known to be done: it cut the connection)',
  );
});

test('beside what failed the page still says that the boot waits, and for how long', async () => {
  const failed = (node: NodeState): NodeState => ({
    ...lost(node),
    health: { is: 'failed', code: 'BMC_UNREACHABLE', since: NOW - 8_000, detail: 'no answer' },
  });
  const page = play(with33(sampleModel('normal'), failed), ['<enter>']).model;
  const lines = (await textOf(page)).map((line) => line.split('│')[1] ?? '');
  const seen = lines.join(' ').replaceAll(/\s+/g, ' ');
  expect(seen).toContain('WHY IT FAILED');
  expect(seen).toContain('goes on in 80 s');
});

test.each([
  ['PLAN_CHANGED', false],
  ['NO_PXE', true],
] as const)(
  'the page of an armed machine that failed (%s) asks for a power cycle where that helps: %s',
  async (code, helps) => {
    const failed = (node: NodeState): NodeState => ({
      ...armed(node),
      health: { is: 'failed', code, since: NOW - 8_000, detail: 'the image changed' },
      ask: 'power-cycle r07 U33 now',
    });
    const page = play(with33(sampleModel('normal', 140, 40), failed), ['<enter>']).model;
    const seen = (await textOf(page)).join(' ');
    expect(seen).toContain('the image changed');
    expect(seen.includes('AT THE MACHINE')).toBe(helps);
  },
);

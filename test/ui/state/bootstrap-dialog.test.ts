import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../../src/core/event.ts';
import { askAction, confirmTyped } from '../../../src/ui/state/ask-action.ts';
import type { ScreenModel } from '../../../src/ui/state/screen-model.ts';
import type { TypedDialog } from '../../../src/ui/state/ui-state.ts';
import { whyNot } from '../../../src/ui/state/why-not.ts';
import { ACTOR, apply, at, fleetOf, specOf, type Timed } from '../../core/kit.ts';
import { dialogText } from '../read-dialog.ts';
import { sampleModel } from '../sample-model.ts';

/** The dialog before a new etcd begins: what is known of the cluster, the name once more, and a reason where one is due. */

const cp = (name: string) => specOf(name, { role: 'controlplane' });
const running = (node: string): Timed => [
  1,
  { type: 'talos.stageChanged', node, stage: 'running', ready: false, unmet: [] },
];
const asked: EventBody = { type: 'operator.talosAsked', node: 'node-01', ask: 'bootstrap', by: ACTOR };
const failed: EventBody = {
  type: 'talos.bootstrapEnded',
  node: 'node-01',
  already: false,
  problem: 'no route to host',
};
const etcd: EventBody = {
  type: 'talos.checked',
  node: 'node-02',
  facts: { services: [{ id: 'etcd', state: 'Running', message: '' }] },
};

function modelAfter(...more: readonly Timed[]): ScreenModel {
  const fleet = apply(
    fleetOf(cp('node-01'), cp('node-02'), specOf('node-03')),
    ...['node-01', 'node-02', 'node-03'].map(running),
    ...more,
  );
  return { ...sampleModel('normal'), fleet, nowMs: at(60) };
}

function dialogOf(model: ScreenModel, name: string): TypedDialog {
  const { dialog } = askAction(model, 'bootstrap', [name]).model.ui;
  if (dialog?.kind !== 'typed') throw new Error('no dialog');
  return dialog;
}

const typed = (dialog: TypedDialog, ...texts: readonly string[]): TypedDialog => ({
  ...dialog,
  fields: dialog.fields.map((field, i) => ({ ...field, text: texts[i] ?? '' })),
});

describe('the first time', () => {
  const model = modelAfter();
  const dialog = dialogOf(model, 'node-01');

  test('shows the cluster, its other control planes and what is known of their etcd', () => {
    const text = dialogText(model, dialog);
    expect(text).toContain('This starts a NEW etcd cluster on this node.');
    expect(text).toMatch(/cluster {2}prod\nbeside {3}node-02 .*etcd: its API was not asked/);
    expect(text).not.toContain('node-03');
  });

  test('takes the name of the node and nothing else', () => {
    expect(confirmTyped(model, typed(dialog, 'node-02'))).toBeUndefined();
    expect(confirmTyped(model, typed(dialog, 'node-01'))).toEqual({
      type: 'bootstrap',
      node: 'node-01',
      confirmed: 'node-01',
    });
  });
});

describe('after one that failed', () => {
  const model = modelAfter([10, asked], [11, failed]);

  test('the same node takes its name again, and the dialog says what happened', () => {
    const dialog = dialogOf(model, 'node-01');
    expect(dialog.fields).toHaveLength(1);
    expect(dialogText(model, dialog)).toMatch(/asked .+ ago by ada of node-01: no route to host/);
  });

  test('another node takes a reason of ten characters as well', () => {
    const dialog = dialogOf(model, 'node-02');
    expect(dialog.fields.map((one) => one.label)[0]).toMatch(/Reason for another node/);
    expect(confirmTyped(model, typed(dialog, 'short', 'node-02'))).toBeUndefined();
    expect(confirmTyped(model, typed(dialog, 'node-01 is dead', 'node-02'))).toEqual({
      type: 'bootstrap',
      node: 'node-02',
      confirmed: 'node-02',
      reason: 'node-01 is dead',
    });
  });
});

test.each<readonly [string, readonly Timed[], string, RegExp]>([
  ['for a worker', [], 'node-03', /no control-plane node/],
  ['while one runs', [[10, asked]], 'node-02', /its bootstrap runs: asked by ada/],
  ['where etcd runs on another control plane', [[10, etcd]], 'node-01', /bootstrapped already: etcd runs on node-02/],
])('there is no dialog %s, and it is said why', (_name, events, node, why) => {
  const model = modelAfter(...events);
  expect(whyNot(model, 'bootstrap', [node])).toMatch(why);
  expect(askAction(model, 'bootstrap', [node]).model.ui.dialog).not.toMatchObject({ kind: 'typed' });
});

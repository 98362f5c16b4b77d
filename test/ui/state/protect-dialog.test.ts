import { describe, expect, test } from 'vitest';
import { nodeOf } from '../../../src/core/fleet.ts';
import type { NodeState } from '../../../src/core/node.ts';
import { setIn } from '../../../src/core/shard-map.ts';
import { type ScreenModel, withView } from '../../../src/ui/state/screen-model.ts';
import { whyNot } from '../../../src/ui/state/why-not.ts';
import { dialogText, ordersIn } from '../read-dialog.ts';
import { play, sampleModel } from '../sample-model.ts';

/** T protects with a reason and lifts it again by the typed name; a protected machine is refused before any dialog. */

function changed(model: ScreenModel, name: string, change: (node: NodeState) => NodeState): ScreenModel {
  const node = nodeOf(model.fleet, name);
  if (node === undefined) throw new Error(`no ${name}`);
  return withView({ ...model, fleet: { ...model.fleet, nodes: setIn(model.fleet.nodes, name, change(node)) } });
}

const guarded = (model: ScreenModel, ...names: readonly string[]): ScreenModel =>
  names.reduce(
    (now, name) =>
      changed(now, name, (node) => ({ ...node, guard: { since: 0, by: 'ada', why: 'holds the only copy' } })),
    model,
  );

const ready = () => play(sampleModel('normal'), ['j']).model;

describe('protecting', () => {
  test('asks why, and is done with the reason', () => {
    const { model, effects } = play(ready(), ['T', ...'only copy', '<enter>']);
    expect(ordersIn(effects)).toEqual([{ type: 'protect', nodes: ['r07-u32'], why: 'only copy' }]);
    expect(model.ui.dialog).toBeNull();
  });

  test('is not done without one', () => {
    expect(ordersIn(play(ready(), ['T', '<enter>', 'T', ...'no', '<enter>']).effects)).toEqual([]);
  });

  test('of several takes the number as well', () => {
    const marked = play(ready(), ['<space>', '<space>', 'T', ...'only copy']).model;
    expect(ordersIn(play(marked, ['<enter>', '3', '<enter>']).effects)).toEqual([]);
    expect(ordersIn(play(marked, ['<enter>', '2', '<enter>']).effects)).toEqual([
      { type: 'protect', nodes: ['r07-u32', 'r07-u31'], why: 'only copy' },
    ]);
  });

  test('says which job ends with it', () => {
    const model = sampleModel('normal');
    const armed = model.view.inRack.find((name) => {
      const job = nodeOf(model.fleet, name)?.job;
      return job !== undefined && job.spentAt === undefined;
    });
    if (armed === undefined) throw new Error('no job that may still write');
    const ui = { ...model.ui, cursor: { ...model.ui.cursor, nodes: armed } };
    const opened = play(withView({ ...model, ui }), ['T']);
    expect(dialogText(opened.model)).toMatch(new RegExp(`the \\w+ of ${armed} ends with it`));
  });
});

describe('lifting', () => {
  test('takes the name, with the reason in view', () => {
    const opened = play(guarded(ready(), 'r07-u32'), ['T']).model;
    expect(dialogText(opened)).toContain('r07-u32 is protected by ada: holds the only copy');
    expect(ordersIn(play(opened, ['<enter>']).effects)).toEqual([]);
    expect(ordersIn(play(opened, [...'r07-u32', '<enter>']).effects)).toEqual([
      { type: 'unprotect', nodes: ['r07-u32'] },
    ]);
  });

  test('of several takes the word and the number', () => {
    const opened = play(guarded(ready(), 'r07-u32', 'r07-u31'), ['<space>', '<space>', 'T']).model;
    expect(ordersIn(play(opened, [...'LIFT 2', '<enter>']).effects)).toEqual([
      { type: 'unprotect', nodes: ['r07-u32', 'r07-u31'] },
    ]);
  });

  test('leaves out who is not protected, by the palette', () => {
    const opened = play(guarded(ready(), 'r07-u32'), ['<space>', '<space>', ':', ...'unprotect', '<enter>']).model;
    expect(opened.ui.dialog).toMatchObject({
      nodes: ['r07-u32'],
      leftOut: [{ node: 'r07-u31', why: 'r07-u31 is not protected' }],
    });
  });

  test('is refused for what the inventory protects', () => {
    const model = changed(ready(), 'r07-u32', (node) => ({ ...node, spec: { ...node.spec, protected: true } }));
    expect(whyNot(model, 'unprotect', ['r07-u32'])).toMatch(/protected in the inventory \(.+\): change its file/);
  });
});

test.each(['R', 'I'])('%s on a protected machine says by whom and why, and asks nothing', (key) => {
  const { model, effects } = play(guarded(ready(), 'r07-u32'), [key]);
  expect([ordersIn(effects), model.ui.dialog]).toEqual([[], null]);
  expect(model.ui.toasts.at(-1)?.text).toMatch(/protected by ada: holds the only copy; only broken glass/);
});

test('the filter finds them by the word', () => {
  const { model } = play(guarded(ready(), 'r07-u32'), ['2', '/', ...'protected', '<enter>']);
  expect(model.view.visible).toEqual(['r07-u32']);
});

import { describe, expect, test } from 'vitest';
import { nodeOf } from '../../../src/core/fleet.ts';
import type { NodeState } from '../../../src/core/node.ts';
import type { OperatorAction } from '../../../src/core/operator-action.ts';
import { setIn } from '../../../src/core/shard-map.ts';
import { typedLines } from '../../../src/ui/dialogs/typed-lines.ts';
import { type ScreenModel, withView } from '../../../src/ui/state/screen-model.ts';
import type { UiEffect } from '../../../src/ui/state/ui-effect.ts';
import { whyNot } from '../../../src/ui/state/why-not.ts';
import { createTheme } from '../../../src/ui/terminal/theme.ts';
import { PROFILES } from '../draw-screen.tsx';
import { play, sampleModel } from '../sample-model.ts';

/** T protects with a reason and lifts it again by the typed name; a protected machine is refused before any dialog. */

const deeds = (effects: readonly UiEffect[]): readonly OperatorAction[] =>
  effects.flatMap((effect) => (effect.type === 'act' ? [effect.action] : []));

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

function textOf(model: ScreenModel): string {
  const { dialog } = model.ui;
  if (dialog?.kind !== 'typed') throw new Error('no dialog');
  const scene = { model, theme: createTheme(PROFILES.ascii) };
  const lines = typedLines(scene as Parameters<typeof typedLines>[0], dialog, { width: 76, height: 30 });
  return lines.map((line) => line.map((span) => (typeof span === 'string' ? span : span[0])).join('')).join('\n');
}

describe('protecting', () => {
  test('asks why, and is done with the reason', () => {
    const { model, effects } = play(ready(), ['T', ...'only copy', '<enter>']);
    expect(deeds(effects)).toEqual([{ type: 'protect', nodes: ['r07-u32'], why: 'only copy' }]);
    expect(model.ui.dialog).toBeNull();
  });

  test('is not done without one', () => {
    expect(deeds(play(ready(), ['T', '<enter>', 'T', ...'no', '<enter>']).effects)).toEqual([]);
  });

  test('of several takes the number as well', () => {
    const marked = play(ready(), ['<space>', '<space>', 'T', ...'only copy']).model;
    expect(deeds(play(marked, ['<enter>', '3', '<enter>']).effects)).toEqual([]);
    expect(deeds(play(marked, ['<enter>', '2', '<enter>']).effects)).toEqual([
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
    expect(textOf(opened.model)).toMatch(new RegExp(`the \\w+ of ${armed} ends with it`));
  });
});

describe('lifting', () => {
  test('takes the name, with the reason in view', () => {
    const opened = play(guarded(ready(), 'r07-u32'), ['T']).model;
    expect(textOf(opened)).toContain('r07-u32 is protected by ada: holds the only copy');
    expect(deeds(play(opened, ['<enter>']).effects)).toEqual([]);
    expect(deeds(play(opened, [...'r07-u32', '<enter>']).effects)).toEqual([{ type: 'unprotect', nodes: ['r07-u32'] }]);
  });

  test('of several takes the word and the number', () => {
    const opened = play(guarded(ready(), 'r07-u32', 'r07-u31'), ['<space>', '<space>', 'T']).model;
    expect(deeds(play(opened, [...'LIFT 2', '<enter>']).effects)).toEqual([
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
  expect([deeds(effects), model.ui.dialog]).toEqual([[], null]);
  expect(model.ui.toasts.at(-1)?.text).toMatch(/protected by ada: holds the only copy; only broken glass/);
});

test('the filter finds them by the word', () => {
  const { model } = play(guarded(ready(), 'r07-u32'), ['2', '/', ...'protected', '<enter>']);
  expect(model.view.visible).toEqual(['r07-u32']);
});

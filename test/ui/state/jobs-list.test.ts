import { expect, test } from 'vitest';
import { shownList } from '../../../src/ui/select/shown-list.ts';
import { play, sampleModel } from '../sample-model.ts';

const onJobs = () => play(sampleModel('normal'), ['6']).model;

test('tab goes from the waves to the jobs, and the jobs scroll', () => {
  expect(shownList(onJobs())?.name).toBe('waves');
  const { model } = play(onJobs(), ['<tab>', 'G']);
  const list = shownList(model);
  expect(list?.name).toBe('jobs');
  expect(list?.cursor).toBe((list?.ids.length ?? 0) - 1);
  expect(model.ui.tops.jobs).toBe((list?.ids.length ?? 0) - (list?.height ?? 0));
});

test('without waves the jobs have the keys at once', () => {
  const model = onJobs();
  expect(shownList({ ...model, fleet: { ...model.fleet, waves: {} } })?.name).toBe('jobs');
});

test('enter opens the machine of the job, c cancels it, and the wave keys still mean the wave', () => {
  const { model } = play(onJobs(), ['<tab>', 'j']);
  const here = shownList(model);
  const name = here?.ids[here.cursor] ?? '';
  expect(play(model, ['<enter>']).model.ui.routes.at(-1)).toEqual({ is: 'node', node: name });
  expect(play(model, ['c']).effects).toEqual([{ type: 'act', action: { type: 'cancel', nodes: [name] } }]);
  expect(play(model, ['u']).effects[0]).toMatchObject({
    type: 'act',
    action: { wave: Object.keys(model.fleet.waves)[0] },
  });
});

test('several jobs are cancelled after their number was typed; marks of machines without a job are left out', () => {
  const marked = play(sampleModel('normal'), ['g', '<space>']).model;
  const { model } = play(marked, ['6', '<tab>', '<space>', '<space>', 'c']);
  const { dialog } = model.ui;
  if (dialog?.kind !== 'typed') throw new Error('no dialog');
  expect(dialog.nodes.every((node) => model.view.jobs.includes(node))).toBe(true);
  expect(play(model, [...String(dialog.nodes.length), '<enter>']).effects).toEqual([
    { type: 'act', action: { type: 'cancel', nodes: dialog.nodes } },
  ]);
});

test('a hold asks why, and sends what was typed', () => {
  const { model, effects } = play(sampleModel('normal'), ['H', ...'fan is dead', '<enter>']);
  expect(model.ui.dialog).toBeNull();
  expect(effects).toEqual([{ type: 'act', action: { type: 'hold', nodes: ['r07-u33'], why: 'fan is dead' } }]);
  expect(play(sampleModel('normal'), ['H', ...'no', '<enter>']).effects).toEqual([]);
});

test('the plan page shows every kind of job, each made for it', () => {
  const { model, effects } = play(sampleModel('normal'), ['D', '<tab>', 'l', 'h']);
  expect(effects.map((one) => (one.type === 'preview' ? one.kind : one.type))).toHaveLength(4);
  expect(new Set(effects.map((one) => (one.type === 'preview' ? one.kind : ''))).size).toBe(3);
  expect(model.ui.routes.at(-1)).toMatchObject({ is: 'plan', node: 'r07-u33' });
});

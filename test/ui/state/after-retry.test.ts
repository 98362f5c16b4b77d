import { describe, expect, test } from 'vitest';
import { nodeOf, putNode } from '../../../src/core/fleet.ts';
import type { NodeState } from '../../../src/core/node.ts';
import { troubledLines } from '../../../src/ui/screens/bring-up-report.ts';
import { bringUpRack } from '../../../src/ui/select/bring-up-view.ts';
import { menuItems } from '../../../src/ui/state/menus.ts';
import { type ScreenModel, withView } from '../../../src/ui/state/screen-model.ts';
import { createTheme } from '../../../src/ui/terminal/theme.ts';
import { jobOf } from '../../core/kit.ts';
import { PROFILES } from '../draw-screen.tsx';
import { NOW } from '../sample-fleet.ts';
import { play, sampleModel, withMarks } from '../sample-model.ts';

/** What stands on the screen when a machine was tried again, and what is offered for one that cannot be. */

function withNode(model: ScreenModel, name: string, change: Partial<NodeState>): ScreenModel {
  const node = nodeOf(model.fleet, name);
  if (node === undefined) throw new Error(`no ${name}`);
  return withView({ ...model, fleet: putNode(model.fleet, { ...node, ...change }) });
}
const failed = { health: { is: 'failed', code: 'KERNEL_PANIC', since: NOW, detail: 'seen' } } as const;
const armedAgain = { health: { is: 'ok' }, phase: { is: 'armed', since: NOW } } as const;

describe('the next problem', () => {
  const model = ['r07-u20', 'r07-u21', 'r07-u22'].reduce(
    (now, name) => withNode(now, name, failed),
    sampleModel('failure'),
  );
  const { problems } = model.view;
  const cursorOf = ({ ui }: ScreenModel) => ui.cursor.nodes;
  test.each<readonly [string, string, number]>([
    ['after one that was retried is the one that followed it, not the first again', 'n', 2],
    ['before one that was retried is the one before it', 'N', 0],
  ])('%s', (_name, key, expected) => {
    const first = withView({ ...model, ui: { ...model.ui, cursor: { nodes: problems[0] ?? '' } } });
    const second = play(first, ['n']).model;
    expect(cursorOf(second)).toBe(problems[1]);
    const retried = withNode(second, problems[1] ?? '', armedAgain);
    expect(cursorOf(play(retried, [key]).model)).toBe(problems[expected]);
  });

  test('of a machine that never was one is the worst', () => {
    const sound = withView({ ...model, ui: { ...model.ui, cursor: { nodes: 'r07-u01' } } });
    expect(cursorOf(play(sound, ['n']).model)).toBe(problems[0]);
  });
});

test('in the bring-up a machine that is tried again shows what it does, and no failure that is over', () => {
  const model = sampleModel('normal');
  const [wave] = Object.values(model.fleet.waves);
  const [entry] = wave?.entries ?? [];
  if (wave === undefined || entry === undefined) throw new Error('no wave');
  const ended = { [entry.node]: { outcome: 'failed', at: NOW, code: 'KERNEL_PANIC' } } as const;
  const stopped = { ...wave, state: 'stopped', started: [entry.node], ended } as const;
  const fleet = { ...model.fleet, waves: { [wave.id]: stopped } };
  const row = (change: Partial<NodeState>): string => {
    const now = withNode({ ...model, fleet }, entry.node, change);
    const scene = { model: now, theme: createTheme(PROFILES.ascii) };
    return troubledLines(scene, bringUpRack(now), { width: 80, height: 5 }).join('\n');
  };
  const job = jobOf('install', { wave: wave.id });
  expect(row({ ...failed, job })).toMatch(/failed .*seen/);
  expect(row({ ...armedAgain, job })).toMatch(/\+ARM .*tried again/);
  expect(row({ ...armedAgain, job })).not.toMatch(/failed|KERNEL_PANIC/);
});

test.each(['a', 'p'])('the menu under %s opens on an entry that is possible', (key) => {
  // It has no job: the first entry, a retry, is not for it.
  const opened = play(withMarks(sampleModel('normal'), 'r07-u33'), [key]).model;
  const { dialog } = opened.ui;
  if (dialog?.kind !== 'menu' || (dialog.of !== 'actions' && dialog.of !== 'power')) throw new Error('no menu');
  const items = menuItems(opened, dialog.of, dialog.nodes);
  expect(items[dialog.index]?.against).toBeUndefined();
  expect(items.slice(0, dialog.index).every(({ against }) => against !== undefined)).toBe(true);
});

test('a machine that has no job, and waits for its turn in a wave, can be cancelled', () => {
  const model = sampleModel('normal');
  const [wave] = Object.values(model.fleet.waves);
  if (wave === undefined) throw new Error('no wave');
  const waits = { node: 'r07-u33', job: 'j', plan: jobOf('install').plan };
  const against = (now: ScreenModel) =>
    menuItems(now, 'actions', ['r07-u33']).find(({ action }) => action === 'cancelJob')?.against;
  expect(against(model)).toBe('r07-u33 has no job');
  const waves = { [wave.id]: { ...wave, entries: [...wave.entries, waits] } };
  expect(against({ ...model, fleet: { ...model.fleet, waves } })).toBeUndefined();
});

import { describe, expect, test } from 'vitest';
import { helpLines } from '../../../src/ui/dialogs/help-lines.ts';
import { WORDS } from '../../../src/ui/dialogs/word-lines.ts';
import { ACTIONS } from '../../../src/ui/keys/action-id.ts';
import { DEFAULT_KEYMAP } from '../../../src/ui/keys/default-keymap.ts';
import type { ScreenMode } from '../../../src/ui/keys/keymap.ts';
import { LOOKS } from '../../../src/ui/select/node-look.ts';
import { createTheme } from '../../../src/ui/terminal/theme.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { lineText } from '../read-dialog.ts';
import { play, sampleModel } from '../sample-model.ts';

const MODES: readonly ScreenMode[] = [
  'rack',
  'list',
  'node',
  'log',
  'discovery',
  'bringUp',
  'jobs',
  'services',
  'history',
  'plan',
];
const scene = { model: sampleModel('normal'), theme: createTheme(PROFILES.ascii) };

function textOf(of: ScreenMode, width: number, search = ''): readonly string[] {
  const lines = helpLines(scene, { of, search: { text: search } }, { width, height: 21 });
  return lines.map(lineText);
}

describe.each([76, 96, 40])('help in %i columns', (width) => {
  test.each(MODES)('cuts nothing on the %s screen', (mode) => {
    const lines = textOf(mode, width);
    expect(lines.filter((line) => line.includes('~') && !line.includes('~.'))).toEqual([]);
    expect(lines.filter((line) => line.trimEnd().length > width)).toEqual([]);
  });
});

test.each(MODES)('in a replay help of the %s screen names no key that orders something', (mode) => {
  const { model } = scene;
  const player = { state: 'paused', percent: 0, count: '', keys: [] };
  const replay = { ...scene, model: { ...model, session: { ...model.session, player } } };
  const of = (search: string) => helpLines(replay, { of: mode, search: { text: search } }, { width: 76, height: 21 });
  const text = [...of(''), ...of('in')].map(lineText).join('\n');
  const orders = Object.values(ACTIONS).filter(({ tier }) => tier !== 'read');
  expect(orders.map(({ help }) => help.slice(0, 20)).filter((help) => text.includes(help))).toEqual([]);
  expect(text).not.toContain('power menu');
  expect(text).toContain('command palette');
});

test('panic and break glass stand on the first page of 80x25, in whole words', () => {
  const first = textOf('rack', 76).slice(0, 21).join('\n');
  expect(first).toContain('PANIC: every answer');
  expect(first).toContain('break glass: 15');
});

test('every short word of a phase is explained, and no other', () => {
  const shown = [...new Set(LOOKS.map((look) => look.word.trim()))];
  expect(Object.keys(WORDS).toSorted()).toEqual(shown.toSorted());
  expect(textOf('rack', 76).join('\n')).toContain('INRD');
});

test.each<[string, string, string]>([
  ['bring-up', '7', 'HELP: bring-up'],
  ['jobs', '6', 'HELP: jobs and waves'],
])('the title of %s is a word of the operator', async (_name, key, title) => {
  const drawn = await drawScreen(play(sampleModel('normal'), [key, '?']).model, PROFILES.ascii);
  expect(drawn.screen()).toContain(title);
  expect(Object.keys(DEFAULT_KEYMAP)).toContain('bringUp');
});

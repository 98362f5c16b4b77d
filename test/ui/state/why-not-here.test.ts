import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Wave } from '../../../src/core/fleet.ts';
import type { ActionId } from '../../../src/ui/keys/action-id.ts';
import { renderKeyLine } from '../../../src/ui/screens/key-line.ts';
import { paletteItems } from '../../../src/ui/state/menus.ts';
import { screenMode } from '../../../src/ui/state/press-key.ts';
import { type ScreenModel, withView } from '../../../src/ui/state/screen-model.ts';
import { createTheme } from '../../../src/ui/terminal/theme.ts';
import { PROFILES } from '../draw-screen.tsx';
import { play, sampleModel } from '../sample-model.ts';

/** Keys are told where they act, and the palette holds what has a place on the screen that is open. */

const on = (...keys: readonly string[]): ScreenModel => play(sampleModel('normal', 200, 40), keys).model;
const empty = (...keys: readonly string[]): ScreenModel => play(sampleModel('empty', 200, 40), keys).model;
const readOnly = (model: ScreenModel): ScreenModel => ({ ...model, session: { ...model.session, readOnly: true } });

function withWave(model: ScreenModel, state: Wave['state']): ScreenModel {
  const waves = Object.fromEntries(Object.entries(model.fleet.waves).map(([id, wave]) => [id, { ...wave, state }]));
  return withView({ ...model, fleet: { ...model.fleet, waves } });
}

const hints = (model: ScreenModel): string =>
  stripVTControlCharacters(renderKeyLine({ model, theme: createTheme(PROFILES.plain) }, 200, true));
const palette = (model: ScreenModel): readonly ActionId[] =>
  paletteItems(model, screenMode(model.ui), '').map((item) => item.action);

describe('the line of keys', () => {
  test.each<[string, ScreenModel, readonly string[], readonly string[]]>([
    ['of a wave that runs', withWave(on('7'), 'running'), ['u pause', 'cancel the rest'], ['go on']],
    ['of a wave that is paused', withWave(on('7'), 'paused'), ['U go on', 'cancel the rest'], ['u pause']],
    ['of a wave that was cancelled', withWave(on('6'), 'cancelled'), [], ['u pause', 'go on', 'cancel the rest']],
    ['of who only looks on', readOnly(withWave(on('7'), 'running')), ['help'], ['pause', 'cancel the rest', 'go on']],
    ['of a rack in read-only', readOnly(on()), ['enter detail'], ['retry', 'reinstall', 'console']],
    ['of a node that is ready', on('<enter>'), ['R reinstall'], ['r retry']],
    ['of jobs, when there are none', empty('6'), ['esc back'], ['enter', 'mark', 'actions', 'pane']],
    ['of discovery', on('3'), ['adopt', 'ignore'], []],
    ['of discovery in read-only', readOnly(on('3')), ['help'], ['adopt', 'ignore']],
    ['of a rack without a problem', on(), ['[ ] rack'], ['next problem']],
    ['of a fleet without machines', empty(), ['discover'], ['[ ]', 'filter', 'next problem', 'enter']],
    ['of its bring-up', empty('7'), ['esc back'], ['[ ]', 'enter', 'next problem', 'go on']],
    ['of its history', empty('5'), ['search'], ['next match', 'next problem', 'enter']],
    ['of a log that is searched', on('4', '/', ...'OFFER', '<enter>'), ['n next match'], ['next problem']],
    ['of services in read-only', readOnly(on('4')), ['search'], ['restart']],
  ])('%s', (_name, model, shown, hidden) => {
    const line = hints(model);
    for (const words of shown) expect(line).toContain(words);
    for (const words of hidden) expect(line).not.toContain(words);
  });
});

describe('the palette', () => {
  test.each<[string, ScreenModel, readonly ActionId[], readonly ActionId[]]>([
    [
      'on the rack',
      on(),
      ['retry', 'install', 'panic'],
      ['restart', 'adopt', 'ignore', 'wavePause', 'waveResume', 'planOn', 'saveLog'],
    ],
    ['on services', on('4'), ['restart', 'saveLog'], ['adopt', 'planOn']],
    ['on discovery', on('3'), ['adopt', 'ignore'], ['restart']],
    ['on bring-up', withWave(on('7'), 'running'), ['wavePause', 'waveCancel'], ['waveResume', 'restart']],
  ])('%s offers what has a place there', (_name, model, offered, absent) => {
    const items = palette(model);
    expect(items).toEqual(expect.arrayContaining([...offered]));
    expect(items.filter((action) => absent.includes(action))).toEqual([]);
  });

  test('what is refused stands behind what can run, with the reason', () => {
    const items = paletteItems(on(), 'rack', '');
    const first = items.findIndex((item) => item.against !== undefined);
    expect(first).toBeGreaterThan(0);
    expect(items.slice(first).filter((item) => item.against === undefined)).toEqual([]);
  });
});

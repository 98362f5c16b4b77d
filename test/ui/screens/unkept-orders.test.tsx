import { expect, test } from 'vitest';
import { siteLines } from '../../../src/cli/site-lines.ts';
import type { UnkeptOrder } from '../../../src/core/unkept.ts';
import type { ScreenModel } from '../../../src/ui/state/screen-model.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { NOW } from '../sample-fleet.ts';
import { play, sampleModel } from '../sample-model.ts';

/** Orders that end with the engine are named wherever somebody looks, and no quit loses them by a slip. */

const PANIC = { since: NOW - 5_000, by: { user: 'ada', from: 'tty1' } };

function unsaved(orders: readonly UnkeptOrder[], simulated = false): ScreenModel {
  const sample = sampleModel('unsaved');
  const unkept = orders.length === 0 ? {} : { unkept: orders };
  const saving = { is: 'failing', since: NOW - 10_000, reason: 'no space left on device', ...unkept } as const;
  const fleet = { ...sample.fleet, simulated, saving, switches: { panic: PANIC } };
  return { ...sample, fleet, session: { ...sample.session, holdsStack: true } };
}

const TWO: readonly UnkeptOrder[] = [{ what: 'PANIC' }, { what: 'hold', of: 'r07-u32' }];
const textOf = async (model: ScreenModel) => (await drawScreen(model, PROFILES.ascii)).lines().join('\n');

test('the header and the alarms name them', async () => {
  const header = await textOf(unsaved(TWO));
  expect(header).toContain(' PANIC, NOT SAVED ');
  expect(header).toMatch(/NOT SAVED, lost .*: PANIC; hold r07-u32/);
  const alarms = await textOf(play(unsaved(TWO), ['!']).model);
  expect(alarms).toContain('ORDERS THAT ARE NOT SAVED');
  expect(alarms).toMatch(/PANIC; hold r07-u32\./);
  const saved = await textOf(play(unsaved([]), ['!']).model);
  expect(saved).toContain('NOT SAVING');
  expect(saved).not.toContain('NOT SAVED');
});

test('status and --plain name them, each machine too', () => {
  expect(siteLines(unsaved(TWO).fleet, NOW).slice(1, 3)).toEqual([
    'NOT SAVED, lost if the engine ends now: PANIC; hold r07-u32',
    'PANIC key pressed by ada: every answer is local (NOT SAVED)',
  ]);
  expect(siteLines(unsaved([]).fleet, NOW)[1]).toBe('PANIC key pressed by ada: every answer is local');
});

test.each([
  ['q Q', ['q', 'Q', 'Q', '<enter>']],
  ['ctrl-c again and again', ['<ctrl-c>', '<ctrl-c>', '<ctrl-c>', '<enter>']],
])('%s loses nothing: what is lost is named, and must be typed', async (_name, keys) => {
  const asked = play(unsaved(TWO), keys.slice(0, 1));
  const text = await textOf(asked.model);
  expect(text).toMatch(/QUIT AND LOSE ORDERS/);
  expect(text).toMatch(/PANIC; hold r07-u32/);
  expect(play(unsaved(TWO), keys).effects).toEqual([]);
  expect(play(unsaved(TWO), ['q', ...'LOSE', '<space>', '2', '<enter>']).effects).toEqual([{ type: 'quit' }]);
  expect(play(unsaved(TWO), ['q', ...'LOSE', '<space>', '1', '<enter>']).effects).toEqual([]);
});

test('an order that comes after the question is asked for as well', () => {
  const asked = play(unsaved([]), ['q']);
  expect(asked.model.ui.dialog).toEqual({ kind: 'quitAsked' });
  const later = { ...asked.model, fleet: unsaved(TWO).fleet };
  expect(play(later, ['Q']).effects).toEqual([]);
  expect(play(asked.model, ['Q']).effects).toEqual([{ type: 'quit' }]);
});

test('a demo, and a screen beside the engine, have none to lose', () => {
  expect(play(unsaved(TWO, true), ['q', 'Q']).effects).toEqual([{ type: 'quit' }]);
  const beside = unsaved(TWO);
  expect(play({ ...beside, session: { ...beside.session, holdsStack: false } }, ['q']).effects).toEqual([
    { type: 'quit' },
  ]);
});

import { expect, test } from 'vitest';
import type { Fleet } from '../../../src/core/fleet.ts';
import { deleteIn } from '../../../src/core/shard-map.ts';
import type { NodeSpec } from '../../../src/core/spec.ts';
import { takeBatch } from '../../../src/ui/screen/batch-feed.ts';
import type { ScreenModel } from '../../../src/ui/state/screen-model.ts';
import { apply, armed, fleetOf, specOf } from '../../core/kit.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { NOW } from '../sample-fleet.ts';
import { play, sampleModel } from '../sample-model.ts';

const batch = (fleet: Fleet) => ({ fleet, atMs: NOW, recent: [], bytesPerSecond: 0, urgent: false });
const take = (model: ScreenModel, fleet: Fleet): ScreenModel => takeBatch(model, batch(fleet), NOW + 1_000);
const toasts = (model: ScreenModel) => model.ui.toasts.map(({ tone, text }) => [tone, text]);

const model = sampleModel('normal');
const wrong = (line: number, severity: 'error' | 'warning' = 'error'): Fleet => ({
  ...model.fleet,
  inventory: {
    ...model.fleet.inventory,
    problems: [{ file: 'r07/r07-u33.yaml', line, column: 3, severity, message: 'there is no field "profil"' }],
  },
});

test('whoever saved a file that is rejected is told the place, and when it is mended', () => {
  const told = take(model, wrong(12));
  expect(toasts(told)).toEqual([
    [
      'bad',
      'the inventory is rejected: r07/r07-u33.yaml:12:3: there is no field "profil"; the last good one stays in use',
    ],
  ]);
  expect(toasts(take(told, model.fleet)).at(-1)).toEqual(['good', 'the inventory is read again: no error is left']);
});

test('the same error again is not told again, another one is, and a warning rejects nothing', () => {
  const told = take(model, wrong(12));
  expect(toasts(take(told, wrong(12)))).toHaveLength(1);
  expect(toasts(take(told, wrong(14)))).toHaveLength(2);
  expect(toasts(take(model, wrong(12, 'warning')))).toEqual([]);
});

test('a screen that comes to an engine whose inventory is rejected is told as well', () => {
  const fresh: ScreenModel = { ...model, link: { is: 'connecting', lastAtMs: NOW } };
  expect(toasts(take({ ...fresh, fleet: { ...model.fleet } }, wrong(12)))[0]?.[0]).toBe('bad');
});

test('a mark leaves with the stranger that was adopted', () => {
  const macs = ['52:54:00:0c:11:01', '52:54:00:0c:12:01'];
  const marked: ScreenModel = { ...model, ui: { ...model.ui, strangerMarks: macs } };
  const strangers = deleteIn(model.fleet.strangers, macs[0] ?? '');
  expect(take(marked, { ...model.fleet, strangers }).ui.strangerMarks).toEqual([macs[1]]);
});

test('whoever attached is told which engine it was, and that it is a demo', () => {
  const cameTo = '/var/lib/crashcart/control.sock';
  const fresh: ScreenModel = {
    ...model,
    session: { ...model.session, cameTo },
    link: { is: 'connecting', lastAtMs: NOW },
  };
  expect(toasts(take(fresh, model.fleet))).toEqual([['note', `attached to the engine of dc1 at ${cameTo}`]]);
  const demo = take(fresh, { ...model.fleet, simulated: true });
  expect(toasts(demo)).toEqual([['note', `attached to a DEMO (dc1) at ${cameTo}`]]);
});

test('bring-up names the command that opens this engine again', async () => {
  const attach = 'crashcart attach --socket /srv/state/control.sock';
  const there = play({ ...model, session: { ...model.session, attach } }, ['7']).model;
  expect((await drawScreen(there, PROFILES.vt)).lines().join(' ').replace(/\s+/g, ' ')).toContain(
    `\`${attach}\` opens here again`,
  );
});

test('an edit of the inventory that took a job with it is told, with the machine', () => {
  const spec = specOf('node-01');
  const base = apply(fleetOf(spec), [1, armed('install')]);
  const load = (...nodes: readonly NodeSpec[]) =>
    apply(base, [5, { type: 'inventory.loaded', nodes, site: 'lab', hash: 'x', warnings: [] }]);
  const before: ScreenModel = { ...model, fleet: base };
  const other = { ...spec, identity: { ...spec.identity, macs: ['52:54:00:77:77:77'] } };
  expect(toasts(take(before, load(other)))).toEqual([
    ['bad', expect.stringMatching(/^node-01: its install job was ended/)],
  ]);
  expect(toasts(take(before, load()))).toEqual([
    ['bad', 'node-01: it left the inventory, and its install job with it'],
  ]);
  expect(toasts(take(before, load(spec)))).toEqual([]);
});

test('after the engine was gone another site is told as another engine, the same one is not', () => {
  const lost: ScreenModel = { ...model, link: { is: 'lost', lastAtMs: NOW } };
  expect(toasts(take(lost, { ...model.fleet, site: 'dc2' }))).toEqual([
    ['bad', 'another engine answers here now: the engine of dc2'],
  ]);
  expect(toasts(take(lost, { ...model.fleet }))).toEqual([]);
});

import { describe, expect, test } from 'vitest';
import { renderHeader } from '../../src/ui/screens/header.ts';
import { type ScreenModel, withView } from '../../src/ui/state/screen-model.ts';
import { createTheme } from '../../src/ui/terminal/theme.ts';
import { drawScreen, PROFILES } from './draw-screen.tsx';
import { NOW } from './sample-fleet.ts';
import { play, sampleModel } from './sample-model.ts';

/** What no key brings about and what a fleet comes to seldom, each as a person sees it. */
const TERMINALS = [
  ['80x25-vt', 80, 25, 'vt'],
  ['140x40', 140, 40, 'unicode'],
  ['44x12', 44, 12, 'vt'],
] as const;

type Change = (model: ScreenModel) => ScreenModel;

/** A file was saved with a word that nobody knows; the inventory from before goes on. */
const rejected: Change = (model) => {
  const { fleet } = model;
  const wrong = { file: 'r07/r07-u33.yaml', severity: 'error' as const };
  const problems = [
    { ...wrong, line: 12, column: 3, message: 'there is no field "profil" here, did you mean "profile"?' },
    { ...wrong, line: 14, column: 9, message: 'a MAC has six pairs of hex digits' },
  ];
  return withView({ ...model, fleet: { ...fleet, inventory: { ...fleet.inventory, problems } } });
};

const glass: Change = (model) => {
  const broken = { until: NOW + 898_000, reason: 'canary wedged', by: { user: 'jo', from: 'tty1' } };
  const switches = { ...model.fleet.switches, glass: broken };
  return withView({ ...model, fleet: { ...model.fleet, simulated: true, switches } });
};

const panic: Change = (model) => {
  const switches = { ...model.fleet.switches, panic: { since: NOW, by: { user: 'jo', from: 'tty1' } } };
  return withView({ ...model, fleet: { ...model.fleet, switches } });
};

const simulated: Change = (model) => withView({ ...model, fleet: { ...model.fleet, simulated: true } });

const stale: Change = (model) => ({ ...model, link: { is: 'lost', lastAtMs: NOW - 12_000 } });

const replay: Change = (model) => {
  const player = { state: 'playing 1x', percent: 40, count: '40 of 100', keys: [] };
  return { ...model, session: { ...model.session, mode: 'REPLAY', player } };
};

/** A wave over the rack as it stands in the middle: who of those that began failed, and who is still under way. */
const wave =
  (state: 'stopped' | 'cancelled', failed: number, working: number): Change =>
  (model) => {
    const [old] = Object.values(model.fleet.waves);
    if (old === undefined) return model;
    const names = old.entries.map(({ node }) => node);
    const done = names.slice(0, 2).map((name) => [name, { outcome: 'done' as const, at: NOW }] as const);
    const bad = names.slice(2, 2 + failed);
    const ended = bad.map((name) => [name, { outcome: 'failed' as const, at: NOW, code: 'HALTED' as const }] as const);
    const why = `${failed} failed: ${bad.at(-1)} was the last; the rest is not started`;
    const next = {
      ...old,
      state,
      ...(state === 'stopped' ? { why } : {}),
      started: names.slice(0, 2 + failed + working),
      ended: Object.fromEntries([...done, ...ended]),
    };
    return withView({ ...model, fleet: { ...model.fleet, waves: { [old.id]: next } } });
  };

const both =
  (...changes: readonly Change[]): Change =>
  (model) =>
    changes.reduce((now, change) => change(now), model);

const STATES: readonly (readonly [name: string, keys: readonly string[], change: Change])[] = [
  ['rejected: rack', [], rejected],
  ['rejected: services', ['4'], rejected],
  ['rejected: history', ['5'], rejected],
  ['rejected: bring-up', ['7'], rejected],
  ['rejected: all of it', ['!'], rejected],
  ['alarms where there is one', ['!'], (model) => model],
  ['glass: rack', [], glass],
  ['glass: node', ['<enter>'], glass],
  ['glass and rejected', [], both(rejected, glass)],
  ['glass and panic', [], both(panic, glass)],
  ['panic and rejected', [], both(panic, rejected)],
  ['simulated, panic', [], both(panic, simulated)],
  ['simulated, panic and rejected', [], both(panic, rejected, simulated)],
  ['simulated, panic and no data', [], both(panic, simulated, stale)],
  ['simulated, replay', [], both(simulated, replay)],
  ['simulated, replay, panic', [], both(panic, simulated, replay)],
  ['replay, panic', [], both(panic, replay)],
  ['entry of the history', ['5', 'j', '<enter>'], (model) => model],
  ['wave stopped, 1 under way', ['7'], wave('stopped', 2, 1)],
  ['wave stopped, nobody under way', ['7'], wave('stopped', 3, 0)],
  ['wave cancelled, 3 under way', ['7'], wave('cancelled', 0, 3)],
  ['wave cancelled, failed and under way', ['7'], wave('cancelled', 1, 2)],
  ['wave cancelled, over', ['7'], wave('cancelled', 1, 0)],
];

const discovery: Change = (model) => {
  const switches = { ...model.fleet.switches, discoveryUntil: NOW + 1_740_000 };
  return withView({ ...model, fleet: { ...model.fleet, switches } });
};
const unsaved: Change = (model) => {
  const saving = { is: 'failing', since: NOW, reason: 'no space left on device' } as const;
  return withView({ ...model, fleet: { ...model.fleet, saving } });
};
const readOnly: Change = (model) => ({ ...model, session: { ...model.session, readOnly: true } });

/** Machines that are not real are marked whatever else is wrong, for whoever looks on as well, and on every screen. */
test('SIMULATED stands whole in the header beside all alarms at once', async () => {
  const alarms = [panic, glass, discovery, rejected, unsaved, stale, readOnly, replay];
  for (const [terminal, columns, rows, profile] of TERMINALS)
    for (let some = 0; some < 2 ** alarms.length; some++) {
      const change = both(simulated, ...alarms.filter((_, at) => (some >> at) % 2 === 1));
      const model = change(sampleModel('normal', columns, rows));
      const [first, second] = renderHeader(
        { model, theme: createTheme(PROFILES[profile]) },
        { width: columns, height: 2 },
      );
      expect([terminal, some.toString(2), `${first}\n${second}`]).toEqual([
        terminal,
        some.toString(2),
        expect.stringContaining('SIMULATED'),
      ]);
    }
});

describe.each(TERMINALS)('%s', (terminal, columns, rows, profile) => {
  test('the states', async () => {
    const pictures: string[] = [];
    const looks: string[] = [];
    for (const [name, keys, change] of STATES) {
      const drawn = await drawScreen(play(change(sampleModel('normal', columns, rows)), keys).model, PROFILES[profile]);
      expect([name, drawn.lines().length]).toEqual([name, rows]);
      pictures.push(`=== ${name}\n${drawn.lines().join('\n')}\n`);
      // Only the header: what stands below is looked at elsewhere.
      looks.push(`=== ${name}\n${drawn.attributes().split('\n').slice(0, 4).join('\n')}\n`);
    }
    await expect(pictures.join('\n')).toMatchFileSnapshot(`golden/${terminal}/states.txt`);
    await expect(looks.join('\n')).toMatchFileSnapshot(`golden/${terminal}/states.looks.txt`);
  });
});

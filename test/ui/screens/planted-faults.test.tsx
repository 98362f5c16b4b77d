import { describe, expect, test } from 'vitest';
import type { Played } from '../../../src/core/played.ts';
import { alarmsOf } from '../../../src/ui/select/alarms.ts';
import { type ScreenModel, withView } from '../../../src/ui/state/screen-model.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { play, sampleModel } from '../sample-model.ts';

/** What goes wrong in a demo on purpose is told on its screens: nobody shall look for a fault of his own there. */

const PLAYED: Played = {
  faults: [
    { node: 'r07-u33', text: 'its kernel panics (kernelPanic)' },
    { node: 'r07-u12', text: 'its BMC refuses the password (wrongPassword)' },
  ],
  notes: ['_talos/worker.yaml holds no secrets: this rehearsal adds made-up ones'],
};

const played = (model: ScreenModel, what: Played | undefined = PLAYED): ScreenModel =>
  withView({ ...model, fleet: { ...model.fleet, simulated: true, ...(what === undefined ? {} : { played: what }) } });

const textOf = async (model: ScreenModel) => (await drawScreen(model, PROFILES.vt)).lines();

describe.each([
  [80, 25, '2 planted: !'],
  [44, 12, '2 planted: !'],
  [140, 40, '2 faults on purpose: !'],
] as const)('in %i columns and %i rows', (columns, rows, told) => {
  const model = played(sampleModel('normal', columns, rows));

  test('the first screen counts them, with the key that tells them', async () => {
    expect((await textOf(model)).slice(0, 2).join('\n')).toContain(told);
  });

  test('that page tells each, and what is made up', async () => {
    let open = play(model, ['!']).model;
    let seen = '';
    for (let step = 0; step < 30; step++) {
      seen += ` ${(await textOf(open)).join(' ').replaceAll(/[│ ]+/g, ' ')} `;
      open = play(open, ['j']).model;
    }
    expect(seen).toContain('SIMULATED: 2 FAULTS ON PURPOSE');
    for (const { node, text } of PLAYED.faults) expect(seen).toContain(`${node}: ${text}`);
    expect(seen).toContain('SIMULATED: MADE UP FOR THIS REHEARSAL');
  }, 60_000);

  test('the page of the machine tells its own', async () => {
    const page = played(sampleModel('normal', columns, rows));
    const [opened, zoomed] = [play(page, ['<enter>']).model, play(page, ['<enter>', 'z']).model];
    let lines = [...(await textOf(opened))];
    let next = zoomed;
    for (let step = 0; step < 40; step++) {
      lines = [...lines, ...(await textOf(next))];
      next = play(next, ['j']).model;
    }
    const seen = lines.join('\n');
    expect(seen).toContain('SIMULATED, ON PURPOSE');
    expect(seen.replaceAll(/\s+/g, ' ')).not.toContain('refuses the password');
  }, 60_000);
});

test.each([
  ['of real machines', sampleModel('normal')],
  ['of a demo in which nothing goes wrong', played(sampleModel('normal'), { faults: [], notes: [] })],
])('nothing of it stands on the screens %s', async (_, model) => {
  for (const one of [model, play(model, ['<enter>']).model]) {
    const text = (await textOf(one)).join('\n');
    expect(text).not.toMatch(/planted|ON PURPOSE|made up/);
  }
  expect(alarmsOf(model).filter(({ title }) => title.startsWith('SIMULATED'))).toEqual([]);
});

test('a rehearsal without faults counts what it makes up', async () => {
  const model = played(sampleModel('normal'), { ...PLAYED, faults: [] });
  expect((await textOf(model))[0]).toContain('1 made up: !');
});

import { expect, test } from 'vitest';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { play, sampleModel } from '../sample-model.ts';

/** Whoever leaves must be able to believe what is said of what he leaves behind. */

const GOES_ON = 'State is kept; the next start goes on where this ends';

test.each<readonly [string, boolean, string | undefined, string, string]>([
  ['the stack of real machines keeps its state', false, undefined, GOES_ON, 'demo'],
  ['a demo takes its journal along', true, undefined, 'its machines and its journal go with it', GOES_ON],
  ['a demo that keeps it says how to see it again', true, '/srv/kept', 'crashcart replay /srv/kept', GOES_ON],
])('%s', async (_, simulated, keptIn, says, saysNot) => {
  const sample = sampleModel('normal');
  const session = { ...sample.session, holdsStack: true, ...(keptIn === undefined ? {} : { keptIn }) };
  const { model } = play({ ...sample, fleet: { ...sample.fleet, simulated }, session }, ['q']);
  const lines = (await drawScreen(model, PROFILES.ascii)).lines();
  // The dialog's own text, without its frame and what stands beside it.
  const dialog = lines.flatMap((line) => /[|] (.*?) *[|]/.exec(line.slice(line.search(/[|] [A-Z`a-z/]/)))?.[1] ?? []);
  const text = dialog.join(' ').replace(/ +/g, ' ');
  expect(text).toContain(says);
  expect(text).not.toContain(saysNot);
});

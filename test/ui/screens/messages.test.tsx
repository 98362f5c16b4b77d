import { expect, test } from 'vitest';
import { withToast } from '../../../src/ui/state/toasts.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { play, sampleModel } from '../sample-model.ts';

/** A message never takes the place of what is being typed, nor of the keys. */

const SIZES = [
  ['80x25', 80, 25],
  ['44x12', 44, 12],
  ['140x40', 140, 40],
] as const;

const MESSAGES = [
  ['a short message', 'wave of 23 started'],
  ['a long one', `${'nothing can be armed '.repeat(12)}end`],
] as const;

test.each(
  SIZES.flatMap(([size, columns, rows]) => MESSAGES.map(([what, text]) => [what, size, columns, rows, text] as const)),
)('%s leaves the filter and the keys in view: %s', async (_what, _size, columns, rows, text) => {
  for (const [keys, want] of [
    [['/', ...'fail'], '/fail'],
    [['/', ...'fail', '<enter>'], '/fail'],
    [[], '? help'],
  ] as const) {
    const { model } = play(sampleModel('failure', columns, rows), [...keys]);
    const drawn = await drawScreen(withToast(model, 'good', text), PROFILES.ascii);
    expect(drawn.lines().at(-1)).toContain(want);
    expect(drawn.screen()).toContain(text.slice(0, 18));
  }
});

test('Enter is offered where it tells why, and not on the page that it opens', async () => {
  const rack = await drawScreen(play(sampleModel('failure', 139, 22), ['n']).model, PROFILES.ascii);
  expect(rack.screen()).toContain('enter=why');
  const node = await drawScreen(play(sampleModel('failure', 139, 22), ['n', '<enter>']).model, PROFILES.ascii);
  expect(node.screen()).not.toContain('enter=why');
});

test('in 44x12 the reason of a failure that goes on below says so, with the key that shows the rest', async () => {
  const drawn = await drawScreen(play(sampleModel('failure', 44, 12), ['<enter>']).model, PROFILES.ascii);
  expect(drawn.screen()).toMatch(/\+\d+: z/);
  expect(drawn.lines().at(-1)).toContain('z zoom');
});

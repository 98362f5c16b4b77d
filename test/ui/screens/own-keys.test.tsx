import { expect, test } from 'vitest';
import { DEFAULT_KEYMAP } from '../../../src/ui/keys/default-keymap.ts';
import { remapKeys } from '../../../src/ui/keys/remap-keys.ts';
import type { ScreenModel } from '../../../src/ui/state/screen-model.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { play, sampleModel } from '../sample-model.ts';

/** Every sentence that names a key names the operator's own. */
const own = remapKeys(DEFAULT_KEYMAP, {
  retry: ['t'],
  hold: [],
  follow: ['ctrl-f'],
  breakGlass: ['X'],
  waveCancel: ['f12'],
});

async function textOf(keys: readonly string[], columns = 140, rows = 40): Promise<string> {
  if (!own.ok) throw new Error(own.error.join('; '));
  const model: ScreenModel = { ...sampleModel('failure', columns, rows), keymap: own.value };
  const drawn = await drawScreen(play(model, keys).model, PROFILES.ascii);
  return drawn.lines().join('\n');
}

test.each<readonly [string, readonly string[], string]>([
  ['what to try on a node that stalled', ['n', '<enter>'], 't retry   o console'],
  ['the head of a log', ['<enter>'], 'ctrl-f follow:ON'],
  ['the advice of a wave that stopped', ['7'], 'f12 cancels the rest'],
])('%s', async (_name, keys, words) => {
  expect((await textOf(keys)).replaceAll(/\s*\n\s*/g, ' ')).toContain(words);
});

test('the line about a node', async () => {
  expect(await textOf(['n'], 139, 22)).toContain('enter=why  t=retry');
});

import { expect, test } from 'vitest';
import type { NodePreview } from '../../../src/link/screen-port.ts';
import { planKey } from '../../../src/ui/state/screen-model.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { samplePreview } from '../sample-fleet.ts';
import { play, sampleModel } from '../sample-model.ts';

const ARGS = Array.from({ length: 12 }, (_, at) => `argument.number=${at}`).join(' ');
const { diff: _, ...noDiff } = samplePreview('r07-u33');

async function textOf(preview: NodePreview): Promise<string> {
  const opened = play(sampleModel('failure', 80, 50), ['D'], false).model;
  const plans = new Map([[planKey('r07-u33', 'install'), { is: 'here' as const, preview }]]);
  const drawn = await drawScreen({ ...opened, plans }, PROFILES.vt);
  return drawn.lines().join('\n').replaceAll(/\s+/g, ' ');
}

test.each<readonly [string, NodePreview, string]>([
  ['an installation with the same configuration differs in nothing', { ...noDiff, diff: [] }, 'last installation none'],
  ['without one nobody knows', noDiff, 'last installation not known: no installation is remembered here'],
  [
    'of lines longer than the screen it says which words differ',
    { ...noDiff, diff: [`-kernel ${ARGS} console=ttyS0 boot`, `+kernel ${ARGS} console=ttyS1 boot`] },
    'these differ: -console=ttyS0 +console=ttyS1',
  ],
  [
    'and nothing of them is cut',
    { ...noDiff, diff: [`+kernel ${ARGS} console=ttyS1 boot`] },
    'argument.number=11 console=ttyS1 boot',
  ],
])('%s', async (_name, preview, words) => {
  expect(await textOf(preview)).toContain(words);
});

test('what has no configuration has no difference of it', async () => {
  expect(await textOf({ ...noDiff, config: '' })).not.toContain('DIFFERENCE of the configuration');
});

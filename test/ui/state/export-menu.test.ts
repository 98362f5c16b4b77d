import { expect, test } from 'vitest';
import { ok } from '../../../src/core/result.ts';
import type { ExportWish } from '../../../src/link/screen-port.ts';
import type { TerminalDeeds } from '../../../src/ui/screen/effect-tools.ts';
import { createEffectRunner } from '../../../src/ui/screen/run-effects.ts';
import type { ScreenModel } from '../../../src/ui/state/screen-model.ts';
import { sampleFleet } from '../sample-fleet.ts';
import { play, sampleModel } from '../sample-model.ts';
import { createFakePort } from '../screen/fake-port.ts';

const wishes = (model: ScreenModel, keys: readonly string[]): readonly ExportWish[] =>
  play(model, keys).effects.flatMap((effect) => (effect.type === 'export' ? [effect.wish] : []));
const lastToast = (model: ScreenModel): string => model.ui.toasts.at(-1)?.text ?? '';

test.each<[name: string, keys: readonly string[], wish: ExportWish]>([
  ['on the rack: the report of the run', ['E', '<enter>'], { is: 'run' }],
  ['on the bring-up: that of its wave', ['7', 'E', '<enter>'], { is: 'wave', wave: 'w1' }],
  ['on a node: its packets', ['<enter>', 'E', '<enter>'], { is: 'packets', nodes: ['r07-u33'] }],
  [
    'of all that are marked',
    ['<space>', '<space>', 'E', 'j', 'j', '<enter>'],
    { is: 'packets', nodes: ['r07-u33', 'r07-u32'] },
  ],
  ['from the palette as well', [':', ...'export wave', '<enter>'], { is: 'wave', wave: 'w1' }],
])('E %s', (_name, keys, wish) => {
  expect(wishes(sampleModel('normal'), keys)).toEqual([wish]);
});

test('also for those who only look on, since nothing is changed by it', () => {
  const model = sampleModel('normal');
  const looking = { ...model, session: { ...model.session, readOnly: true } };
  expect(wishes(looking, ['E', '<enter>'])).toEqual([{ is: 'run' }]);
});

test('without a wave and without a machine it says so', () => {
  const model = sampleModel('empty');
  expect(wishes(model, ['E', 'j', '<enter>'])).toEqual([]);
  expect(lastToast(play(model, ['E', 'j', '<enter>']).model)).toBe('no wave here');
  expect(lastToast(play(model, ['E', 'j', 'j', '<enter>']).model)).toBe('no node here');
});

test('what came of it is said, and one export is under way at a time', async () => {
  let model = sampleModel('normal');
  const asked: ExportWish[] = [];
  const answer = Promise.withResolvers<void>();
  const exportTo = async (wish: ExportWish) => {
    asked.push(wish);
    await answer.promise;
    return ok('report.md is in /tmp/x');
  };
  const port = { ...createFakePort(sampleFleet('normal')), exportTo };
  const update = (change: (now: ScreenModel) => ScreenModel) => {
    model = change(model);
  };
  const runner = createEffectRunner(port, {} as TerminalDeeds, update, () => model);
  runner.run([
    { type: 'export', wish: { is: 'run' } },
    { type: 'export', wish: { is: 'run' } },
  ]);
  expect(lastToast(model)).toBe('writing the report ...');
  answer.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(lastToast(model)).toBe('report.md is in /tmp/x');
  expect(asked).toEqual([{ is: 'run' }]);
});

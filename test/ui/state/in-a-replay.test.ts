import { expect, test } from 'vitest';
import { play, sampleModel } from '../sample-model.ts';

test.each(['R', 'I', 'r', 'P', 'B'])('in a replay %s says at once that nothing can be changed there', (key) => {
  const model = sampleModel('normal');
  const player = { state: 'paused', percent: 0, count: '', keys: [] };
  const { model: after, effects } = play({ ...model, session: { ...model.session, player } }, [key]);
  expect([after.ui.dialog, effects]).toEqual([null, []]);
  expect(after.ui.toasts.map(({ text }) => text)).toEqual(['this is a replay: nothing can be changed here']);
});

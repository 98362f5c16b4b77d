import { cleanup, render } from 'ink-testing-library';
import { afterEach, expect, test } from 'vitest';
import { createStore } from 'zustand/vanilla';
import { App } from '../../../src/ui/screen/app.tsx';
import type { ScreenModel } from '../../../src/ui/state/screen-model.ts';
import { PROFILES } from '../draw-screen.tsx';
import { play, sampleModel } from '../sample-model.ts';

/** Frames as Ink makes them, before any terminal: what a change of the model draws, and what draws nothing. */

afterEach(cleanup);

test('the screen follows the model, and a model that shows the same makes no frame', async () => {
  const store = createStore<ScreenModel>(() => sampleModel('normal'));
  const { frames, lastFrame } = render(<App store={store} profile={PROFILES.vt} />);
  const settled = async () => {
    for (let before = -1; before !== frames.length; ) {
      before = frames.length;
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    return frames.length;
  };
  const first = await settled();
  expect(lastFrame()).toContain('CRASHCART');
  store.setState({ ...store.getState() });
  expect(await settled()).toBe(first);
  store.setState(play(store.getState(), ['?']).model);
  await settled();
  expect(lastFrame()).toContain('HELP');
});

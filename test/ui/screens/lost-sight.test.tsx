import { expect, test } from 'vitest';
import { adviceOf, causeOf } from '../../../src/core/cause.ts';
import { nodeOf, putNode } from '../../../src/core/fleet.ts';
import type { NodeState } from '../../../src/core/node.ts';
import { type ScreenModel, withView } from '../../../src/ui/state/screen-model.ts';
import { drawScreen, PROFILES } from '../draw-screen.tsx';
import { NOW } from '../sample-fleet.ts';
import { play, sampleModel } from '../sample-model.ts';

/** After a restart the page of a machine that was in the middle of a boot says what that means, and what to try. */

const NAME = 'r07-u33';

function withLost(model: ScreenModel, over: Partial<NodeState>): ScreenModel {
  const node = nodeOf(model.fleet, NAME);
  if (node === undefined) throw new Error(`no ${NAME}`);
  return withView({ ...model, fleet: putNode(model.fleet, { ...node, lostSightAt: NOW - 5_000, ...over }) });
}

async function pageOf(over: Partial<NodeState>): Promise<string> {
  const opened = play(withLost(sampleModel('normal', 140, 40), over), ['<enter>']).model;
  return (await drawScreen(opened, PROFILES.vt)).lines().join('\n');
}

const wordsOf = (text: string): readonly string[] => text.split(' ').slice(0, 3);

test('cause, advice and the keys that help', async () => {
  const page = await pageOf({ health: { is: 'ok' } });
  expect(page).toContain('not heard of since the program restarted');
  for (const text of [causeOf('LOST_SIGHT'), adviceOf('LOST_SIGHT')]) expect(page).toContain(wordsOf(text).join(' '));
  expect(page).toMatch(/read its BMC/);
});

test('a cause that is known says more', async () => {
  const page = await pageOf({ health: { is: 'stalled', code: 'NO_LOADER', since: NOW - 60_000, detail: 'none' } });
  expect(page).toContain(wordsOf(causeOf('NO_LOADER')).join(' '));
  expect(page).not.toContain(wordsOf(causeOf('LOST_SIGHT')).join(' '));
});

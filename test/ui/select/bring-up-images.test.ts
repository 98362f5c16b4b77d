import { expect, test } from 'vitest';
import type { ServiceRow } from '../../../src/link/screen-port.ts';
import { bringUpRack } from '../../../src/ui/select/bring-up-view.ts';
import { sampleModel } from '../sample-model.ts';

/** Images that are not in the vault are told before a wave begins, with the command that fetches them. */
const images = (holdsUp: Readonly<Record<string, number>>): ServiceRow => ({
  name: 'images',
  state: 'warn',
  word: '1 missing',
  listens: '-',
  note: 'Talos v1.14.0 amd64 37656798: crashcart images pull',
  holdsUp,
});

test.each<[string, Readonly<Record<string, number>>, string, RegExp]>([
  ['of all its machines hold the rack up', { r07: 40 }, 'failed', /^40 of 40 nodes without image: .*images pull$/],
  ['of some are told; the others may go', { r07: 3, r06: 40 }, 'unknown', /^3 of 40 nodes without image: .*pull$/],
  ['of another rack are no matter of this one', { r06: 40 }, 'done', /^40 nodes, 40 MACs, 0 duplicates$/],
])('missing images %s', (_name, holdsUp, state, note) => {
  const model = { ...sampleModel('normal'), services: [images(holdsUp)] };
  expect(bringUpRack(model).steps[2]).toMatchObject({ title: 'Rack plan', state, note: expect.stringMatching(note) });
});

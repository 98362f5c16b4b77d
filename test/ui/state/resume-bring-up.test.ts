import { expect, test } from 'vitest';
import { takeBatch } from '../../../src/ui/screen/batch-feed.ts';
import { freshModel, type ScreenModel } from '../../../src/ui/state/screen-model.ts';
import { NOW, sampleFleet } from '../sample-fleet.ts';
import { play } from '../sample-model.ts';

type Change = (fleet: ReturnType<typeof sampleFleet>) => ReturnType<typeof sampleFleet>;

const opened = (change: Change = (same) => same, player = false): ScreenModel => {
  const session = player ? { player: { state: 'paused', percent: 0, count: '', keys: [] } } : {};
  const batch = { fleet: change(sampleFleet('normal')), recent: [], bytesPerSecond: 0, urgent: false, atMs: NOW };
  return takeBatch(freshModel(80, 25, NOW, session), batch, NOW);
};
const where = ({ ui }: ScreenModel): readonly unknown[] => [ui.routes.at(-1)?.is, ui.rack];

const inState =
  (state: 'running' | 'stopped' | 'done' | 'cancelled', also: readonly string[] = []): Change =>
  (fleet) => {
    const [wave] = Object.values(fleet.waves);
    if (wave === undefined) return fleet;
    const [first] = wave.entries;
    const more = first === undefined ? [] : also.map((node) => ({ ...first, node }));
    return { ...fleet, waves: { w1: { ...wave, state, entries: [...wave.entries, ...more] } } };
  };

test.each<[what: string, model: ScreenModel, want: readonly unknown[]]>([
  ['a wave that runs opens the bring-up of its rack', opened(inState('running')), ['bringUp', 'r07']],
  ['so does one that stopped', opened(inState('stopped')), ['bringUp', 'r07']],
  ['one that is over does not', opened(inState('done')), ['rack', undefined]],
  ['nor one that was cancelled', opened(inState('cancelled')), ['rack', undefined]],
  ['nor one over several racks', opened(inState('running', ['r06-u01'])), ['rack', undefined]],
  ['nor a recording', opened(inState('running'), true), ['rack', undefined]],
])('%s', (_, model, want) => expect(where(model)).toEqual(want));

test('where the operator went afterwards he stays', () => {
  const left = play(opened(inState('running')), ['1']).model;
  const batch = { fleet: sampleFleet('normal'), recent: [], bytesPerSecond: 0, urgent: false, atMs: NOW };
  expect(where(takeBatch(left, batch, NOW + 1_000))[0]).toBe('rack');
});

test('behind a wave that is over the key asks for one over what is left, and says why nobody can go', () => {
  const fleet = inState('done')(sampleFleet('normal'));
  const { model } = play(
    opened(() => fleet),
    ['7', 'U'],
  );
  expect(model.ui.toasts.at(-1)?.text ?? model.ui.dialog?.kind).toMatch(
    /no machine can be installed: r0\d-u\d+: its|typed/,
  );
});

import { afterAll, describe, expect, test } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import type { NodeState } from '../../src/core/node.ts';
import { setIn } from '../../src/core/shard-map.ts';
import { freshModel, type ScreenModel, withStartStep, withView } from '../../src/ui/state/screen-model.ts';
import { withToast } from '../../src/ui/state/toasts.ts';
import { drawScreen, PROFILES } from './draw-screen.tsx';
import { NOW, type SampleKind } from './sample-fleet.ts';
import { play, sampleModel } from './sample-model.ts';
import { lintConsole } from './vt-lint.ts';

/** Every screen, on every kind of terminal, in every state of the fleet: as text, and what only colours and bars show. */
const TERMINALS = [
  ['80x25-vt', 80, 25, 'vt'],
  ['80x25-ascii', 80, 25, 'ascii'],
  ['80x25-no-color', 80, 25, 'plain'],
  ['140x40', 140, 40, 'unicode'],
  ['44x12', 44, 12, 'vt'],
] as const;

const KINDS: readonly SampleKind[] = ['empty', 'normal', 'failure', 'stale'];

const SCREENS: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ['rack', []],
  ['list', ['2']],
  ['node', ['<enter>']],
  ['discovery', ['3', '<space>']],
  ['services', ['4']],
  ['history', ['5']],
  ['jobs', ['6']],
  ['bring-up', ['7']],
  ['plan', ['D']],
];

/** Dialogs and fields are drawn over the rack; one state of the fleet shows them all. */
const DIALOGS: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ['help', ['?']],
  ['help-search', ['?', '/', ...'mark']],
  ['palette', [':', ...'pow']],
  ['menu', ['a']],
  ['power-menu', ['p']],
  ['reinstall', ['j', 'R', ...'r07-u3']],
  ['reinstall-many', ['<space>', 'j', '<space>', 'R', ...'ERASE']],
  ['reinstall-pasted', ['j', 'R', '\u001b[200~r07-u32\u001b[201~']],
  ['hold', ['H', ...'fan is']],
  ['protect', ['j', 'T', ...'holds the only']],
  ['protect-many', ['<space>', 'j', '<space>', 'T', ...'holds the only', '<tab>', '2']],
  ['columns', ['2', 'W', 'j', 'j', '<space>', 'G']],
  ['columns-chosen', ['2', 'W', ...'jj]]jjj', '<space>', '<esc>']],
  ['jobs-scrolled', ['6', '<tab>', ...'jjjjjjjjjjjj']],
  ['plan-of-a-wipe', ['D', '<tab>', 'j']],
  ['power-cycle', ['a', 'p', 'j', 'j', 'j', '<enter>']],
  ['break-glass', ['B', ...'canary wedged', '<tab>', ...'BREAK']],
  ['panic', ['P']],
  ['quit', ['<ctrl-c>']],
  ['filter', ['/', ...'fail']],
  ['filter-kept', ['/', ...'inst', '<enter>']],
  ['node-zoomed', ['<enter>', 'z']],
  ['log-search', ['<enter>', '<tab>', '/', ...'OFFER', '<enter>', 'n']],
  ['unsaved-rack', []],
  ['unsaved-node', ['<enter>']],
  ['log-paused', ['<enter>', '<tab>', 'k', 'k']],
  ['starting', []],
  ['long-refusal', []],
  ['zoomed-scrolled', ['<enter>', 'z', ...'jjjjjjj']],
  ['bring-up-of-many', ['7']],
  ['bring-up-report', ['7']],
  ['export', ['E']],
  ['export-of-a-wave', ['7', 'E']],
  ['in-rescue', ['<enter>']],
  ['node-gone', ['<enter>']],
];

/** Booted into memory by a rescue that has done its work. */
function inRescue(model: ScreenModel): ScreenModel {
  const { fleet } = model;
  const node = nodeOf(fleet, 'r07-u33');
  if (node?.attempt === undefined) return model;
  const way = node.attempt.way.slice(0, 10).concat({ phase: 'maintenance', at: NOW - 40_000 });
  const rescued: NodeState = {
    ...node,
    phase: { is: 'maintenance', since: NOW - 40_000, api: true },
    attempt: { ...node.attempt, answered: 'rescue', way },
  };
  return withView({ ...model, fleet: { ...fleet, nodes: setIn(fleet.nodes, node.name, rescued) } });
}

/** What no key brings about. */
const STATES: Readonly<Record<string, (model: ScreenModel) => ScreenModel>> = {
  starting: (model) =>
    ['inventory', 'journal and snapshot', 'DHCP'].reduce(
      (now, step, at) => withStartStep(now, step, NOW + 400 * at),
      freshModel(model.ui.size.columns, model.ui.size.rows, NOW, { mode: 'PROVISION' }),
    ),
  'in-rescue': inRescue,
  'node-gone': (model) => ({
    ...model,
    ui: { ...model.ui, routes: [{ is: 'rack' }, { is: 'node', node: 'r99-u01' }] },
  }),
  'long-refusal': (model) =>
    withToast(
      model,
      'bad',
      'r07-u33 armed: reinstall (NOT in the audit file: cannot write /var/lib/crashcart/audit-000001.log: no space left on device; free some space on that disk, it is tried again by itself)',
    ),
  'bring-up-report': (model) => {
    const wave = Object.values(model.fleet.waves)[0];
    if (wave === undefined) return model;
    const started = wave.entries.map((entry) => entry.node);
    const outcomes: readonly ('failed' | 'cancelled')[] = ['failed', 'cancelled'];
    const ended = Object.fromEntries(
      started.map((name, at) => [name, { outcome: outcomes[at] ?? ('done' as const), at: NOW }]),
    );
    const waves = { [wave.id]: { ...wave, state: 'done' as const, started, ended } };
    const services = { ...model.fleet.services, radar: { is: 'off' as const, why: 'no network names an interface' } };
    return withView({ ...model, fleet: { ...model.fleet, waves, services } });
  },
  'bring-up-of-many': (model) => {
    const wave = Object.values(model.fleet.waves)[0];
    if (wave === undefined) return model;
    const started = wave.entries.slice(0, 6).map((entry) => entry.node);
    const waves = { [wave.id]: { ...wave, state: 'running' as const, started, ended: {} } };
    return withView({ ...model, fleet: { ...model.fleet, waves } });
  },
};

const kindFor = (dialog: string): SampleKind =>
  dialog.startsWith('unsaved') ? 'unsaved' : /^(filter|log)/.test(dialog) ? 'failure' : 'normal';

const lintable = (profile: string): boolean => profile === 'vt' || profile === 'ascii';

describe.each(TERMINALS)('%s', (terminal, columns, rows, profile) => {
  const pictures = new Map<string, string>();
  const looks = new Map<string, string>();

  async function draw(title: string, kind: SampleKind, keys: readonly string[]): Promise<void> {
    const model = (STATES[title] ?? ((same) => same))(play(sampleModel(kind, columns, rows), keys).model);
    const drawn = await drawScreen(model, PROFILES[profile]);
    const lines = drawn.lines();
    expect(lines.length).toBe(rows);
    pictures.set(title, `=== ${title}\n${lines.join('\n')}\n`);
    looks.set(title, `=== ${title}\n${drawn.attributes()}\n`);
    if (lintable(profile))
      expect([title, lintConsole(drawn.stdout.transcript, profile === 'ascii' ? 'ascii' : 'vt')]).toEqual([title, []]);
  }

  test.each(SCREENS)(
    'the %s screen',
    async (name, keys) => {
      for (const kind of KINDS) await draw(`${name} ${kind}`, kind, keys);
      const of = (all: ReadonlyMap<string, string>) => KINDS.map((kind) => all.get(`${name} ${kind}`)).join('\n');
      await expect(of(pictures)).toMatchFileSnapshot(`golden/${terminal}/${name}.txt`);
      await expect(of(looks)).toMatchFileSnapshot(`golden/${terminal}/${name}.looks.txt`);
    },
    60_000,
  );

  test('the dialogs', async () => {
    for (const [name, keys] of DIALOGS) await draw(name, kindFor(name), keys);
    const of = (all: ReadonlyMap<string, string>) => DIALOGS.map(([name]) => all.get(name)).join('\n');
    await expect(of(pictures)).toMatchFileSnapshot(`golden/${terminal}/dialogs.txt`);
    await expect(of(looks)).toMatchFileSnapshot(`golden/${terminal}/dialogs.looks.txt`);
  }, 60_000);

  afterAll(() => {
    expect(pictures.size).toBe(SCREENS.length * KINDS.length + DIALOGS.length);
  });
});

test('a window that is too small says what it needs', async () => {
  const drawn = await drawScreen(sampleModel('failure', 30, 8), PROFILES.vt);
  await expect(`${drawn.screen()}\n`).toMatchFileSnapshot('golden/too-small.txt');
});

test('the lint finds what a console cannot show', () => {
  expect(lintConsole('\u001b[38;5;196mx\u001b[0m…\u001b[92m\u001b[4m\u001b]0;t\u0007✔')).toEqual([
    'attribute 4, which a console shows as a colour',
    'bright colour 92, which stays',
    'control string "\\u001b]0;t\\u0007"',
    'glyph … U+2026',
    'glyph ✔ U+2714',
    'more than 8 colours: 38;5;196',
  ]);
});

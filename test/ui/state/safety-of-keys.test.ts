import { beforeAll, describe, expect, test } from 'vitest';
import { nodesOf, type Wave } from '../../../src/core/fleet.ts';
import { indexIdentities } from '../../../src/core/identity-index.ts';
import type { OperatorAction } from '../../../src/core/operator-action.ts';
import { shardMapOf } from '../../../src/core/shard-map.ts';
import { DEFAULT_KEYMAP } from '../../../src/ui/keys/default-keymap.ts';
import type { Key } from '../../../src/ui/keys/key.ts';
import type { Mode } from '../../../src/ui/keys/keymap.ts';
import { takePreview } from '../../../src/ui/screen/take-preview.ts';
import { pressKey, pressKeys } from '../../../src/ui/state/press-key.ts';
import { type ScreenModel, withView } from '../../../src/ui/state/screen-model.ts';
import type { Step } from '../../../src/ui/state/ui-effect.ts';
import { ordersIn } from '../read-dialog.ts';
import { NOW, sampleFleet, samplePreview } from '../sample-fleet.ts';
import { play, sampleModel } from '../sample-model.ts';

/** What would interrupt, erase or open a lock. Nothing of it may come from keys alone. */
function isGrave(action: OperatorAction): boolean {
  if (action.type === 'power') return action.action !== 'on';
  return (
    [
      'arm',
      'wave',
      'waveResume',
      'waveCancel',
      'bootstrap',
      'applyConfig',
      'talosReboot',
      'breakGlass',
      'trustFingerprint',
      'restartService',
      'unprotect',
    ].includes(action.type) ||
    (action.type === 'discovery' && action.on) ||
    (action.type === 'panic' && !action.on)
  );
}

const press = (name: string): Key => ({
  kind: 'key',
  name,
  text: name === 'space' ? ' ' : [...name].length === 1 ? name : '',
  burst: 1,
  alone: true,
});

const KEYS: readonly string[] = [
  ...new Set(
    (Object.keys(DEFAULT_KEYMAP) as Mode[]).flatMap((mode) => DEFAULT_KEYMAP[mode].flatMap(([, ...keys]) => keys)),
  ),
  'x',
  'E',
  'backspace',
];

/** A toast or the clock makes no other state: the same keys mean the same in it. */
const stateOf = (model: ScreenModel): string => JSON.stringify({ ...model.ui, toasts: [] });

/** Plans are there at once: the worst case, because a dialog without its plan confirms nothing anyway. */
function answered(step: Step): ScreenModel {
  return step.effects.reduce(
    (model, effect) =>
      effect.type === 'preview'
        ? takePreview(model, effect, { is: 'here', nodes: effect.nodes.map((name) => samplePreview(name)) })
        : model,
    step.model,
  );
}

/** Everything that so many keys can reach, each state once. */
function graveWithin(model: ScreenModel, depth: number): readonly string[] {
  const found: string[] = [];
  const visited = new Set<string>();
  let layer: readonly { readonly model: ScreenModel; readonly path: readonly string[] }[] = [{ model, path: [] }];
  for (let pressed = 1; pressed <= depth; pressed++) {
    const next: { model: ScreenModel; path: readonly string[] }[] = [];
    for (const one of layer) {
      for (const name of KEYS) {
        const step = pressKey(one.model, press(name));
        for (const action of ordersIn(step.effects))
          if (isGrave(action)) found.push([...one.path, name, action.type].join(' '));
        if (pressed === depth) continue;
        const state = stateOf(step.model);
        if (visited.has(state)) continue;
        visited.add(state);
        next.push({ model: answered(step), path: [...one.path, name] });
      }
    }
    layer = next;
  }
  return found;
}

function stopped(model: ScreenModel): ScreenModel {
  const waves = Object.entries(model.fleet.waves).map(([id, wave]) => [id, { ...wave, state: 'stopped' as const }]);
  return { ...model, fleet: { ...model.fleet, waves: Object.fromEntries(waves) } };
}

function panicked(model: ScreenModel): ScreenModel {
  const panic = { since: NOW, by: { user: 'ada', from: 'tty1' } };
  return { ...model, fleet: { ...model.fleet, switches: { ...model.fleet.switches, panic } } };
}

describe('no three keys erase, interrupt or unlock anything', () => {
  let nodes: ScreenModel;
  beforeAll(() => {
    const model = play(sampleModel('normal'), ['j']).model;
    const few = nodesOf(model.fleet)
      .filter((node) => /r07-u3[0-5]/.test(node.name))
      .map((node) => (node.name === 'r07-u31' ? { ...node, guard: { since: 0, by: 'ada' } } : node));
    const fleet = {
      ...model.fleet,
      nodes: shardMapOf(few.map((node) => [node.name, node] as const)),
      index: indexIdentities(few.map((node) => node.spec)),
    };
    nodes = withView({ ...model, fleet });
  });

  test.each<[string, readonly string[]]>([
    ['on the rack screen', []],
    ['on the list', ['2']],
    ['with marked nodes', ['<space>', '<space>']],
    ["on a node's screen", ['<enter>']],
    ['on the discovery screen', ['3']],
    ['on the services screen', ['4']],
    ['on the jobs screen', ['6']],
    ['on the jobs screen, its wave stopped', ['6', 'stopped']],
    ['while panic is on', ['panic']],
    ['on the bring-up screen', ['7']],
    ['on the plan page', ['D']],
  ])(
    '%s',
    (_name, way) => {
      const state = way.includes('stopped') ? stopped(nodes) : way.includes('panic') ? panicked(nodes) : nodes;
      const keys = way.filter((key) => key !== 'stopped' && key !== 'panic');
      expect(graveWithin(play(state, keys).model, 3)).toEqual([]);
    },
    60_000,
  );

  test('and the search does find it where three keys would do: a machine named x', () => {
    const node = nodesOf(nodes.fleet).find((one) => one.phase.is === 'ready');
    if (node === undefined) throw new Error('no node');
    const short = { ...node, name: 'x', spec: { ...node.spec, name: 'x' } };
    const fleet = { ...nodes.fleet, nodes: shardMapOf([['x', short] as const]), index: indexIdentities([short.spec]) };
    expect(graveWithin(withView({ ...nodes, fleet }), 3)).toContain('R x enter arm');
  }, 60_000);

  test('nor do Enter and Enter again, from any dialog that an action opens', () => {
    for (const key of ['R', 'I', 'T', 'a', 'p', 'B', 'P', ':']) {
      const { effects } = play(nodes, [key, '<enter>', '<enter>', '<enter>', '<enter>']);
      expect([key, ordersIn(effects).filter(isGrave)]).toEqual([key, []]);
    }
  });
});

describe('the typed dialog', () => {
  const letters = (text: string) => [...text];
  const ready = () => play(sampleModel('normal'), ['j']).model;

  test('does it when the name was typed key by key, with the plan that was shown', () => {
    const { effects } = play(ready(), ['R', ...letters('r07-u32'), '<enter>']);
    expect(ordersIn(effects)).toEqual([
      {
        type: 'arm',
        kind: 'reinstall',
        nodes: ['r07-u32'],
        planHashes: { 'r07-u32': 'f00dfeed' },
        confirmed: 'r07-u32',
      },
    ]);
  });

  test('is dead with a name that is nearly right', () => {
    for (const text of ['r07-u3', 'r07-u322', 'R07-U32', ' r07-u32', 'y', 'yes']) {
      expect([text, ordersIn(play(ready(), ['R', ...letters(text), '<enter>']).effects)]).toEqual([text, []]);
    }
  });

  test('is dead until the plan is there', () => {
    const { effects, model } = play(ready(), ['R', ...letters('r07-u32'), '<enter>'], false);
    expect(ordersIn(effects)).toEqual([]);
    expect(model.ui.dialog).toMatchObject({ kind: 'typed', note: 'not yet, the plan is being made' });
  });

  test('takes no paste in brackets', () => {
    const { effects, model } = play(ready(), ['R', '\u001b[200~r07-u32\u001b[201~', '<enter>']);
    expect(ordersIn(effects)).toEqual([]);
    expect(model.ui.dialog === null || model.ui.dialog.kind === 'typed').toBe(true);
  });

  test('takes no paste without brackets, as of a console', () => {
    const { effects } = play(ready(), ['R', 'r07-u32\r', '<enter>', '<enter>']);
    expect(ordersIn(effects)).toEqual([]);
  });

  test('is not opened and confirmed by one burst', () => {
    const { effects, model } = play(ready(), ['Rr07-u32\r']);
    expect(ordersIn(effects)).toEqual([]);
    expect(model.ui.dialog).toBeNull();
  });

  test('an Enter that came with the last letter confirms nothing', () => {
    const { effects, model } = play(ready(), ['R', ...letters('r07-u3'), '2\r']);
    expect(ordersIn(effects)).toEqual([]);
    expect(model.ui.dialog).toMatchObject({ fields: [{ text: 'r07-u32' }] });
  });

  test('wants ERASE and the number for several', () => {
    const marked = play(ready(), ['<space>', '<space>']).model;
    expect(ordersIn(play(marked, ['R', ...letters('r07-u32'), '<enter>']).effects)).toEqual([]);
    expect(ordersIn(play(marked, ['R', ...letters('ERASE 2'), '<enter>']).effects)).toMatchObject([
      { type: 'arm', kind: 'reinstall', confirmed: 'ERASE 2', nodes: ['r07-u32', 'r07-u31'] },
    ]);
  });

  test('starts empty each time, and Esc closes it', () => {
    const again = play(ready(), ['R', ...letters('r07'), '<esc>', 'R']).model;
    expect(again.ui.dialog).toMatchObject({ kind: 'typed', focus: -1, fields: [{ text: '' }] });
  });

  test('leaves out of several what the engine would refuse, and wants the new number typed', () => {
    const opened = play(ready(), ['<space>', '<space>', '<space>', 'R', ...letters('ERASE')], false).model;
    const plans = ['r07-u32', 'r07-u31', 'r07-u30'].map((name) => ({
      ...planOf(name),
      planHash: `plan of ${name}`,
      refusals: name === 'r07-u31' ? ['r07-u31 is on hold'] : [],
    }));
    const model = takePreview(
      opened,
      { nodes: ['r07-u32', 'r07-u31', 'r07-u30'], kind: 'reinstall' },
      { is: 'here', nodes: plans },
    );
    expect(model.ui.dialog).toMatchObject({
      nodes: ['r07-u32', 'r07-u30'],
      leftOut: [{ node: 'r07-u31', why: 'r07-u31 is on hold' }],
      fields: [{ text: '' }],
    });
    expect(ordersIn(play(model, [...letters('ERASE 3'), '<enter>']).effects)).toEqual([]);
    expect(ordersIn(play(model, [...letters('ERASE 2'), '<enter>']).effects)).toMatchObject([
      { nodes: ['r07-u32', 'r07-u30'], planHashes: { 'r07-u32': 'plan of r07-u32', 'r07-u30': 'plan of r07-u30' } },
    ]);
  });

  test('cannot be confirmed when the engine would refuse', () => {
    const opened = play(ready(), ['R'], false).model;
    const refused = opened.ui.dialog;
    if (refused?.kind !== 'typed') throw new Error('no dialog');
    const preview = { is: 'here' as const, nodes: [{ ...planOf('r07-u32'), refusals: ['r07-u32 is protected'] }] };
    const model = { ...opened, ui: { ...opened.ui, dialog: { ...refused, preview } } };
    const { effects, model: after } = play(model, [...letters('r07-u32'), '<enter>']);
    expect(ordersIn(effects)).toEqual([]);
    expect(after.ui.dialog).toMatchObject({ note: 'not possible, r07-u32 would be refused' });
  });
});

const planOf = (node: string) => ({
  node,
  planHash: 'x',
  disks: [],
  now: [],
  refusals: [],
  warnings: [],
  script: '',
  kernelArgs: [],
  config: '',
  diff: [],
});

describe('what can be taken back', () => {
  test('one node at once', () => {
    expect(ordersIn(play(sampleModel('failure'), ['r']).effects)).toEqual([{ type: 'retry', nodes: ['r07-u33'] }]);
    expect(ordersIn(play(sampleModel('normal'), ['b']).effects)).toEqual([
      { type: 'locate', nodes: ['r07-u33'], on: true },
    ]);
  });

  test('several by typing how many', () => {
    const marked = play(sampleModel('normal'), ['<space>', '<space>', '<space>']).model;
    expect(ordersIn(play(marked, ['b']).effects)).toEqual([]);
    expect(ordersIn(play(marked, ['b', '3', '<enter>']).effects)).toMatchObject([
      { type: 'locate', nodes: ['r07-u33', 'r07-u32', 'r07-u31'] },
    ]);
  });

  test('panic ends by its word alone: a hand that goes on hitting P takes nothing back', () => {
    const model = sampleModel('normal');
    const panic = { since: NOW, by: { user: 'ada', from: 'tty1' } };
    const raging = { ...model, fleet: { ...model.fleet, switches: { ...model.fleet.switches, panic } } };
    expect(ordersIn(play(raging, ['P', 'P', 'P', 'P', '<enter>', '<enter>', 'P']).effects)).toEqual([]);
    expect(ordersIn(play(raging, ['P', ...'END PANIC', '<enter>']).effects)).toEqual([{ type: 'panic', on: false }]);
  });

  test('a wave is paused at once, and goes on or ends only by its phrase', () => {
    const of = (state: Wave['state']) => {
      const { model } = play(sampleModel('normal'), ['6']);
      const [wave] = Object.values(model.fleet.waves);
      if (wave === undefined) throw new Error('no wave');
      return { ...model, fleet: { ...model.fleet, waves: { w1: { ...wave, kind: 'reinstall' as const, state } } } };
    };
    const wave = 'w1';
    const go = (state: Wave['state'], keys: readonly string[]) => ordersIn(play(of(state), keys).effects);
    const waiting = (sampleFleet('normal').waves.w1?.entries.length ?? 0) - 1;
    expect(go('running', ['u'])).toEqual([{ type: 'wavePause', wave }]);
    expect(go('stopped', ['u', 'U', '<enter>', 'u'])).toEqual([]);
    expect(go('running', ['X', '<enter>', '<enter>'])).toEqual([]);
    const confirmed = `ERASE ${waiting}`;
    expect(go('stopped', ['U', ...confirmed, '<enter>'])).toEqual([{ type: 'waveResume', wave, confirmed }]);
    expect(go('paused', ['U', ...confirmed, '<enter>'])).toEqual([{ type: 'waveResume', wave, confirmed }]);
    expect(go('running', ['X', ...`CANCEL ${waiting}`, '<enter>'])).toEqual([{ type: 'waveCancel', wave }]);
    const paused = of('paused');
    const panic = { since: 0, by: { user: 'ada', from: 'tty1' } };
    const forbidden = { ...paused, fleet: { ...paused.fleet, switches: { ...paused.fleet.switches, panic } } };
    const under = play(forbidden, ['U']);
    expect([under.model.ui.dialog ?? null, under.model.ui.toasts.at(-1)?.text]).toEqual([
      null,
      'the panic key is pressed: release it first, then resume the wave',
    ]);
    for (const over of ['done', 'cancelled'] as const)
      expect(go(over, ['u', 'X', '<enter>', 'U', '<enter>'])).toEqual([]);
  });

  test('panic by P and P again, not by a stuck burst', () => {
    expect(ordersIn(play(sampleModel('normal'), ['P', 'P']).effects)).toEqual([{ type: 'panic', on: true }]);
    expect(ordersIn(play(sampleModel('normal'), ['PP']).effects)).toEqual([]);
  });

  test('break glass wants a reason and the phrase', () => {
    const reason = [...'canary wedged, BMC reset'];
    const phrase = [...'BREAK dc1'];
    expect(ordersIn(play(sampleModel('normal'), ['B', ...reason, '<tab>', ...phrase, '<enter>']).effects)).toEqual([
      { type: 'breakGlass', reason: 'canary wedged, BMC reset', phrase: 'BREAK dc1' },
    ]);
    expect(ordersIn(play(sampleModel('normal'), ['B', ...'short', '<tab>', ...phrase, '<enter>']).effects)).toEqual([]);
  });
});

describe('a read-only session', () => {
  test('says so instead of asking', () => {
    const model = sampleModel('normal');
    const readOnly = { ...model, session: { ...model.session, readOnly: true } };
    for (const key of ['r', 'R', 'I', 'b', 'B', 'P', 'H', 'T', 'o', 'e']) {
      const { model: after, effects } = play(readOnly, ['j', key]);
      expect([key, ordersIn(effects), after.ui.dialog]).toEqual([key, [], null]);
      expect(after.ui.toasts.at(-1)?.text).toMatch(/read-only/);
    }
  });
});

describe('leaving', () => {
  test('q leaves at once when the work goes on elsewhere', () => {
    expect(play(sampleModel('normal'), ['q']).effects).toEqual([{ type: 'quit' }]);
  });

  test('q asks when this process holds the stack, and only Q or ctrl-c go on', () => {
    const model = sampleModel('normal');
    const holding = { ...model, session: { ...model.session, holdsStack: true } };
    expect(play(holding, ['q', '<enter>', 'q', 'y']).effects).toEqual([]);
    expect(play(holding, ['q', 'Q']).effects).toEqual([{ type: 'quit' }]);
  });

  test('ctrl-c asks once and quits on the second, from anywhere', () => {
    for (const way of [[], ['/'], ['R'], ['?'], [':'], ['a'], ['P']]) {
      expect([way, play(sampleModel('normal'), [...way, '<ctrl-c>', '<ctrl-c>']).effects.at(-1)]).toEqual([
        way,
        { type: 'quit' },
      ]);
    }
  });

  test('no number of Esc leaves', () => {
    const { effects } = play(sampleModel('normal'), ['<enter>', 'D', ...Array.from({ length: 12 }, () => '<esc>')]);
    expect(effects.filter((effect) => effect.type === 'quit')).toEqual([]);
  });
});

test('a paste onto a screen does nothing', () => {
  const model = sampleModel('normal');
  const pasted = pressKeys(model, [{ kind: 'paste', text: ':reinstall\rr07-u33\r' }]);
  expect(pasted.effects).toEqual([]);
  expect(pasted.model.ui.dialog).toBeNull();
});

test('a quick hand on a busy host: two keys in one read open what only looks, three do not', () => {
  expect(play(sampleModel('normal'), ['j:']).model.ui.dialog).toMatchObject({ kind: 'palette' });
  expect(play(sampleModel('normal'), ['j/']).model.ui.dialog).toMatchObject({ kind: 'field' });
  for (const keys of ['jR', 'jq', 'jo', 'jP', 'jj:', 'jI']) {
    const { model, effects } = play(sampleModel('normal'), [keys]);
    expect([keys, model.ui.dialog, effects]).toEqual([keys, null, []]);
    expect(model.ui.toasts.at(-1)?.text).toMatch(/press it alone/);
  }
});

test('Esc and a letter that come in one read are two keys, and no shortcut to a deed', () => {
  const node = play(sampleModel('normal'), ['<enter>']).model;
  expect(play(node, ['\u001b4']).model.ui.routes.at(-1)).toEqual({ is: 'services' });
  for (const letter of ['R', 'I', 'o', 'B', 'q']) {
    const { model, effects } = play(node, [`\u001b${letter}`]);
    expect([letter, effects, model.ui.dialog, model.ui.routes.at(-1)]).toEqual([letter, [], null, { is: 'rack' }]);
  }
});

test('a paste without brackets onto a screen only moves', () => {
  const { effects, model } = play(sampleModel('normal'), ['jjR:P\rqIBx\u001a']);
  expect(effects).toEqual([]);
  expect(model.ui.dialog).toBeNull();
});

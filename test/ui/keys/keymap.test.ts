import { describe, expect, test } from 'vitest';
import { ACTION_IDS, type ActionId, actionInfo } from '../../../src/ui/keys/action-id.ts';
import { DEFAULT_KEYMAP } from '../../../src/ui/keys/default-keymap.ts';
import { parseKeyName } from '../../../src/ui/keys/key.ts';
import { findAction, findClashes, keysOf, type Mode } from '../../../src/ui/keys/keymap.ts';
import { remapKeys } from '../../../src/ui/keys/remap-keys.ts';

const MODES = Object.keys(DEFAULT_KEYMAP) as Mode[];
const SCREENS = MODES.filter(
  (mode) =>
    !['help', 'menu', 'typed', 'field', 'palette', 'columns', 'alarms', 'panicAsked', 'quitAsked'].includes(mode),
);

describe('the keymap', () => {
  test('no key means two things on a screen', () => {
    expect(MODES.length).toBeGreaterThan(15);
    for (const mode of MODES) expect([mode, findClashes(DEFAULT_KEYMAP, mode)]).toEqual([mode, []]);
  });

  test('no action is bound twice on a screen', () => {
    for (const mode of MODES) {
      const actions = DEFAULT_KEYMAP[mode].map(([action]) => action);
      expect([mode, actions]).toEqual([mode, [...new Set(actions)]]);
    }
  });

  test('every key has a spelling that the settings can use', () => {
    for (const mode of MODES)
      for (const [, ...keys] of DEFAULT_KEYMAP[mode])
        for (const key of keys) expect([key, parseKeyName(key)]).toEqual([key, key]);
  });

  test.each(SCREENS)('help, quit, redraw and the way back are on the %s screen', (mode) => {
    for (const [key, action] of [
      ['?', 'help'],
      ['q', 'quit'],
      ['esc', 'back'],
      ['ctrl-l', 'redraw'],
      [':', 'palette'],
    ] as const) {
      expect(findAction(DEFAULT_KEYMAP, mode, key)).toBe(action);
    }
  });

  test('Esc never quits, and Enter starts nothing that erases', () => {
    for (const mode of MODES) {
      expect(['quit', 'interrupt']).not.toContain(findAction(DEFAULT_KEYMAP, mode, 'esc'));
      const onEnter = findAction(DEFAULT_KEYMAP, mode, 'enter');
      if (onEnter !== undefined) expect(['read', 'reversible']).toContain(actionInfo(onEnter).tier);
    }
  });

  test('what interrupts or erases is no neighbour of a movement key without shift', () => {
    for (const mode of SCREENS) {
      for (const [action, ...keys] of DEFAULT_KEYMAP[mode]) {
        if (actionInfo(action).tier === 'destructive')
          for (const key of keys) expect([action, key]).toEqual([action, key.toUpperCase()]);
      }
    }
  });

  test('every action can be reached: by a key, a menu or the palette', () => {
    for (const id of ACTION_IDS) expect(actionInfo(id).help.length).toBeGreaterThan(1);
  });
});

/** The same wish, of another thing: what is looked for, which part is shown. */
const ONE_MEANING: readonly (readonly ActionId[])[] = [
  ['filter', 'search'],
  ['problemOn', 'matchOn'],
  ['problemBack', 'matchBack'],
  ['pane', 'planOn'],
  ['right', 'planOn'],
  ['left', 'planBack'],
];

test('a key means one thing, whichever screen is open', () => {
  const meanings = Map.groupBy(
    SCREENS.flatMap((mode) =>
      DEFAULT_KEYMAP[mode].flatMap(([action, ...keys]) => keys.map((key) => ({ key, action }) as const)),
    ),
    ({ key }) => key,
  );
  const several = [...meanings].flatMap(([key, bound]) => {
    const actions = [...new Set(bound.map(({ action }) => action))];
    const isOne = actions.length === 1 || ONE_MEANING.some((same) => actions.every((one) => same.includes(one)));
    return isOne ? [] : [`${key}: ${actions.join(', ')}`];
  });
  expect(meanings.size).toBeGreaterThan(60);
  expect(several).toEqual([]);
});

test('an action has the same keys on every screen that has it', () => {
  const keys = Map.groupBy(
    SCREENS.flatMap((mode) => DEFAULT_KEYMAP[mode].map(([action, ...own]) => ({ action, own: own.join(' ') }))),
    ({ action }) => action,
  );
  const several = [...keys].flatMap(([action, bound]) => {
    const ways = [...new Set(bound.map(({ own }) => own))];
    return ways.length === 1 ? [] : [`${action}: ${ways.join(' or ')}`];
  });
  expect(several).toEqual([]);
});

describe("the operator's own keys", () => {
  test('replace those of an action on every screen', () => {
    const result = remapKeys(DEFAULT_KEYMAP, { retry: ['t', 'F5'] });
    expect(result.ok && keysOf(result.value, 'rack', 'retry')).toEqual(['t', 'f5']);
    expect(result.ok && findAction(result.value, 'node', 'r')).toBeUndefined();
  });

  test('can take a key away', () => {
    const result = remapKeys(DEFAULT_KEYMAP, { reinstall: [] });
    expect(result.ok && findAction(result.value, 'rack', 'R')).toBeUndefined();
  });

  test.each<[string, Record<string, string[]>, RegExp]>([
    ['an unknown action, with the near one', { RETRY: ['t'] }, /no such action \(did you mean retry\?\)/],
    ['a key that there is not', { retry: ['hyper-t'] }, /"hyper-t" is no key/],
    ['a clash, with both actions', { retry: ['j'] }, /"j" would mean .*(retry and down|down and retry|retry|down)/],
    ['an easy key for something that erases', { reinstall: ['enter'] }, /too easily hit/],
    ['the keys that leave a dialog', { cancel: ['x'] }, /stays as it is/],
  ])('%s is refused', (_name, wishes, expected) => {
    const result = remapKeys(DEFAULT_KEYMAP, wishes);
    expect(result.ok ? '' : result.error.join('\n')).toMatch(expected);
  });

  test.each([
    ['R', 'R'],
    ['Ctrl-D', 'ctrl-d'],
    ['alt+x', 'alt-x'],
    ['PageDown', 'pgdn'],
    ['Return', 'enter'],
    [' ', 'space'],
    ['f12', 'f12'],
    ['f13', undefined],
    ['ctrl-é', undefined],
    ['', undefined],
  ])('"%s" is spelled %s', (raw, expected) => {
    expect(parseKeyName(raw)).toBe(expected);
  });
});

test('panic is confirmed by the key that asks for it, whichever it is, and by none that is easily hit', () => {
  const own = remapKeys(DEFAULT_KEYMAP, { panic: ['alt-p', 'f8'] });
  if (!own.ok) throw new Error(own.error.join('; '));
  expect(keysOf(own.value, 'panicAsked', 'confirm')).toEqual(['alt-p', 'f8']);
  expect(keysOf(own.value, 'typed', 'confirm')).toEqual(['enter']);
  expect(remapKeys(DEFAULT_KEYMAP, { panic: ['space'] })).toMatchObject({ ok: false });
});

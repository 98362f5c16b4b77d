import type { ActionId } from './action-id.ts';

/** Where keys mean something. Which ones stands in `screen-keys` and `dialog-keys`; help, hints and palette read those. */
export type ScreenMode =
  | 'rack'
  | 'list'
  | 'node'
  | 'log'
  | 'discovery'
  | 'bringUp'
  | 'jobs'
  | 'services'
  | 'history'
  | 'plan';
export type OverlayMode =
  | 'help'
  | 'menu'
  | 'typed'
  | 'field'
  | 'palette'
  | 'columns'
  | 'alarms'
  | 'panicAsked'
  | 'quitAsked';
export type Mode = ScreenMode | OverlayMode;

/** First key first in hints. */
export type Binding = readonly [action: ActionId, ...keys: readonly string[]];
export type Keymap = { readonly [M in Mode]: readonly Binding[] };

export function findAction(keymap: Keymap, mode: Mode, keyName: string): ActionId | undefined {
  return keymap[mode].find(([, ...keys]) => keys.includes(keyName))?.[0];
}

export function keysOf(keymap: Keymap, mode: Mode, action: ActionId): readonly string[] {
  return keymap[mode].find(([one]) => one === action)?.slice(1) ?? [];
}

/** For a sentence that names a key: the first one of the action, or its name in the palette where it has none. */
export const keyIn = (keymap: Keymap, mode: Mode, action: ActionId): string =>
  keysOf(keymap, mode, action)[0] ?? `:${action}`;

/** Keys that one mode binds twice: always a mistake, and with a user's own keys a refused setting. */
export function findClashes(keymap: Keymap, mode: Mode): readonly string[] {
  const keys = keymap[mode].flatMap(([, ...names]) => names);
  return [...new Set(keys.filter((name, at) => keys.indexOf(name) !== at))];
}

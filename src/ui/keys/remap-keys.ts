import { fail, ok, type Result } from '../../core/result.ts';
import { ACTION_IDS, ACTIONS, type ActionId, actionInfo } from './action-id.ts';
import { parseKeyName } from './key.ts';
import { type Binding, findClashes, type Keymap, type Mode } from './keymap.ts';

/** Never moved: without them somebody who broke his settings could not leave a dialog or the program. */
const FIXED: readonly ActionId[] = ['confirm', 'cancel', 'back', 'interrupt'];
/** Keys that a hand hits without looking. */
const EASY_KEYS = new Set([
  'enter',
  'space',
  'tab',
  'esc',
  'backspace',
  'up',
  'down',
  'left',
  'right',
  'j',
  'k',
  'h',
  'l',
  'y',
]);

/** The operator's own keys, `{ "retry": ["t"] }`, laid over the keymap. All problems at once, or the new map. */
export function remapKeys(
  keymap: Keymap,
  wishes: Readonly<Record<string, readonly string[]>>,
): Result<Keymap, readonly string[]> {
  const problems: string[] = [];
  const wanted = new Map<ActionId, readonly string[]>();
  for (const [name, keys] of Object.entries(wishes)) {
    if (!Object.hasOwn(ACTIONS, name)) {
      problems.push(`keys.${name}: there is no such action${didYouMean(name)}`);
      continue;
    }
    const action = name as ActionId;
    if (FIXED.includes(action))
      problems.push(`keys.${name}: this key stays as it is, so that every screen can be left`);
    const parsed = keys.map((key) => [key, parseKeyName(key)] as const);
    for (const [raw, key] of parsed) {
      if (key === undefined)
        problems.push(`keys.${name}: "${raw}" is no key (write j, R, f5, ctrl-d, alt-x, space, pgdn)`);
      else if (EASY_KEYS.has(key) && (action === 'panic' || !['read', 'reversible'].includes(actionInfo(action).tier)))
        problems.push(`keys.${name}: "${key}" is too easily hit for an action that interrupts or erases`);
    }
    wanted.set(
      action,
      parsed.flatMap(([, key]) => (key === undefined ? [] : [key])),
    );
  }
  const panic = wanted.get('panic');
  const entries = Object.entries(keymap).map(([mode, bindings]) => [
    mode,
    // Panic is confirmed by the key that asked for it.
    mode === 'panicAsked' && panic !== undefined && panic.length > 0
      ? bindings.map((one) => moved(one, new Map([['confirm', panic]])))
      : bindings.map((one) => moved(one, wanted)),
  ]);
  const map = Object.fromEntries(entries) as Keymap;
  for (const mode of Object.keys(map) as Mode[]) {
    for (const key of findClashes(map, mode)) {
      const who = map[mode].filter(([, ...keys]) => keys.includes(key)).map(([action]) => action);
      problems.push(`keys: "${key}" would mean ${who.join(' and ')} on the ${mode} screen`);
    }
  }
  return problems.length > 0 ? fail(problems) : ok(map);
}

function moved(binding: Binding, wanted: ReadonlyMap<ActionId, readonly string[]>): Binding {
  const keys = wanted.get(binding[0]);
  return keys === undefined ? binding : [binding[0], ...keys];
}

function didYouMean(name: string): string {
  const near = ACTION_IDS.find(
    (id) =>
      id.toLowerCase() === name.toLowerCase() || (name.length > 2 && id.toLowerCase().startsWith(name.toLowerCase())),
  );
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

import { fail, ok, type Result } from '../core/result.ts';
import { DEFAULT_KEYMAP } from './keys/default-keymap.ts';
import type { Keymap } from './keys/keymap.ts';
import { remapKeys } from './keys/remap-keys.ts';
import { LIST_COLUMNS, type ListColumn } from './select/list-columns.ts';
import type { Look } from './state/ui-state.ts';

/** What a user keeps between sessions: a small JSON file that may be written by hand. */
export interface Settings {
  readonly look: Partial<Look>;
  /** Action names to keys, as given; `keymap` is what came of them. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
  readonly keymap: Keymap;
  /** Time between two draws of news: 100 on this host, 250 and more over slow lines. */
  readonly batchMs?: number;
}

const SWITCHES = ['ascii', 'mouse', 'bell', 'title', 'wide'] as const;
const CHOICES = {
  colour: ['on', 'off', 'auto'],
  palette: ['standard', 'colourBlind', 'contrast'],
} as const;

/** All problems at once, each with the name of the setting. A wrong file changes nothing: the screen starts as usual. */
export function parseSettings(text: string): Result<Settings, readonly string[]> {
  const json = parseJson(text);
  if (!json.ok) return fail([json.error]);
  if (!isRecord(json.value)) return fail(['the settings must be an object: { "look": {}, "keys": {} }']);
  const problems: string[] = [];
  for (const name of Object.keys(json.value)) {
    if (!['look', 'keys', 'batchMs'].includes(name))
      problems.push(`${name}: there is no such setting (look, keys, batchMs)`);
  }
  const look = parseLook(json.value['look'], problems);
  const keys = parseKeys(json.value['keys'], problems);
  const batchMs = parseBatch(json.value['batchMs'], problems);
  const keymap = remapKeys(DEFAULT_KEYMAP, keys);
  if (!keymap.ok) problems.push(...keymap.error);
  if (problems.length > 0 || !keymap.ok) return fail(problems);
  return ok({ look, keys, keymap: keymap.value, ...(batchMs === undefined ? {} : { batchMs }) });
}

export function renderSettings({ look, keys, batchMs }: Omit<Settings, 'keymap'>): string {
  return `${JSON.stringify({ look, keys, ...(batchMs === undefined ? {} : { batchMs }) }, undefined, 2)}\n`;
}

function parseJson(text: string): Result<unknown> {
  try {
    return ok(JSON.parse(text));
  } catch (error) {
    return fail(`this is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseLook(value: unknown, problems: string[]): Partial<Look> {
  if (value === undefined) return {};
  if (!isRecord(value)) {
    problems.push('look: write an object, { "palette": "colourBlind" }');
    return {};
  }
  const look: Record<string, boolean | string | readonly string[]> = {};
  for (const [name, given] of Object.entries(value)) {
    if (name === 'columns') {
      look[name] = parseColumns(given, problems);
      continue;
    }
    const isSwitch = SWITCHES.some((one) => one === name);
    const choices: readonly string[] | undefined = Object.hasOwn(CHOICES, name)
      ? CHOICES[name as keyof typeof CHOICES]
      : undefined;
    if (isSwitch && typeof given === 'boolean') look[name] = given;
    else if (choices !== undefined && typeof given === 'string' && choices.includes(given)) look[name] = given;
    else if (isSwitch) problems.push(`look.${name}: write true or false`);
    else if (choices !== undefined) problems.push(`look.${name}: write one of ${choices.join(', ')}`);
    else
      problems.push(
        `look.${name}: there is no such setting (${[...SWITCHES, ...Object.keys(CHOICES), 'columns'].join(', ')})`,
      );
  }
  return look as Partial<Look>;
}

function parseColumns(given: unknown, problems: string[]): readonly ListColumn[] {
  const known = (name: unknown): name is ListColumn => LIST_COLUMNS.some((one) => one === name);
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const wrong = list.filter((name) => !known(name));
  if (wrong.length > 0) problems.push(`look.columns: write a list of ${LIST_COLUMNS.join(', ')}`);
  return [...new Set(list.filter(known))];
}

function parseKeys(value: unknown, problems: string[]): Readonly<Record<string, readonly string[]>> {
  if (value === undefined) return {};
  if (!isRecord(value)) {
    problems.push('keys: write an object, { "retry": ["t"] }');
    return {};
  }
  const keys: Record<string, readonly string[]> = {};
  for (const [action, given] of Object.entries(value)) {
    const list = typeof given === 'string' ? [given] : given;
    if (Array.isArray(list) && list.every((key) => typeof key === 'string')) keys[action] = list;
    else problems.push(`keys.${action}: write a key or a list of keys`);
  }
  return keys;
}

function parseBatch(value: unknown, problems: string[]): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && value >= 20 && value <= 2_000) return value;
  problems.push('batchMs: write a number of milliseconds from 20 to 2000');
  return undefined;
}

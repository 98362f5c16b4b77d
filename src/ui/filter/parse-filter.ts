import { fail, ok, type Result } from '../../core/result.ts';
import { parseSpan } from '../format/duration.ts';

/** `fail rack:r07 !ready age>5m text`: terms that must all hold. */
export type FilterTerm = { readonly not: boolean } & (
  | { readonly by: 'text'; readonly text: string }
  | { readonly by: 'group'; readonly text: string }
  | { readonly by: FilterKey; readonly text: string }
  | { readonly by: 'age'; readonly than: '<' | '>'; readonly ms: number }
);

export type FilterKey =
  | 'rack'
  | 'phase'
  | 'ip'
  | 'mac'
  | 'role'
  | 'image'
  | 'cluster'
  | 'profile'
  | 'unit'
  | 'code'
  | 'label'
  | 'job';

const FILTER_KEYS: readonly FilterKey[] = [
  'rack',
  'phase',
  'ip',
  'mac',
  'role',
  'image',
  'cluster',
  'profile',
  'unit',
  'code',
  'label',
  'job',
];

/** Words that mean a state when they stand alone: the beginning is enough. */
const GROUP_WORDS = [
  'ready',
  'install',
  'boot',
  'stalled',
  'failed',
  'off',
  'idle',
  'armed',
  'hold',
  'marked',
  'problem',
  'protected',
];

export function parseFilter(text: string): Result<readonly FilterTerm[]> {
  const terms: FilterTerm[] = [];
  for (const word of text.trim().toLowerCase().split(/\s+/)) {
    if (word === '' || word === '!') continue;
    const not = word.startsWith('!');
    const term = parseTerm(not ? word.slice(1) : word, not);
    if (!term.ok) return term;
    terms.push(term.value);
  }
  return ok(terms);
}

function parseTerm(word: string, not: boolean): Result<FilterTerm> {
  const age = /^age([<>])=?(.*)$/.exec(word);
  if (age !== null) {
    const ms = parseSpan(age[2] ?? '');
    // Half-typed: `age>` filters nothing yet, and is no fault.
    if (age[2] === '') return ok({ not: false, by: 'age', than: '>', ms: 0 });
    return ms === undefined
      ? fail(`"${word}": write age>5m (s, m, h, d)`)
      : ok({ not, by: 'age', than: age[1] === '<' ? '<' : '>', ms });
  }
  const pair = /^([a-z]+):(.*)$/.exec(word);
  if (pair !== null) {
    const [, key = '', value = ''] = pair;
    const known = FILTER_KEYS.find((one) => one === key);
    if (known !== undefined) return ok({ not, by: known, text: value });
    if (FILTER_KEYS.some((one) => one.startsWith(key)) || !/^[0-9a-f]{1,2}$/.test(key)) {
      return fail(`"${key}:" is unknown: ${FILTER_KEYS.join(', ')}, age`);
    }
  }
  if (word.length >= 3 && GROUP_WORDS.some((one) => one.startsWith(word))) return ok({ not, by: 'group', text: word });
  return ok({ not, by: 'text', text: word });
}

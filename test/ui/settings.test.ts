import { describe, expect, test } from 'vitest';
import { keysOf } from '../../src/ui/keys/keymap.ts';
import { parseSettings, renderSettings } from '../../src/ui/settings.ts';

describe('the settings of a user', () => {
  test('hold look, keys and the pace', () => {
    const result = parseSettings(
      '{ "look": { "palette": "colourBlind", "bell": false }, "keys": { "retry": "t" }, "batchMs": 250 }',
    );
    expect(result).toMatchObject({ ok: true, value: { look: { palette: 'colourBlind', bell: false }, batchMs: 250 } });
    expect(result.ok && keysOf(result.value.keymap, 'rack', 'retry')).toEqual(['t']);
  });

  test('come back as they were written', () => {
    const first = parseSettings('{ "look": { "ascii": true }, "keys": { "retry": ["t"] } }');
    if (!first.ok) throw new Error(first.error.join());
    expect(parseSettings(renderSettings(first.value))).toEqual(first);
  });

  test.each<[string, string, RegExp]>([
    ['no JSON', '{ look', /this is no JSON/],
    ['a list', '[]', /must be an object/],
    ['an unknown setting', '{ "colour": 1 }', /colour: there is no such setting/],
    ['an unknown look', '{ "look": { "font": "x" } }', /look\.font: there is no such setting \(ascii/],
    [
      'a wrong choice',
      '{ "look": { "palette": "dark" } }',
      /look\.palette: write one of standard, colourBlind, contrast/,
    ],
    ['a wrong switch', '{ "look": { "mouse": "yes" } }', /look\.mouse: write true or false/],
    ['keys that are no list', '{ "keys": { "retry": 5 } }', /keys\.retry: write a key/],
    ['a clash of keys', '{ "keys": { "retry": "j" } }', /would mean/],
    ['a pace that nobody wants', '{ "batchMs": 1 }', /from 20 to 2000/],
    [
      'a name of every object',
      '{ "look": { "__proto__x": 1, "toString": true } }',
      /look\.toString: there is no such setting/,
    ],
  ])('%s is said', (_name, text, expected) => {
    const result = parseSettings(text);
    expect(result.ok ? '' : result.error.join('\n')).toMatch(expected);
  });
});

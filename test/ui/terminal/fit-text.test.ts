import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clip, fitText, showText, widthOf, wrapText } from '../../../src/ui/terminal/fit-text.ts';
import type { GlyphSet } from '../../../src/ui/terminal/terminal-profile.ts';

describe('hostile text', () => {
  test.each<[string, string, GlyphSet, string]>([
    ['colours are taken out', '\u001b[31;1mFAKE\u001b[0m', 'unicode', 'FAKE'],
    ['a title and a clipboard write are taken out', '\u001b]0;own\u0007\u001b]52;c;eA==\u0007x', 'unicode', 'x'],
    ['cursor moves are taken out', 'a\u001b[2J\u001b[1;1Hb', 'unicode', 'ab'],
    ['tabs and lines become blanks', 'a\tb\r\nc', 'unicode', 'a b c'],
    ['right-to-left overrides are taken out', 'user\u202etxt.exe', 'unicode', 'usertxt.exe'],
    ['zero-width characters are taken out', 'r07\u200b-\u200du33\ufeff', 'unicode', 'r07-u33'],
    ['stacked marks are taken out', 'Z\u0351\u0343\u0356a\u0300\u0301lgo', 'unicode', 'Zàlgo'],
    ['joined emoji become one sign each', '\u{1f468}\u200d\u{1f469}\u{1f1e9}\u{1f1ea}', 'unicode', '????'],
    ['wide letters stay', '機器', 'unicode', '機器'],
    ['a console has no wide letters', '機器', 'vt', '??'],
    ['a console has no ellipsis', 'a…', 'vt', 'a~'],
    ['a console has umlauts', 'Küche', 'vt', 'Küche'],
    ['ASCII has none', 'Küche √', 'ascii', 'K?che +'],
    ['a lone surrogate is taken out', 'a\ud800b', 'unicode', 'ab'],
  ])('%s', (_name, raw, set, expected) => {
    expect(showText(raw, set)).toBe(expected);
  });

  test('a line of 10,000 characters is cut', () => {
    expect(showText('x'.repeat(10_000), 'unicode').length).toBe(400);
  });

  test('whatever comes, what is shown fits its columns exactly', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 80 }),
        fc.nat({ max: 40 }),
        fc.constantFrom<GlyphSet>('unicode', 'vt', 'ascii'),
        (raw, width, set) => {
          const text = showText(raw, set);
          expect(widthOf(fitText(text, width))).toBe(width);
          expect(widthOf(fitText(text, width, 'right'))).toBe(width);
          if (set === 'ascii') expect(text).toMatch(/^[\x20-\x7e]*$/);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is left is the point
          expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('fitting', () => {
  test.each<[string, string, number, string]>([
    ['short text is padded', 'ab', 4, 'ab  '],
    ['long text ends in ~', 'abcdef', 4, 'abc~'],
    ['a wide letter is never halved', '機器', 3, '機~'],
    ['the place of half a wide letter is blank', 'a機器', 3, 'a ~'],
    ['no columns', 'abc', 0, ''],
    ['one column', 'abc', 1, '~'],
  ])('%s', (_name, text, width, expected) => {
    expect(fitText(text, width)).toBe(expected);
  });

  test('clip keeps the width', () => {
    expect(clip('a機b', 2)).toBe('a ');
  });

  test.each<[string, string, number, string[]]>([
    ['words', 'no disk matches the profile', 12, ['no disk', 'matches the', 'profile']],
    ['a word that is longer than the line', 'abcdefghij kl', 4, ['abcd', 'efgh', 'ij', 'kl']],
    ['an indent is kept on the first line', '    type: worker', 40, ['    type: worker']],
    ['nothing', '', 10, ['']],
  ])('wraps %s', (_name, text, width, expected) => {
    expect(wrapText(text, width)).toEqual(expected);
  });

  test('every wrapped line fits', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 120 }), fc.integer({ min: 2, max: 30 }), (raw, width) => {
        for (const line of wrapText(showText(raw, 'unicode'), width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});

import { expect, test } from 'vitest';
import { readTerminalProfile } from '../../../src/ui/terminal/terminal-profile.ts';
import { createTheme, type Palette, paint, type Tone } from '../../../src/ui/terminal/theme.ts';

const TONES: readonly Tone[] = [
  'ready',
  'busy',
  'wait',
  'warn',
  'bad',
  'off',
  'dim',
  'bold',
  'title',
  'selected',
  'alarm',
  'plain',
];
const vt = createTheme(readTerminalProfile({ TERM: 'linux', LANG: 'C.UTF-8' }));

test('every tone closes what it opens, bold apart from colour', () => {
  expect(paint(vt, 'bad', 'x')).toBe('\u001b[1m\u001b[31mx\u001b[39m\u001b[22m');
  expect(paint(vt, 'plain', 'x')).toBe('x');
});

test('no tone uses what a console remaps or cannot take back', () => {
  for (const palette of ['standard', 'colourBlind', 'contrast'] as Palette[]) {
    for (const tone of TONES) {
      const codes = [...paint({ ...vt, palette }, tone, 'x').matchAll(/\[([\d;]+)m/g)].flatMap((match) =>
        (match[1] ?? '').split(';').map(Number),
      );
      for (const code of codes) expect([1, 2, 7, 22, 27, 39, 31, 32, 33, 34, 35, 36, 37]).toContain(code);
    }
  }
});

test('without colours bold and inverse stay', () => {
  const plain = { ...vt, colour: false };
  expect(paint(plain, 'bad', 'x')).toBe('\u001b[1mx\u001b[22m');
  expect(paint(plain, 'ready', 'x')).toBe('x');
  expect(paint(plain, 'selected', 'x')).toBe('\u001b[7mx\u001b[27m');
});

test('old data is dim, alarms are not', () => {
  const stale = { ...vt, stale: true };
  expect(paint(stale, 'bad', 'x')).toBe('\u001b[2mx\u001b[22m');
  expect(paint(stale, 'plain', 'x')).toBe('\u001b[2mx\u001b[22m');
  expect(paint(stale, 'alarm', 'x')).toBe('\u001b[1m\u001b[7mx\u001b[27m\u001b[22m');
});

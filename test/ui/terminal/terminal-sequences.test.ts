import { expect, test } from 'vitest';
import { readTerminalProfile } from '../../../src/ui/terminal/terminal-profile.ts';
import { copySequence, titleSequence } from '../../../src/ui/terminal/terminal-sequences.ts';

const at = (env: Record<string, string>) => readTerminalProfile({ LANG: 'C.UTF-8', ...env });

test('copies by OSC 52', () => {
  expect(copySequence('r07-u33', at({ TERM: 'xterm' }))).toBe('\u001b]52;c;cjA3LXUzMw==\u0007');
});

test('tmux gets it wrapped as well as plain, for either of its settings', () => {
  const sequence = copySequence('x', at({ TERM: 'tmux-256color', TMUX: '1' })) ?? '';
  expect(sequence.startsWith('\u001bPtmux;\u001b\u001b]52;c;eA==\u0007\u001b\\')).toBe(true);
  expect(sequence.endsWith('\u001b]52;c;eA==\u0007')).toBe(true);
});

test('screen gets it in pieces that it takes', () => {
  const sequence = copySequence('y'.repeat(3000), at({ TERM: 'screen', STY: '1' })) ?? '';
  for (const part of sequence.split('\u001b\\').filter(Boolean)) expect(part.length).toBeLessThan(768);
});

test('a console and a serial line get none', () => {
  expect(copySequence('x', at({ TERM: 'linux' }))).toBeUndefined();
  expect(titleSequence('x', at({ TERM: 'linux' }))).toBe('');
  expect(copySequence('x', at({ TERM: 'vt220' }))).toBeUndefined();
});

test('more than terminals take is not copied in part', () => {
  expect(copySequence('x'.repeat(100_000), at({ TERM: 'xterm' }))).toBeUndefined();
});

test('a title cannot hold escapes', () => {
  expect(titleSequence('a\u0007\u001b]52;c;x\u0007b', at({ TERM: 'xterm' }))).toBe('\u001b]0;ab\u0007');
});

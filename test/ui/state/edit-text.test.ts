import { expect, test } from 'vitest';
import { editOf, editText, insertText } from '../../../src/ui/state/edit-text.ts';

test.each<[string, string, readonly string[], string, number]>([
  ['backspace', 'abc', ['backspace'], 'ab', 2],
  ['backspace at the start', 'abc', ['home', 'backspace'], 'abc', 0],
  ['delete', 'abc', ['home', 'delete'], 'bc', 0],
  ['left and right', 'abc', ['left', 'left', 'right'], 'abc', 2],
  ['a word', 'rack:r07 fail', ['ctrl-w'], 'rack:r07 ', 9],
  ['all before the cursor', 'abc', ['left', 'ctrl-u'], 'c', 0],
  ['all after the cursor', 'abc', ['home', 'right', 'ctrl-k'], 'a', 1],
  ['wide letters are one each', '機器', ['backspace'], '機', 1],
])('%s', (_name, text, keys, expected, at) => {
  const edit = keys.reduce((now, key) => editText(now, key) ?? now, editOf(text));
  expect(edit).toEqual({ text: expected, at });
});

test('text goes in at the cursor', () => {
  expect(insertText({ text: 'ac', at: 1 }, 'b')).toEqual({ text: 'abc', at: 2 });
});

test('a line is bounded', () => {
  expect(insertText(editOf(''), 'x'.repeat(1000)).text.length).toBe(200);
});

test('other keys change nothing', () => {
  expect(editText(editOf('a'), 'f5')).toBeUndefined();
});

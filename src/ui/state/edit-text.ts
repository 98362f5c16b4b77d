import type { KeyPress } from '../keys/key.ts';

/** One line of text with a cursor. */
export interface TextEdit {
  readonly text: string;
  /** Position in code points, 0 to the length. */
  readonly at: number;
}

export const EMPTY_EDIT: TextEdit = { text: '', at: 0 };
const LONGEST = 200;

export const editOf = (text: string): TextEdit => ({ text, at: [...text].length });

export function insertText(edit: TextEdit, text: string): TextEdit {
  const glyphs = [...edit.text];
  const added = [...text].slice(0, LONGEST - glyphs.length);
  return { text: glyphs.toSpliced(edit.at, 0, ...added).join(''), at: edit.at + added.length };
}

/** Keys that change a line of text; undefined for one that does not. */
export function editText(edit: TextEdit, key: string): TextEdit | undefined {
  const glyphs = [...edit.text];
  const { at } = edit;
  switch (key) {
    case 'backspace':
      return at === 0 ? edit : { text: glyphs.toSpliced(at - 1, 1).join(''), at: at - 1 };
    case 'delete':
      return { text: glyphs.toSpliced(at, 1).join(''), at };
    case 'left':
      return { ...edit, at: Math.max(0, at - 1) };
    case 'right':
      return { ...edit, at: Math.min(glyphs.length, at + 1) };
    case 'home':
    case 'ctrl-a':
      return { ...edit, at: 0 };
    case 'end':
    case 'ctrl-e':
      return { ...edit, at: glyphs.length };
    case 'ctrl-u':
      return { text: glyphs.slice(at).join(''), at: 0 };
    case 'ctrl-k':
      return { text: glyphs.slice(0, at).join(''), at };
    case 'ctrl-w': {
      const head = glyphs
        .slice(0, at)
        .join('')
        .replace(/\S*\s*$/, '');
      return { text: head + glyphs.slice(at).join(''), at: [...head].length };
    }
    default:
      return undefined;
  }
}

/** The text after a key that edits or is a letter; undefined for any other. */
export function takeKey(edit: TextEdit, key: KeyPress): TextEdit | undefined {
  return editText(edit, key.name) ?? (key.text === '' ? undefined : insertText(edit, key.text));
}

/** One key press, whatever bytes a terminal made of it. */
export type Key =
  | KeyPress
  | { readonly kind: 'paste'; readonly text: string }
  | {
      readonly kind: 'mouse';
      readonly what: 'press' | 'release' | 'wheelUp' | 'wheelDown';
      readonly column: number;
      readonly row: number;
    };

export interface KeyPress {
  readonly kind: 'key';
  /** `j`, `R`, `space`, `enter`, `esc`, `up`, `pgdn`, `f1`, `ctrl-d`, `alt-x`, `shift-tab`: the spelling of the keymap. */
  readonly name: string;
  /** What it types into a text field; empty for keys that type nothing. */
  readonly text: string;
  /** How many keys came in the same chunk. A paste without brackets and a stuck key look like this; a person does not. */
  readonly burst: number;
  /** The only key of its chunk. Whatever leads towards destruction needs it. */
  readonly alone: boolean;
}

/** A person types at most two keys between two reads, even while a frame is drawn. */
export const TYPED_BURST = 2;

const NAMED = new Set(
  'enter esc tab shift-tab backspace delete insert up down left right home end pgup pgdn space'.split(' '),
);

/** A key as the operator writes it in the settings, in the one spelling of the keymap; undefined when there is no such key. */
export function parseKeyName(raw: string): string | undefined {
  const text = raw.trim();
  const lower = text.toLowerCase();
  const aliases: Readonly<Record<string, string>> = {
    return: 'enter',
    escape: 'esc',
    pageup: 'pgup',
    pagedown: 'pgdn',
    del: 'delete',
    ' ': 'space',
  };
  const named = aliases[raw === ' ' ? ' ' : lower] ?? lower;
  if (NAMED.has(named) || /^f([1-9]|1[0-2])$/.test(named)) return named;
  const modified = /^(ctrl|alt)[-+](.+)$/i.exec(text);
  if (modified !== null) {
    const [, modifier = '', rest = ''] = modified;
    const inner =
      rest.length === 1 ? (modifier.toLowerCase() === 'ctrl' ? rest.toLowerCase() : rest) : rest.toLowerCase();
    if (modifier.toLowerCase() === 'ctrl' && !/^([a-z\\\]^_]|left|right|up|down|home|end)$/.test(inner))
      return undefined;
    return [...inner].length === 1 || NAMED.has(inner) ? `${modifier.toLowerCase()}-${inner}` : undefined;
  }
  return [...text].length === 1 && /^[\x21-\x7e]$/.test(text) ? text : undefined;
}

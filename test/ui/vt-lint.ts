/** What a Linux console can show, held against a recorded stream. A violation is a glyph that becomes a block, or an attribute that stays. */

/** Code points of the kernel's built-in CP437 font (measured on a VGA console, kernel 6.1). */
const FONT =
  '0020-007e 00a0-00a8 00ab-00ad 00b0-00b2 00b4-00b8 00bb-00bd 00bf 00d7 00df 00e4 00e9 00f6-00f7 00fc ' +
  '0393 0398 03a3 03a6 03a9 03b1 03b4-03b5 03bc 03c0 03c3-03c4 03c6 2022 203c 207f 2190-2195 21a8 ' +
  '2219-221a 221e-221f 2229 2248 2261 2264-2265 2302 2310 2320-2321 2500 2502 250c 2510 2514 2518 251c ' +
  '2524 252c 2534 253c 2550-256c 2580 2584 2588 258c 2590-2593 25a0 25ac 25b2 25b6 25ba 25bc 25c0 25c4 ' +
  '25c6 25cb 25d8-25d9 263a-263c 2640 2642 2660 2663 2665-2666 266a-266b ';

const KNOWN = new Set(
  FONT.trim()
    .split(' ')
    .flatMap((part) => {
      const [from = '', to = from] = part.split('-');
      const first = Number.parseInt(from, 16);
      return Array.from({ length: Number.parseInt(to, 16) - first + 1 }, (_, at) => first + at);
    }),
);

/** Set by Ink or by us, and ignored by a console without a trace: alternate screen, synchronised output, bracketed paste. */
const HARMLESS_MODES = new Set(['25', '7', '1049', '2026', '2004', '1000', '1006']);
/** Italic shows green, underline cyan, blink and strike something else; dim is grey, and safe. */
const REMAPPED = new Set([3, 4, 5, 6, 8, 9, 21, 53]);

export function lintConsole(transcript: string, glyphs: 'vt' | 'ascii' = 'vt'): readonly string[] {
  const found = new Set<string>();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control strings are what is looked for
  let text = transcript.replace(/\u001b[\]P_^][^\u0007\u001b]*(?:\u0007|\u001b\\)?/g, (all) => {
    found.add(`control string ${JSON.stringify(all.slice(0, 12))}`);
    return '';
  });
  text = text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the grammar of a control sequence
    /\u001b\[([?>=<]?)([\d;:]*)([ -/]*)([@-~])/g,
    (all, mark: string, numbers: string, _between, final: string) => {
      if (final === 'm' && mark === '') for (const problem of lintColours(numbers)) found.add(problem);
      else if (mark === '?' && !HARMLESS_MODES.has(numbers)) found.add(`private mode ?${numbers}${final}`);
      else if (mark !== '' && mark !== '?') found.add(`extended sequence ${JSON.stringify(all)}`);
      return '';
    },
  );
  for (const glyph of text) {
    const code = glyph.codePointAt(0) ?? 0;
    if (code === 10 || code === 13) continue;
    if (code < 32 || code === 127) found.add(`control character ${code}`);
    else if (glyphs === 'ascii' ? code > 126 : !KNOWN.has(code))
      found.add(`glyph ${glyph} U+${code.toString(16).padStart(4, '0')}`);
  }
  return [...found].sort();
}

function lintColours(numbers: string): readonly string[] {
  const codes = numbers.split(/[;:]/).map(Number);
  if (codes.some((code) => code === 38 || code === 48)) return [`more than 8 colours: ${numbers}`];
  return codes.flatMap((code) => {
    if (REMAPPED.has(code)) return [`attribute ${code}, which a console shows as a colour`];
    // Bright colours switch bold on, and 39 does not take it back.
    return code >= 90 && code <= 107 ? [`bright colour ${code}, which stays`] : [];
  });
}

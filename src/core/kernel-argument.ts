/** iPXE reads the line before Linux does: it expands `${…}`, ends a command at `&&`, `||`, `;` and a word with `#`. */
export function whyNoArgument(arg: string): string | undefined {
  if (arg === '') return 'is empty';
  if (/\s/.test(arg)) return 'holds a space: write one argument per list item';
  if (/\$\{/.test(arg)) return 'holds a variable that iPXE would replace ($ and a brace): write the value itself';
  if (!/^[\x21-\x7e]+$/.test(arg)) return 'holds a character that is not printable ASCII';
  if (/["'\\]/.test(arg)) return 'holds a quote or a backslash, which iPXE and Linux read differently';
  if (/^(?:&&|\|\||;)$/.test(arg) || arg.startsWith('#')) return 'would end the command in an iPXE script';
  return undefined;
}

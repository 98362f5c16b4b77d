/** Words of each line within so many columns; what does not fit goes on below, as far in as `indent` says. */
export function wrapHanging(text: string, columns: number, indent = 0): string {
  return text
    .split('\n')
    .flatMap((line) => wrapLine(line, columns, indent))
    .join('\n');
}

/** The spaces between words stay: they line up what stands below each other. */
function wrapLine(line: string, columns: number, indent: number): readonly string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const start = lines.length === 0 ? rest.search(/\S/) : indent;
    const at = rest.lastIndexOf(' ', columns);
    // One word that is longer than a line stands as it is.
    if (at <= start) break;
    lines.push(rest.slice(0, at).trimEnd());
    rest = `${' '.repeat(indent)}${rest.slice(at).trimStart()}`;
  }
  return [...lines, rest];
}

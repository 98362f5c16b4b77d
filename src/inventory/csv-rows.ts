import type { LineCounter } from 'yaml';
import { type Report, renderPlace } from './report.ts';
import type { Spot } from './yaml-tree.ts';

export interface CsvCell {
  readonly text: string;
  readonly at: Spot;
}

const SEPARATORS = [',', ';', '\t', '|'];

/** The separator that the first line has most of, outside of quotes. */
function separatorOf(text: string): string {
  const head = (/^[^\r\n]*/.exec(text)?.[0] ?? '').replace(/"[^"]*"/g, '');
  const count = (separator: string) => head.split(separator).length;
  return SEPARATORS.reduce((best, one) => (count(one) > count(best) ? one : best), ',');
}

/** RFC 4180 with any of the usual separators: quotes, doubled quotes, line breaks inside quotes, CRLF. */
export function parseCsvRows(file: string, text: string, lines: LineCounter, report: Report): CsvCell[][] {
  const separator = separatorOf(text);
  const rows: CsvCell[][] = [];
  let row: CsvCell[] = [];
  let offset = 0;
  // Offsets of line starts, in ascending order: that is all the counter wants.
  lines.addNewLine(0);
  while (offset < text.length) {
    const at: Spot = { file, offset, lines };
    const quoted = /^[ ]*"((?:[^"]|"")*)("?)[ ]*/.exec(text.slice(offset, offset + 65_536));
    let cell: string;
    if (quoted === null) {
      let end = offset;
      while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end += 1;
      cell = text.slice(offset, end);
      offset = end;
    } else {
      if (quoted[2] === '') report.error(at, `this quote is never closed (${renderPlace(at)})`);
      cell = (quoted[1] ?? '').replaceAll('""', '"');
      for (const found of quoted[0].matchAll(/\n/g)) lines.addNewLine(offset + found.index + 1);
      offset += quoted[0].length;
    }
    row.push({ text: cell.replace(/[\u00a0\s]+/g, ' ').trim(), at });
    if (text[offset] === separator) {
      offset += 1;
      if (offset < text.length && text[offset] !== '\n' && text[offset] !== '\r') continue;
    }
    if (text[offset] === '\r') offset += 1;
    if (text[offset] === '\n') offset += 1;
    lines.addNewLine(offset);
    if (row.some((one) => one.text !== '')) rows.push(row);
    row = [];
  }
  return rows;
}

import { fitText } from '../terminal/fit-text.ts';
import type { Theme, Tone } from '../terminal/theme.ts';
import { renderSelected, renderSpans, type Span } from './spans.ts';

/** A window of rows. The only place that counts columns of a table. */
export interface Column<T> {
  readonly title: string;
  readonly width: number;
  /** Smallest useful width; below it the column goes. */
  readonly min?: number;
  /** Takes what is left over. */
  readonly grow?: true;
  readonly right?: true;
  readonly text: (row: T) => string;
  readonly tone?: (row: T) => Tone | undefined;
}

export interface PlacedColumn<T> extends Column<T> {
  readonly columns: number;
}

/** Columns go from the right until the others have their least width; then each grows to its own, and one takes the rest. */
export function placeColumns<T>(all: readonly Column<T>[], width: number): readonly PlacedColumn<T>[] {
  let count = all.length;
  const least = (column: Column<T>): number => column.min ?? column.width;
  const need = (): number => all.slice(0, count).reduce((sum, column) => sum + least(column) + 1, -1);
  while (count > 1 && need() > width) count--;
  let spare = Math.max(0, width - need());
  const placed = all.slice(0, count).map((column) => {
    const more = Math.min(spare, column.width - least(column));
    spare -= more;
    return { ...column, columns: least(column) + more };
  });
  const grows = placed.findIndex((column) => column.grow);
  return grows < 0 || spare === 0
    ? placed
    : placed.map((column, at) => (at === grows ? { ...column, columns: column.columns + spare } : column));
}

function rowSpans<T>(columns: readonly PlacedColumn<T>[], row: T): readonly Span[] {
  return columns.flatMap((column, at): readonly Span[] => {
    const text = fitText(column.text(row), column.columns, column.right ? 'right' : 'left');
    const tone = column.tone?.(row);
    const cell: Span = tone === undefined ? text : [text, tone];
    return at === 0 ? [cell] : [' ', cell];
  });
}

export interface TableState {
  readonly top: number;
  readonly cursor: number;
  readonly marked: (at: number) => boolean;
}

/** Title line and `height - 1` rows. The cursor shows by `>` and inverse, a mark by `*`: neither needs a colour. */
export function renderTable<T>(
  theme: Theme,
  columns: readonly Column<T>[],
  rows: readonly T[],
  state: TableState,
  box: { width: number; height: number },
): string[] {
  const placed = placeColumns(columns, box.width - 3);
  const head = placed.map((column) => fitText(column.title, column.columns, column.right ? 'right' : 'left')).join(' ');
  const lines = [renderSpans(theme, ['   ', [head, 'bold']], box.width)];
  for (let at = state.top; at < rows.length && lines.length < box.height; at++) {
    const row = rows[at];
    if (row === undefined) break;
    const here = at === state.cursor;
    const spans: readonly Span[] = [`${here ? '>' : ' '}${state.marked(at) ? '*' : ' '} `, ...rowSpans(placed, row)];
    lines.push(here ? renderSelected(theme, spans, box.width) : renderSpans(theme, spans, box.width));
  }
  return lines;
}

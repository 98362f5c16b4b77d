/** How the window is divided. Pure numbers, used by the drawing, the cursor keys and the mouse alike. */
export interface Layout {
  readonly kind: 'tooSmall' | 'narrow' | 'medium' | 'wide';
  readonly columns: number;
  readonly rows: number;
  /** Header lines: 2, or 1 when rows are few. */
  readonly header: number;
  /** The line about the node under the cursor: goes first when rows are few. */
  readonly hasProblemLine: boolean;
  /** Lines between header and problem line. */
  readonly body: number;
}

export const SMALLEST = { columns: 40, rows: 10 } as const;

export function layoutFor(columns: number, rows: number): Layout {
  const kind =
    columns < SMALLEST.columns || rows < SMALLEST.rows
      ? 'tooSmall'
      : columns < 80
        ? 'narrow'
        : columns < 120 || rows < 24
          ? 'medium'
          : 'wide';
  // 44x12 keeps both lines (services and mode are in the second); a wide and flat window gives it up first.
  const header = rows < 12 || (rows < 14 && columns >= 80) ? 1 : 2;
  const hasProblemLine = rows >= 20;
  return {
    kind,
    columns,
    rows,
    header,
    hasProblemLine,
    body: Math.max(1, rows - header - 1 - (hasProblemLine ? 1 : 0)),
  };
}

/** Table rows of the rack screen, and whether they stand in two columns. */
export interface RackGrid {
  readonly across: 1 | 2;
  /** Rows of one column. */
  readonly height: number;
  /** Screen line of the first row. */
  readonly top: number;
  readonly left: number;
  readonly width: number;
}

export const FLEET_PANE_COLUMNS = 46;
export const NODE_PANE_COLUMNS = 30;

export function rackGrid(layout: Layout, zoomed: boolean): RackGrid {
  if (layout.kind === 'wide' && !zoomed) {
    // Three rules above the rows (line, title, column heads) and one below.
    const side = layout.columns - FLEET_PANE_COLUMNS - NODE_PANE_COLUMNS - 2;
    return {
      across: 1,
      height: Math.max(1, layout.rows - layout.header - 5),
      top: layout.header + 3,
      left: FLEET_PANE_COLUMNS + 1,
      width: side,
    };
  }
  const heads = layout.rows < 14 ? 0 : 1;
  return {
    across: layout.kind === 'narrow' ? 1 : 2,
    height: Math.max(1, layout.body - heads),
    top: layout.header + heads,
    left: 0,
    width: layout.columns,
  };
}

/** First row of a window that shows the cursor and moves as little as it can. */
export function windowTop(top: number, cursor: number, count: number, height: number): number {
  const held = Math.max(0, Math.min(top, count - height));
  if (cursor < held) return Math.max(0, cursor);
  return cursor >= held + height ? cursor - height + 1 : held;
}

/** The columns that the list can show, by the names that the settings use. */
export const LIST_COLUMNS = [
  'node',
  'phase',
  'what',
  'done',
  'age',
  'rack',
  'unit',
  'address',
  'image',
  'role',
  'mac',
  'serial',
  'power',
  'job',
  'try',
  'eta',
  'heard',
  'profile',
  'cluster',
  'product',
  'firmware',
  'disk',
  'health',
  'drift',
] as const;

export type ListColumn = (typeof LIST_COLUMNS)[number];

export const USUAL_COLUMNS: readonly ListColumn[] = LIST_COLUMNS.slice(0, 9);
/** `w` adds these to the usual ones. */
const WIDE_COLUMNS: readonly ListColumn[] = LIST_COLUMNS.slice(0, 13);

interface ColumnWishes {
  /** Empty: the usual ones. */
  readonly columns: readonly ListColumn[];
  readonly wide: boolean;
}

/** What is shown, in its order. A machine without its name could not be acted on: `node` is always first. */
export function shownColumns({ columns, wide }: ColumnWishes): readonly ListColumn[] {
  if (columns.length === 0) return wide ? WIDE_COLUMNS : USUAL_COLUMNS;
  const chosen = ['node', ...columns.filter((one) => one !== 'node')] as const;
  return wide ? [...chosen, ...WIDE_COLUMNS.filter((one) => !chosen.includes(one))] : chosen;
}

/** The chooser's lines: those that are shown in their order, then the others. */
export const columnChoices = (columns: readonly ListColumn[]): readonly ListColumn[] => {
  const shown = shownColumns({ columns, wide: false });
  return [...shown, ...LIST_COLUMNS.filter((one) => !shown.includes(one))];
};

/** On or off; `node` stays. */
export function toggleColumn(columns: readonly ListColumn[], column: ListColumn): readonly ListColumn[] {
  const shown = shownColumns({ columns, wide: false });
  if (column === 'node') return shown;
  return shown.includes(column) ? shown.filter((one) => one !== column) : [...shown, column];
}

/** One place to the left or right; the name stays first, and what is not shown has no place. */
export function moveColumn(columns: readonly ListColumn[], column: ListColumn, by: 1 | -1): readonly ListColumn[] {
  const shown = shownColumns({ columns, wide: false });
  const at = shown.indexOf(column);
  const to = at + by;
  if (at < 1 || to < 1 || to >= shown.length) return shown;
  return shown.toSpliced(at, 1).toSpliced(to, 0, column);
}

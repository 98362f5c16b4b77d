import { maskConfig } from './mask-config.ts';

export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed' | 'skipped';
  /** For `skipped`: a note on how many lines are left out. */
  readonly text: string;
}

const CONTEXT_LINES = 3;
/** Beyond this the middle is shown as removed and added: the table below would take too much memory. */
const MIDDLE_MAX = 3000;

/** What changes from one configuration to the next, secrets masked: a changed secret shows as another number. */
export function diffConfig(before: string, after: string): readonly DiffLine[] {
  const numbers = new Map<string, number>();
  const nameSecret = (secret: string): string => {
    const number = numbers.get(secret) ?? numbers.size + 1;
    numbers.set(secret, number);
    return `secret ${number}`;
  };
  const left = linesOf(maskConfig(before, nameSecret));
  const right = linesOf(maskConfig(after, nameSecret));
  return withContext(diffLines(left, right));
}

/**
 * The same for two in whose secrets' places stand marks already, each the same for the same secret. Nothing is read as
 * YAML for it: of a thousand machines that somebody looks at, that was most of the work.
 */
export function diffMarked(before: string, after: string, marks: RegExp): readonly DiffLine[] {
  const numbers = new Map<string, number>();
  const numbered = (text: string): string =>
    text.replace(marks, (mark) => {
      const number = numbers.get(mark) ?? numbers.size + 1;
      numbers.set(mark, number);
      return `secret ${number}`;
    });
  return diffText(numbered(before), numbered(after));
}

/** The same for a text that holds no secrets. */
export const diffText = (before: string, after: string): readonly DiffLine[] =>
  withContext(diffLines(linesOf(before), linesOf(after)));

function diffLines(left: readonly string[], right: readonly string[]): DiffLine[] {
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head += 1;
  let tail = 0;
  while (tail < left.length - head && tail < right.length - head && left.at(-1 - tail) === right.at(-1 - tail))
    tail += 1;
  const same = (text: string): DiffLine => ({ kind: 'same', text });
  return [
    ...left.slice(0, head).map(same),
    ...diffMiddle(left.slice(head, left.length - tail), right.slice(head, right.length - tail)),
    ...left.slice(left.length - tail).map(same),
  ];
}

/** Longest common subsequence: configurations are a few hundred lines, and what differs is less. */
function diffMiddle(left: readonly string[], right: readonly string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ kind: 'removed', text });
  const added = (text: string): DiffLine => ({ kind: 'added', text });
  if (left.length > MIDDLE_MAX || right.length > MIDDLE_MAX) return [...left.map(removed), ...right.map(added)];
  const width = right.length + 1;
  const lengths = new Uint16Array((left.length + 1) * width);
  const at = (row: number, column: number): number => lengths[row * width + column] ?? 0;
  for (let row = left.length - 1; row >= 0; row -= 1) {
    for (let column = right.length - 1; column >= 0; column -= 1) {
      lengths[row * width + column] =
        left[row] === right[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: DiffLine[] = [];
  let row = 0;
  let column = 0;
  while (row < left.length && column < right.length) {
    const [old = '', now = ''] = [left[row], right[column]];
    if (old === now) {
      lines.push({ kind: 'same', text: old });
      row += 1;
      column += 1;
    } else if (at(row + 1, column) >= at(row, column + 1)) {
      lines.push(removed(old));
      row += 1;
    } else {
      lines.push(added(now));
      column += 1;
    }
  }
  return [...lines, ...left.slice(row).map(removed), ...right.slice(column).map(added)];
}

function withContext(lines: readonly DiffLine[]): DiffLine[] {
  const near = new Set<number>();
  for (const [index, { kind }] of lines.entries()) {
    if (kind === 'same') continue;
    for (let offset = -CONTEXT_LINES; offset <= CONTEXT_LINES; offset += 1) near.add(index + offset);
  }
  const shown: DiffLine[] = [];
  let skipped = 0;
  for (const [index, line] of lines.entries()) {
    if (near.has(index)) {
      if (skipped > 0) shown.push(skippedLine(skipped));
      skipped = 0;
      shown.push(line);
    } else skipped += 1;
  }
  if (skipped > 0 && shown.length > 0) shown.push(skippedLine(skipped));
  return shown;
}

const linesOf = (text: string): string[] => text.replace(/\n$/, '').split('\n');

const skippedLine = (count: number): DiffLine => ({
  kind: 'skipped',
  text: `… ${count} unchanged ${count === 1 ? 'line' : 'lines'}`,
});

import type { AuditLine } from '../../link/screen-port.ts';

/** `breakGlass "the canary"` as `break glass "the canary"`: the order's own name is the program's. */
export const wordsOf = ({ what }: AuditLine): string =>
  what.replace(/^\w+/, (order) => order.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`));

/** Whether an entry of the history has the words that are searched for. */
export function matchesEntry(line: AuditLine, search: string): boolean {
  const { who, from, nodes, outcome } = line;
  return (
    search !== '' &&
    `${who} ${from} ${wordsOf(line)} ${nodes.join(' ')} ${outcome}`.toLowerCase().includes(search.toLowerCase())
  );
}

import type { AuditLine } from '../../link/screen-port.ts';

/** Whether an entry of the history has the words that are searched for. */
export function matchesEntry({ who, from, what, nodes, outcome }: AuditLine, search: string): boolean {
  return (
    search !== '' && `${who} ${from} ${what} ${nodes.join(' ')} ${outcome}`.toLowerCase().includes(search.toLowerCase())
  );
}

import { cleanText } from '../core/clean-text.ts';

/** One operator action as one line that a person can read with `less` and a script can take apart. */
export interface AuditEntry {
  readonly atMs: number;
  /** User, with `SUDO_USER` or the SSH peer where there is one. */
  readonly who: string;
  /** The screen, or the command. */
  readonly from: string;
  readonly action: string;
  readonly nodes: readonly string[];
  readonly outcome: string;
  /** So far the journal was on disk by then. Older versions did not say. */
  readonly journalSeq?: number;
}

export function renderAuditLine(entry: AuditEntry): string {
  const at = new Date(entry.atMs).toISOString();
  const nodes = entry.nodes.map((node) => cleanText(node, 100).replaceAll(',', ';')).join(',');
  const { who, from, action, outcome, journalSeq } = entry;
  const journal = journalSeq === undefined ? '' : ` journal=${journalSeq}`;
  return `${at} who=${word(who)} from=${word(from)} action=${word(action)} nodes=${word(nodes)} outcome=${word(outcome)}${journal}`;
}

/** Undefined for what is no such line: a comment, or one that the power cut short. */
export function parseAuditLine(line: string): AuditEntry | undefined {
  const [at = '', ...rest] = line.split(' ');
  const atMs = Date.parse(at);
  if (!/^\d{4}-\d\d-\d\dT/.test(at) || Number.isNaN(atMs)) return undefined;
  const fields = new Map<string, string>();
  for (const match of rest.join(' ').matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|[^ ]*)/g)) {
    const [, key = '', value = ''] = match;
    fields.set(key, value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value);
  }
  const [who, from, action] = [fields.get('who'), fields.get('from'), fields.get('action')];
  const [nodes, outcome] = [fields.get('nodes'), fields.get('outcome')];
  if (who === undefined || from === undefined || action === undefined) return undefined;
  if (nodes === undefined || outcome === undefined) return undefined;
  const seq = Number(fields.get('journal'));
  const journal = Number.isSafeInteger(seq) ? { journalSeq: seq } : {};
  return { atMs, who, from, action, nodes: nodes === '' || nodes === '-' ? [] : nodes.split(','), outcome, ...journal };
}

/** Nothing that came in from outside can end the line, begin a second field or paint the terminal of who reads it. */
function word(raw: string): string {
  const text = cleanText(raw, 1000);
  if (text === '') return '-';
  return /^[^\s"=\\]+$/.test(text) ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}

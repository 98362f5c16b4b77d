import { crc32 } from 'node:zlib';

/**
 * One line: `<crc32 hex><mark><seq> <json>\n`, the checksum over all that follows it. The mark is `+` on the first line
 * of a commit and a blank on the others. A commit starts only after the one before it is on disk, so a good `+` line
 * behind a bad line proves damage, and bad lines with none behind them are one commit that the power cut short.
 */
export interface JournalLine {
  readonly startsCommit: boolean;
  readonly seq: number;
  readonly json: string;
}

/** Larger than any event; a longer line is damage (a hole of zeros), not data. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;

const PLUS = 0x2b;
const BLANK = 0x20;

export function encodeLine(text: string, startsCommit: boolean): string {
  const body = `${startsCommit ? '+' : ' '}${text}`;
  return `${crc32(body).toString(16).padStart(8, '0')}${body}\n`;
}

/** The same line as the first of its commit. */
export function markCommit(line: string): string {
  return encodeLine(line.slice(9, -1), true);
}

/** `bytes` is one line without its newline. Undefined: torn or damaged. */
export function decodeLine(bytes: Buffer): JournalLine | undefined {
  const mark = bytes[8];
  if (bytes.length < 12 || bytes.length > MAX_LINE_BYTES || (mark !== PLUS && mark !== BLANK)) return undefined;
  const stated = bytes.toString('latin1', 0, 8);
  if (crc32(bytes.subarray(8)).toString(16).padStart(8, '0') !== stated) return undefined;
  const end = bytes.indexOf(BLANK, 9);
  const seq = Number(bytes.toString('latin1', 9, end));
  if (end < 10 || !Number.isSafeInteger(seq) || seq < 1) return undefined;
  return { startsCommit: mark === PLUS, seq, json: bytes.toString('utf8', end + 1) };
}

export const JOURNAL_VERSION = 1;

export interface SegmentHeader {
  /** Records from here up to this segment's first are lost; where a snapshot covers them nothing but the history is. */
  readonly lostFrom?: number;
}

/** The first line of each segment. It has the number of the first record and is none itself. */
export function renderHeader(firstSeq: number, header: SegmentHeader): string {
  return `${firstSeq} ${JSON.stringify({ format: 'crashcart-journal', version: JOURNAL_VERSION, ...header })}`;
}

/** A version that is not ours is told even where the rest of the line has another shape. */
export function foreignVersion(firstLine: Buffer): string | undefined {
  const text = firstLine.toString('latin1', 0, 4096);
  const version = /"format":"crashcart-journal","version":("?[\w.-]{1,20})"?[,}]/.exec(text)?.[1];
  return version === undefined || version === String(JOURNAL_VERSION) ? undefined : version.replace('"', '');
}

export function parseHeader(json: string): SegmentHeader | undefined {
  if (!json.startsWith(`{"format":"crashcart-journal","version":${JOURNAL_VERSION}`)) return undefined;
  const value: unknown = JSON.parse(json);
  if (typeof value !== 'object' || value === null || !('lostFrom' in value)) return {};
  return typeof value.lostFrom === 'number' ? { lostFrom: value.lostFrom } : {};
}

/** Lines that the journal writes about itself; a record of the program may not use these keys. */
const SESSION = '{"$session":';
const DROPPED = '{"$dropped":';

export interface DroppedRecords {
  /** How many sequence numbers this line stands for. */
  readonly count: number;
  /** How many of them were more than a rate. */
  readonly others: number;
}

export const renderSession = (session: unknown): string => `${SESSION}${JSON.stringify(session)}}`;
export const renderDropped = (dropped: DroppedRecords): string => `${DROPPED}${JSON.stringify(dropped)}}`;

export type LineMeaning =
  | { readonly kind: 'record' }
  | { readonly kind: 'session'; readonly session: unknown }
  | { readonly kind: 'dropped'; readonly dropped: DroppedRecords };

export function readMeaning(json: string): LineMeaning {
  if (json.startsWith(SESSION)) return { kind: 'session', session: JSON.parse(json).$session };
  if (json.startsWith(DROPPED)) return { kind: 'dropped', dropped: JSON.parse(json).$dropped };
  return { kind: 'record' };
}

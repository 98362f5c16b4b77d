import type { DiskFile } from './disk-port.ts';
import { decodeLine, type JournalLine, MAX_LINE_BYTES } from './journal-line.ts';

/** One segment, line by line. Bad bytes end the walk, and what lies behind them decides whether they are a torn commit. */

export type ScanItem =
  | { readonly kind: 'line'; readonly line: JournalLine; readonly byte: number; readonly endByte: number }
  /** From here to the end of the file nothing was ever synced: the commit that was cut short. */
  | { readonly kind: 'torn'; readonly byte: number; readonly bytes: number; readonly raw: Buffer }
  /** Bytes that had been synced are not what was written. */
  | {
      readonly kind: 'damaged';
      readonly byte: number;
      readonly bytes: number;
      readonly raw: Buffer;
      /** Of the newest record that stands whole behind it. Absent: what was last is damaged too. */
      readonly lastSeq?: number;
    };

interface RawLine {
  readonly bytes: Buffer;
  readonly byte: number;
  readonly whole: boolean;
}

const CHUNK_BYTES = 256 * 1024;

/** In batches, because an await for each line costs more than reading it. `torn` and `damaged` come last, alone. */
export async function* scanSegment(file: DiskFile): AsyncGenerator<readonly ScanItem[], void> {
  let bad: RawLine | undefined;
  let damaged = false;
  let lastSeq: number | undefined;
  let end = 0;
  for await (const lines of readLines(file)) {
    const batch: ScanItem[] = [];
    for (const raw of lines) {
      end = raw.byte + raw.bytes.length + (raw.whole ? 1 : 0);
      const line = raw.whole ? decodeLine(raw.bytes) : undefined;
      if (line === undefined) {
        bad ??= raw;
        lastSeq = raw.whole ? hiddenCommit(raw.bytes)?.seq : undefined;
        damaged ||= lastSeq !== undefined;
      } else if (bad !== undefined) {
        damaged ||= line.startsCommit;
        lastSeq = line.seq;
      }
      if (line !== undefined && bad === undefined) batch.push({ kind: 'line', line, byte: raw.byte, endByte: end });
    }
    if (batch.length > 0) yield batch;
  }
  if (bad === undefined) return;
  const at = { byte: bad.byte, bytes: end - bad.byte, raw: bad.bytes };
  if (!damaged) yield [{ kind: 'torn', ...at }];
  else yield [{ kind: 'damaged', ...at, ...(lastSeq === undefined ? {} : { lastSeq }) }];
}

/** A newline that was damaged joins two lines: the second may be the start of a commit, whole behind the first. */
function hiddenCommit(bytes: Buffer): JournalLine | undefined {
  let at = bytes.indexOf('+', 9);
  // A bound for text full of plus signs, where each one would cost a checksum of all that follows.
  for (let tries = 0; at !== -1 && tries < 64; tries++) {
    const line = decodeLine(bytes.subarray(at - 8));
    if (line !== undefined) return line;
    at = bytes.indexOf('+', at + 1);
  }
  return undefined;
}

/** A line longer than any that we write comes in pieces, none of which has a checksum that holds. */
async function* readLines(file: DiskFile): AsyncGenerator<readonly RawLine[], void> {
  let carry: Buffer = Buffer.alloc(0);
  let byte = 0;
  let position = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const count = await file.read(chunk, position);
    if (count === 0) break;
    position += count;
    const bytes = carry.length === 0 ? chunk.subarray(0, count) : Buffer.concat([carry, chunk.subarray(0, count)]);
    const lines: RawLine[] = [];
    let from = 0;
    for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, from)) {
      lines.push({ bytes: bytes.subarray(from, at), byte: byte + from, whole: true });
      from = at + 1;
    }
    yield lines;
    byte += from;
    carry = bytes.subarray(from);
    if (carry.length <= MAX_LINE_BYTES) continue;
    yield [{ bytes: carry, byte, whole: false }];
    byte += carry.length;
    carry = Buffer.alloc(0);
  }
  if (carry.length > 0) yield [{ bytes: carry, byte, whole: false }];
}

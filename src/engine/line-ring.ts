import type { LogLine } from '../core/ports.ts';

/**
 * The last lines of one machine, one behind the other as bytes. As objects, those of 2,000 machines were most of what the
 * engine held, and the garbage collector carried all of them along, while machines wait.
 */
export interface LineRing {
  /** Numbers of lines: the oldest that is there, and the one that comes next. */
  readonly first: number;
  readonly next: number;
  /** Of all its blocks, filled or not. */
  readonly sizeBytes: number;
  readonly add: (line: LogLine) => void;
  /** Lets the oldest go, until so many are left. */
  readonly cut: (left: number) => void;
  /** Lines from this number on, at most so many. */
  readonly read: (from: number, most: number) => readonly LogLine[];
}

interface Block {
  readonly bytes: Buffer;
  used: number;
  lines: number;
}

/** Some forty lines. */
const BLOCK_BYTES = 4096;

const SOURCES = ['kernel', 'talos', 'dhcp', 'tftp', 'http', 'bmc', 'engine'] as const satisfies LogLine['source'][];
const LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies LogLine['level'][];
/** What stands before node and text: the time, source and level, two sizes. */
const AT = { time: 0, kind: 8, node: 9, text: 11, head: 13 } as const;
/** Characters; of each there may be three bytes. */
const MOST_TEXT = 20_000;

/** `of`: whose lines these are. The name of another machine, or of any where there is none, is kept with the line. */
export function createLineRing(of?: string): LineRing {
  const blocks: Block[] = [];
  /** Of the first line in the first block: it may be cut already, and goes with its block. */
  let blockFirst = 0;
  let first = 0;
  let next = 0;
  let sizeBytes = 0;
  const roomFor = (node: string, text: string): Block => {
    const last = blocks.at(-1);
    const left = last === undefined ? 0 : last.bytes.length - last.used - AT.head;
    // Of a character there may be three bytes, and nearly always is one.
    if (last !== undefined && 3 * (node.length + text.length) <= left) return last;
    const bytes = Buffer.byteLength(node) + Buffer.byteLength(text);
    if (last !== undefined && bytes <= left) return last;
    const block = { bytes: Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, AT.head + bytes)), used: 0, lines: 0 };
    blocks.push(block);
    sizeBytes += block.bytes.length;
    return block;
  };
  return {
    get first() {
      return first;
    },
    get next() {
      return next;
    },
    get sizeBytes() {
      return sizeBytes;
    },
    add(line) {
      const node = line.node === of ? '' : line.node.slice(0, MOST_TEXT);
      const text = line.text.slice(0, MOST_TEXT);
      const block = roomFor(node, text);
      block.used = write(block.bytes, block.used, line, node, text);
      block.lines += 1;
      next += 1;
    },
    cut(left) {
      first = Math.max(first, next - left);
      for (let block = blocks[0]; block !== undefined && blockFirst + block.lines <= first; block = blocks[0]) {
        blocks.shift();
        blockFirst += block.lines;
        sizeBytes -= block.bytes.length;
      }
    },
    read(wanted, most) {
      const from = Math.max(wanted, first);
      const found: LogLine[] = [];
      let number = blockFirst;
      for (const block of blocks) {
        if (found.length >= most) break;
        if (number + block.lines > from)
          for (let at = 0; at < block.used && found.length < most; number += 1) {
            const end = endOf(block.bytes, at);
            if (number >= from) found.push(lineAt(block.bytes, at, end, of));
            at = end;
          }
        else number += block.lines;
      }
      return found;
    },
  };
}

/** Gives where the next one begins. */
function write(bytes: Buffer, at: number, line: LogLine, node: string, text: string): number {
  const nodeBytes = node === '' ? 0 : bytes.write(node, at + AT.head, 'utf8');
  const textBytes = bytes.write(text, at + AT.head + nodeBytes, 'utf8');
  bytes.writeDoubleLE(line.at, at + AT.time);
  bytes[at + AT.kind] = SOURCES.indexOf(line.source) * LEVELS.length + LEVELS.indexOf(line.level);
  bytes.writeUInt16LE(nodeBytes, at + AT.node);
  bytes.writeUInt16LE(textBytes, at + AT.text);
  return at + AT.head + nodeBytes + textBytes;
}

const endOf = (bytes: Buffer, at: number): number =>
  at + AT.head + bytes.readUInt16LE(at + AT.node) + bytes.readUInt16LE(at + AT.text);

function lineAt(bytes: Buffer, at: number, end: number, of: string | undefined): LogLine {
  const kind = bytes[at + AT.kind] ?? 0;
  const textAt = at + AT.head + bytes.readUInt16LE(at + AT.node);
  return {
    at: bytes.readDoubleLE(at + AT.time),
    node: bytes.toString('utf8', at + AT.head, textAt) || (of ?? ''),
    source: SOURCES[Math.floor(kind / LEVELS.length)] ?? 'engine',
    level: LEVELS[kind % LEVELS.length] ?? 'info',
    text: bytes.toString('utf8', textAt, end),
  };
}

import type { LogLine } from '../core/ports.ts';

/**
 * The last lines of one machine, the newest as they came, the others one behind the other as bytes. As objects, those of
 * 2,000 machines were most of what the engine held, and the garbage collector carried all of them along, while machines
 * wait. Most machines of a storm say a few lines each, which cost nothing more until it is over.
 */
export interface LineRing {
  /** Numbers of lines: the oldest that is there, and the one that comes next. */
  readonly first: number;
  readonly next: number;
  /** Of all its lines, those as they came by estimate. */
  readonly sizeBytes: number;
  readonly add: (line: LogLine) => void;
  /** Lets the oldest go, until so many are left. */
  readonly cut: (left: number) => void;
  /** When the newest of those that lie about as objects came; undefined where all are bytes. */
  readonly looseAt: number | undefined;
  /** Those as they came become bytes too. */
  readonly pack: () => void;
  /** Lines from this number on, at most so many. */
  readonly read: (from: number, most: number) => readonly LogLine[];
}

interface Block {
  readonly bytes: Buffer;
  readonly lines: number;
}

/** So many become one block of bytes. */
const BLOCK_LINES = 32;
/** What an object for a line takes beside its characters. */
const OBJECT_BYTES = 80;

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
  let fresh: LogLine[] = [];
  let first = 0;
  let next = 0;
  let sizeBytes = 0;
  const pack = () => {
    if (fresh.length === 0) return;
    const block = blockOf(fresh, of);
    for (const line of fresh) sizeBytes -= objectBytes(line);
    sizeBytes += block.bytes.length;
    blocks.push(block);
    fresh = [];
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
    get looseAt() {
      return fresh.at(-1)?.at;
    },
    pack,
    add(line) {
      const kept = line.text.length > MOST_TEXT ? { ...line, text: line.text.slice(0, MOST_TEXT) } : line;
      fresh.push(kept);
      sizeBytes += objectBytes(kept);
      next += 1;
      if (fresh.length === BLOCK_LINES) pack();
    },
    cut(left) {
      first = Math.max(first, next - left);
      for (let block = blocks[0]; block !== undefined && blockFirst + block.lines <= first; block = blocks[0]) {
        blocks.shift();
        blockFirst += block.lines;
        sizeBytes -= block.bytes.length;
      }
      if (blocks.length > 0) return;
      const gone = fresh.splice(0, first - blockFirst);
      for (const line of gone) sizeBytes -= objectBytes(line);
      blockFirst += gone.length;
    },
    read(wanted, most) {
      const from = Math.max(wanted, first);
      const found: LogLine[] = [];
      let number = blockFirst;
      for (const block of blocks) {
        if (found.length >= most) break;
        if (number + block.lines > from) found.push(...linesOf(block, of).slice(Math.max(0, from - number)));
        number += block.lines;
      }
      found.push(...fresh.slice(Math.max(0, from - number)));
      return found.slice(0, most);
    },
  };
}

const objectBytes = ({ text }: LogLine): number => OBJECT_BYTES + text.length;

function blockOf(lines: readonly LogLine[], of: string | undefined): Block {
  const nodes = lines.map(({ node }) => (node === of ? '' : node.slice(0, MOST_TEXT)));
  let sizeBytes = 0;
  for (const [at, { text }] of lines.entries())
    sizeBytes += AT.head + Buffer.byteLength(nodes[at] ?? '') + Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  let used = 0;
  for (const [at, line] of lines.entries()) used = write(bytes, used, line, nodes[at] ?? '', line.text);
  return { bytes, lines: lines.length };
}

function linesOf({ bytes }: Block, of: string | undefined): LogLine[] {
  const lines: LogLine[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = endOf(bytes, at);
    lines.push(lineAt(bytes, at, end, of));
    at = end;
  }
  return lines;
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

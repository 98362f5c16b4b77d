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

/** So many become bytes at a time, and so many go at a time. */
const PACKED_LINES = 32;
/**
 * A block below this takes up the next lines. A buffer costs 300 bytes of the heap beside its bytes: with one for every few
 * lines those of 2,000 machines were seven megabytes that the garbage collector carried along.
 */
const BLOCK_BYTES = 16 * 1024;
/** What an object for a line takes beside its characters. */
const OBJECT_BYTES = 80;

const SOURCES = ['kernel', 'talos', 'dhcp', 'tftp', 'http', 'bmc', 'engine'] as const satisfies LogLine['source'][];
const LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies LogLine['level'][];
/** What stands before node and text: the time, source and level, two sizes. */
const AT = { time: 0, kind: 8, node: 9, text: 11, head: 13 } as const;
/** Characters; of each there may be three bytes. */
const MOST_TEXT = 20_000;

/** `of`: whose lines these are. The name of another machine, or of any where there is none, is kept with the line. */
export const createLineRing = (of?: string): LineRing => new PackedLines(of);

/** A class: there is one for each machine, and a closure for each method of each took a kilobyte. */
class PackedLines implements LineRing {
  first = 0;
  next = 0;
  sizeBytes = 0;
  readonly #of: string | undefined;
  readonly #blocks: Block[] = [];
  /** Of the first line in the first block: it may be cut already, and goes with those after it. */
  #blockFirst = 0;
  #fresh: LogLine[] = [];

  constructor(of: string | undefined) {
    this.#of = of;
  }

  get looseAt(): number | undefined {
    return this.#fresh.at(-1)?.at;
  }

  add(line: LogLine): void {
    const kept = line.text.length > MOST_TEXT ? { ...line, text: line.text.slice(0, MOST_TEXT) } : line;
    this.#fresh.push(kept);
    this.sizeBytes += objectBytes(kept);
    this.next += 1;
    if (this.#fresh.length === PACKED_LINES) this.pack();
  }

  pack(): void {
    if (this.#fresh.length === 0) return;
    const last = this.#blocks.at(-1);
    // The lines of all machines together come and go by the block: joined, each would be copied twice.
    const isSmall = this.#of !== undefined && last !== undefined && last.bytes.length < BLOCK_BYTES;
    const joined = isSmall ? this.#blocks.pop() : undefined;
    const block = blockOf(this.#fresh, this.#of, joined);
    for (const line of this.#fresh) this.sizeBytes -= objectBytes(line);
    this.sizeBytes += block.bytes.length - (joined?.bytes.length ?? 0);
    this.#blocks.push(block);
    this.#fresh = [];
  }

  cut(left: number): void {
    this.first = Math.max(this.first, this.next - left);
    for (let block = this.#blocks[0]; block !== undefined; block = this.#blocks[0]) {
      const gone = this.first - this.#blockFirst;
      if (gone < Math.min(block.lines, PACKED_LINES)) return;
      const rest = gone < block.lines ? restOf(block, gone) : undefined;
      this.#blocks.splice(0, 1, ...(rest === undefined ? [] : [rest]));
      this.#blockFirst += block.lines - (rest?.lines ?? 0);
      this.sizeBytes -= block.bytes.length - (rest?.bytes.length ?? 0);
    }
    const gone = this.#fresh.splice(0, this.first - this.#blockFirst);
    for (const line of gone) this.sizeBytes -= objectBytes(line);
    this.#blockFirst += gone.length;
  }

  read(wanted: number, most: number): readonly LogLine[] {
    const from = Math.max(wanted, this.first);
    const found: LogLine[] = [];
    let number = this.#blockFirst;
    for (const block of this.#blocks) {
      if (found.length >= most) break;
      if (number + block.lines > from) found.push(...linesOf(block, Math.max(0, from - number), this.#of));
      number += block.lines;
    }
    found.push(...this.#fresh.slice(Math.max(0, from - number)));
    return found.slice(0, most);
  }
}

const objectBytes = ({ text }: LogLine): number => OBJECT_BYTES + text.length;

/** These lines, behind those of the block before. */
function blockOf(lines: readonly LogLine[], of: string | undefined, before: Block | undefined): Block {
  const nodes = lines.map(({ node }) => (node === of ? '' : node.slice(0, MOST_TEXT)));
  let sizeBytes = before?.bytes.length ?? 0;
  for (const [at, { text }] of lines.entries())
    sizeBytes += AT.head + Buffer.byteLength(nodes[at] ?? '') + Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  let used = before?.bytes.copy(bytes) ?? 0;
  for (const [at, line] of lines.entries()) used = write(bytes, used, line, nodes[at] ?? '', line.text);
  return { bytes, lines: (before?.lines ?? 0) + lines.length };
}

/** Without its oldest lines; a copy, so that the room of those is free. */
function restOf({ bytes, lines }: Block, gone: number): Block {
  const rest = bytes.subarray(startOf(bytes, gone));
  const copy = Buffer.allocUnsafeSlow(rest.length);
  rest.copy(copy);
  return { bytes: copy, lines: lines - gone };
}

function linesOf({ bytes }: Block, from: number, of: string | undefined): LogLine[] {
  const lines: LogLine[] = [];
  for (let at = startOf(bytes, from); at < bytes.length; ) {
    const end = endOf(bytes, at);
    lines.push(lineAt(bytes, at, end, of));
    at = end;
  }
  return lines;
}

/** Where the line of this number in the block begins. */
function startOf(bytes: Buffer, number: number): number {
  let at = 0;
  for (let passed = 0; passed < number; passed += 1) at = endOf(bytes, at);
  return at;
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

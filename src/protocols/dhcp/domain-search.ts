import { cleanText } from '../../core/clean-text.ts';
import { type OptionCodec, ofSlice } from './option-codec.ts';

/** A name is at most 255 bytes on the wire, so more jumps than this are a loop. */
const MAX_JUMPS = 64;
/** Pointers can make 64 KB unfold to far more: names beyond this are refused. */
const MAX_NAMES = 128;

/** One name at `at` (RFC 1035 4.1.4). A pointer must go backwards, which is also what ends every chain. */
function readName(data: Buffer, start: number): { readonly name: string; readonly next: number } | string {
  const labels: string[] = [];
  let at = start;
  let next = -1;
  let size = 0;
  for (let jumps = 0; jumps <= MAX_JUMPS; ) {
    const length = data[at];
    if (length === undefined) return 'a name runs past the end';
    if (length === 0) return { name: labels.join('.'), next: next < 0 ? at + 1 : next };
    if (length >= 0xc0) {
      const low = data[at + 1];
      if (low === undefined) return 'a pointer runs past the end';
      const target = (length & 0x3f) * 256 + low;
      if (target >= at) return 'a pointer does not go backwards';
      if (next < 0) next = at + 2;
      at = target;
      jumps += 1;
    } else if (length >= 0x40) {
      return `a label starts with the reserved byte ${length}`;
    } else {
      size += 1 + length;
      if (at + 1 + length > data.length) return 'a label runs past the end';
      if (size > 254) return 'a name is longer than 255 bytes';
      labels.push(data.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
  }
  return 'too many pointers in one name';
}

/** Option 119 (RFC 3397). Compressed names are read; ours are written in full. */
export const domainSearch: OptionCodec<readonly string[]> = {
  decode: ofSlice((data, note) => {
    const names: string[] = [];
    let at = 0;
    while (at < data.length) {
      const read = readName(data, at);
      if (typeof read === 'string' || names.length === MAX_NAMES) {
        note(typeof read === 'string' ? read : `has more than ${MAX_NAMES} names`);
        return undefined;
      }
      names.push(read.name);
      at = read.next;
    }
    if (names.length > 0) return names;
    note('is empty');
    return undefined;
  }),
  sizeOf: (value) => value.reduce((sum, name) => sum + (name === '' ? 1 : name.length + 2), 0),
  write: (buffer, at, value) => {
    let to = at;
    for (const name of value) {
      for (const label of name === '' ? [] : name.split('.')) {
        // Longer than 63 would read as a pointer; config validation keeps such names out.
        buffer[to] = Math.min(label.length, 63);
        buffer.write(label, to + 1, label.length, 'latin1');
        to += 1 + label.length;
      }
      buffer[to] = 0;
      to += 1;
    }
  },
  render: (value) => value.map((name) => `"${cleanText(name)}"`).join(' '),
};

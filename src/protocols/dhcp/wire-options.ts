import { createCodeSet, holdsCode, includeCode } from './code-set.ts';

/** Every option of a message by its code, in wire order, broken ones included. */
export interface WireOptions {
  readonly has: (code: number) => boolean;
  readonly get: (code: number) => Uint8Array | undefined;
  readonly keys: () => Iterable<number>;
  readonly [Symbol.iterator]: () => Iterator<[number, Uint8Array]>;
}

/** A packet has a dozen options; walking those costs less than a table of them. Only a hostile one has more than this. */
const WALKED = 32;

/** Where the options lie in the bytes of their packet. A view is made where one is asked for, and nearly none is. */
export class OptionPlaces implements WireOptions {
  readonly bytes: Buffer;
  /** Of each value; its code and its size are the two bytes before it. */
  readonly starts: number[] = [];
  /** Of those that came in several parts (RFC 3396), the whole. */
  joined: Map<number, Buffer> | undefined;
  readonly #codes = createCodeSet();
  #places: Map<number, number> | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  add(start: number): void {
    const code = this.bytes[start - 2] ?? 0;
    includeCode(this.#codes, code);
    this.#places?.set(code, this.starts.length);
    this.starts.push(start);
  }

  codeAt(place: number): number {
    return this.bytes[(this.starts[place] ?? 0) - 2] ?? 0;
  }

  /** -1: it is not there. */
  placeOf(code: number): number {
    const { starts } = this;
    if (starts.length > WALKED) {
      this.#places ??= new Map(starts.map((_, place) => [this.codeAt(place), place]));
      return this.#places.get(code) ?? -1;
    }
    for (let place = 0; place < starts.length; place += 1) if (this.codeAt(place) === code) return place;
    return -1;
  }

  at(place: number): Buffer {
    const start = this.starts[place] ?? 0;
    return this.joined?.get(this.codeAt(place)) ?? this.bytes.subarray(start, start + (this.bytes[start - 1] ?? 0));
  }

  has(code: number): boolean {
    return holdsCode(this.#codes, code);
  }

  get(code: number): Buffer | undefined {
    const place = this.placeOf(code);
    return place < 0 ? undefined : this.at(place);
  }

  keys(): readonly number[] {
    return this.starts.map((_, place) => this.codeAt(place));
  }

  *[Symbol.iterator](): Generator<[number, Buffer]> {
    for (const place of this.starts.keys()) yield [this.codeAt(place), this.at(place)];
  }
}

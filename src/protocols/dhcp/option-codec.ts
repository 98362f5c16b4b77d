export type Note = (reason: string) => void;

/** How one kind of option value is read, measured, written and shown. */
export interface OptionCodec<T> {
  /** From `at` to before `end`. Undefined: unusable, and `note` was told why. */
  decode(packet: Buffer, at: number, end: number, note: Note): T | undefined;
  sizeOf(value: T): number;
  /** Writes exactly `sizeOf(value)` bytes at `at`. */
  write(buffer: Buffer, at: number, value: T): void;
  render(value: T): string;
}

/** Wrong lengths are reported the same way for every option. */
export function hasLength(sizeBytes: number, wanted: number, note: Note): boolean {
  if (sizeBytes === wanted) return true;
  note(`has ${sizeBytes} bytes, needs ${wanted}`);
  return false;
}

/** For values that are walked: those that every packet brings are read in place, since a view of each was half of decoding. */
export function ofSlice<T>(read: (data: Buffer, note: Note) => T | undefined): OptionCodec<T>['decode'] {
  return (packet, at, end, note) => read(packet.subarray(at, end), note);
}

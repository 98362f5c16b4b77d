/** How one kind of option value is read, measured, written and shown. */
export interface OptionCodec<T> {
  /** Undefined: unusable, and `note` was told why. */
  decode(data: Buffer, note: (reason: string) => void): T | undefined;
  sizeOf(value: T): number;
  /** Writes exactly `sizeOf(value)` bytes at `at`. */
  write(buffer: Buffer, at: number, value: T): void;
  render(value: T): string;
}

/** Wrong lengths are reported the same way for every option. */
export function hasLength(data: Buffer, wanted: number, note: (reason: string) => void): boolean {
  if (data.length === wanted) return true;
  note(`has ${data.length} bytes, needs ${wanted}`);
  return false;
}

/** EMFILE and ENFILE of Linux. Some calls of Node tell only the number, and some with the wrong sign. */
const NUMBERS: ReadonlySet<unknown> = new Set([23, 24, -23, -24]);

/** This process, or the whole host, may open no more files for now: no fault of the program, and it passes. */
export function isOutOfFiles(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE')) return true;
  if ('errno' in error && NUMBERS.has(error.errno)) return true;
  // A thread that cannot begin says no more of it than this.
  return /\b(EMFILE|ENFILE)\b/.test(error.message);
}

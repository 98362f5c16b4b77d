/** One line that is drawn over itself on a terminal, with rate and time left; silent where nobody watches. */
export interface ProgressLine {
  /** `fromBytes`: so many were there before, and say nothing about the speed. */
  readonly update: (doneBytes: number, totalBytes: number, what?: string, fromBytes?: number) => void;
  readonly end: () => void;
}

const WIDTH = 24;
const DRAW_EVERY_MS = 100;

export function createProgressLine(
  write: (text: string) => void,
  label: string,
  isTerminal = process.stderr.isTTY === true,
  now: () => number = Date.now,
): ProgressLine {
  let begun: { readonly what: string; readonly at: number; readonly fromBytes: number } | undefined;
  let drawn = false;
  let lastAt = Number.NEGATIVE_INFINITY;
  return {
    update: (doneBytes, totalBytes, what = '', fromBytes = 0) => {
      if (!isTerminal) return;
      // Each file has its own speed: that of the one before says nothing about this one.
      if (begun?.what !== what) begun = { what, at: now(), fromBytes };
      if (now() - lastAt < DRAW_EVERY_MS && doneBytes < totalBytes) return;
      lastAt = now();
      drawn = true;
      const name = what === '' ? label : `${label} ${what.padEnd(9)}`;
      write(`\r\x1b[K${name} ${renderProgress(doneBytes, totalBytes, now() - begun.at, begun.fromBytes)}`);
    },
    end: () => {
      if (drawn) write('\r\x1b[K');
      begun = undefined;
    },
  };
}

export function renderProgress(doneBytes: number, totalBytes: number, elapsedMs: number, fromBytes = 0): string {
  const rate = elapsedMs > 0 ? (Math.max(0, doneBytes - fromBytes) * 1000) / elapsedMs : 0;
  const speed = rate > 0 ? `${(rate / 1e6).toFixed(1)} MB/s` : '';
  if (totalBytes <= 0) return `${(doneBytes / 1e6).toFixed(1)} MB ${speed}`.trimEnd();
  const share = Math.min(1, doneBytes / totalBytes);
  const bar = '#'.repeat(Math.floor(share * WIDTH)).padEnd(WIDTH, '.');
  const left = rate > 0 ? ` eta ${span(Math.ceil((totalBytes - doneBytes) / rate))}` : '';
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `[${bar}] ${percent}% of ${(totalBytes / 1e6).toFixed(1)} MB ${speed}${left}`.trimEnd();
}

const span = (seconds: number): string =>
  seconds < 100 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;

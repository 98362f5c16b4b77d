/** One line that is drawn over itself on a terminal, with rate and time left; silent where nobody watches. */
export interface ProgressLine {
  readonly update: (doneBytes: number, totalBytes: number, what?: string) => void;
  readonly end: () => void;
}

const WIDTH = 24;

export function createProgressLine(
  write: (text: string) => void,
  label: string,
  isTerminal = process.stderr.isTTY === true,
): ProgressLine {
  const startedAt = Date.now();
  let drawn = false;
  let lastAt = 0;
  return {
    update: (doneBytes, totalBytes, what) => {
      if (!isTerminal || Date.now() - lastAt < 100) return;
      lastAt = Date.now();
      drawn = true;
      write(`\r\x1b[K${label} ${what ?? ''} ${renderProgress(doneBytes, totalBytes, Date.now() - startedAt)}`);
    },
    end: () => {
      if (drawn) write('\r\x1b[K');
    },
  };
}

export function renderProgress(doneBytes: number, totalBytes: number, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? (doneBytes * 1000) / elapsedMs : 0;
  const speed = `${(rate / 1e6).toFixed(1)} MB/s`;
  if (totalBytes <= 0) return `${(doneBytes / 1e6).toFixed(1)} MB ${speed}`;
  const share = Math.min(1, doneBytes / totalBytes);
  const bar = '#'.repeat(Math.round(share * WIDTH)).padEnd(WIDTH, '.');
  const left = rate > 0 ? Math.ceil((totalBytes - doneBytes) / rate) : 0;
  return `[${bar}] ${Math.floor(share * 100)}% of ${(totalBytes / 1e6).toFixed(1)} MB ${speed} eta ${left}s`;
}

const STEPS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Decimal units, as on the label of a disk: `512 B`, `1.2 kB`, `480 GB`, `3.84 TB`. */
export function renderSize(bytes: number | undefined): string {
  if (bytes === undefined || !Number.isFinite(bytes) || bytes < 0) return '-';
  let value = bytes;
  let step = 0;
  while (value >= 999.5 && step < STEPS.length - 1) {
    value /= 1000;
    step++;
  }
  const digits = step === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${trimZeros(value.toFixed(digits))} ${STEPS[step]}`;
}

/** `112MB/s`: without a blank, for the header. */
export const renderRate = (bytesPerSecond: number): string =>
  `${renderSize(Math.round(bytesPerSecond)).replace(' ', '')}/s`;

const trimZeros = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

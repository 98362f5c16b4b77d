export interface ConsoleLine {
  readonly atMs: number;
  readonly text: string;
}

/** Lines of serial.log: seconds since 1970, a space, what the machine wrote, with the terminal's escapes taken out. */
export function parseConsole(log: string): readonly ConsoleLine[] {
  return log.split('\n').flatMap((line) => {
    const found = /^(\d+\.\d+) (.*)$/.exec(line);
    if (found === null) return [];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what firmware draws its menus with
    const text = (found[2] ?? '').replace(/\u001b\[[0-9;?=]*[A-Za-z]/g, '');
    return [{ atMs: Number(found[1]) * 1000, text }];
  });
}

export const lastLine = (raw: string): string => raw.slice(Math.max(raw.lastIndexOf('\n'), raw.lastIndexOf('\r')) + 1);

export interface ShownFetch {
  /** When iPXE was done with it. */
  readonly endedAtMs: number;
  readonly isWhole: boolean;
  /** The furthest that it came, as the machine counted; 100 when it is whole. */
  readonly percent: number;
}

/** A line that only goes on with the one before: serial.log breaks what is longer than a few screens' widths. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: progress is drawn with backspaces
const GOES_ON = /^(?:[\u0008\s\d%]|o?k\s*$)/;

/** The attempts of iPXE to fetch a file, by the line that it draws for each: address, progress, and ok or an error. */
export function shownFetches(lines: readonly ConsoleLine[], file: string): readonly ShownFetch[] {
  const begin = new RegExp(`http://\\S+/${file}\\.\\.\\.(.*)`);
  return lines.flatMap((line, index) => {
    const first = begin.exec(line.text)?.[1];
    if (first === undefined) return [];
    const after = lines.slice(index + 1);
    const end = after.findIndex((one) => !GOES_ON.test(one.text));
    const rest = after.slice(0, end < 0 ? after.length : end);
    const drawn = first + rest.map((one) => one.text).join('');
    const isWhole = /\bok\s*$/.test(drawn);
    const shown = [...drawn.matchAll(/(\d+)%/g)].map((found) => Number(found[1]));
    const endedAtMs = rest.at(-1)?.atMs ?? line.atMs;
    return [{ endedAtMs, isWhole, percent: isWhole ? 100 : Math.max(0, ...shown) }];
  });
}

/** The road from power-on to a system on the disk, by what the console shows of each step; in this order. */
export const STEPS: readonly (readonly [string, RegExp])[] = [
  ['firmware', /Start PXE|Start HTTP Boot|iPXE initialising|iPXE \(http|SeaBIOS/],
  ['loader', /iPXE initialising|Features:/],
  ['script', /crashcart: [\w-]+: /],
  ['linux', /Linux version/],
  ['installer', /\[rack\] network boot/],
  ['config', /\[rack\] config \d+ bytes/],
  ['installing', /\[rack\] installing to/],
  ['installed', /\[rack\] install done/],
  ['disk boot', /Linux version/],
  ['running', /\[rack\] installed /],
];

/** Seconds from `sinceMs` to each step that was reached. */
export function stepTimes(lines: readonly ConsoleLine[], sinceMs: number): readonly (readonly [string, number])[] {
  const times: [string, number][] = [];
  let next = lines.findIndex((line) => line.atMs >= sinceMs);
  for (const [name, pattern] of STEPS) {
    const at = next < 0 ? -1 : lines.findIndex((line, index) => index >= next && pattern.test(line.text));
    if (at < 0) continue;
    times.push([name, ((lines[at]?.atMs ?? sinceMs) - sinceMs) / 1000]);
    next = name === 'firmware' ? at : at + 1;
  }
  return times;
}

export function renderSteps(
  title: string,
  rows: readonly (readonly [string, readonly (readonly [string, number])[]])[],
): string {
  const names = STEPS.map(([name]) => name);
  const head = [title.padEnd(24), ...names.map((name) => name.padStart(10))].join(' ');
  const body = rows.map(([machine, times]) => {
    const cells = names.map((name) => {
      const found = times.find(([step]) => step === name);
      return (found === undefined ? '-' : found[1].toFixed(1)).padStart(10);
    });
    return [machine.padEnd(24), ...cells].join(' ');
  });
  return [head, ...body].join('\n');
}

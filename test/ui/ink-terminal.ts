import { EventEmitter } from 'node:events';
import xterm from '@xterm/headless';

/**
 * A terminal in this process: Ink writes to a fake TTY, xterm.js keeps the screen. Unlike ink-testing-library this goes
 * through the real writer (incremental frames, alternate screen, resize) and knows its size.
 */
export class FakeInput extends EventEmitter {
  isTTY = true;
  #queue: string[] = [];
  setEncoding() {
    return this;
  }
  setRawMode() {
    return this;
  }
  ref() {
    return this;
  }
  unref() {
    return this;
  }
  read(): string | null {
    const chunk = this.#queue.shift() ?? null;
    // A real stream tells its data listeners what somebody else reads; our key layer lives on that.
    if (chunk !== null) this.emit('data', chunk);
    return chunk;
  }
  push(chunk: string) {
    this.#queue.push(chunk);
    this.emit('readable');
  }
}

export class FakeOutput extends EventEmitter {
  isTTY = true;
  writable = true;
  destroyed = false;
  writableEnded = false;
  columns: number;
  rows: number;
  /** Everything that was written, for the lint. */
  transcript = '';
  readonly #terminal: InstanceType<typeof xterm.Terminal>;
  constructor(columns: number, rows: number, terminal: InstanceType<typeof xterm.Terminal>) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.#terminal = terminal;
  }
  write(text: string, done?: () => void) {
    this.transcript += text;
    this.#terminal.write(text.replaceAll(/\r?\n/g, '\r\n'), done);
    return true;
  }
}

export interface InkTerminal {
  readonly stdin: FakeInput;
  readonly stdout: FakeOutput;
  lines(): string[];
  screen(): string;
  /** Runs of one look per line, `text{red bold}`, for what only colours and bars show. */
  attributes(): string;
  type(keys: string): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  waitFor(pattern: RegExp): Promise<void>;
  settle(): Promise<void>;
  /** Only the emulator's own queue: for a frame that Ink has written. */
  flush(): Promise<void>;
}

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

export function createInkTerminal(columns = 80, rows = 25): InkTerminal {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true, scrollback: 0 });
  const stdout = new FakeOutput(columns, rows, terminal);
  const stdin = new FakeInput();
  const line = (y: number) => terminal.buffer.active.getLine(terminal.buffer.active.viewportY + y);
  const lines = () =>
    Array.from({ length: terminal.rows }, (_, y) => line(y)?.translateToString(true, 0, terminal.cols) ?? '');
  const looks = (y: number): string => {
    const row = line(y);
    const runs: string[] = [];
    let text = '';
    let look = '';
    for (let x = 0; x <= terminal.cols; x++) {
      const cell = row?.getCell(x);
      const next = cell === undefined || x === terminal.cols ? 'end' : lookOfCell(cell);
      if (next !== look && text.trim() !== '' && look !== '') runs.push(`${text.trim()}{${look}}`);
      if (next !== look) text = '';
      look = next;
      text += cell?.getChars() || ' ';
    }
    return runs.join(' ');
  };
  const flush = () => new Promise<void>((resolve) => terminal.write('', resolve));
  const settle = async () => {
    // Two frames of Ink at 60 per second.
    await new Promise((resolve) => setTimeout(resolve, 40));
    await flush();
  };
  const self: InkTerminal = {
    stdin,
    stdout,
    lines,
    screen: () => lines().join('\n'),
    attributes: () =>
      lines()
        .map((_, y) => looks(y))
        .join('\n'),
    settle,
    flush,
    type: async (keys) => {
      stdin.push(keys);
      await settle();
    },
    resize: async (nextColumns, nextRows) => {
      terminal.resize(nextColumns, nextRows);
      stdout.columns = nextColumns;
      stdout.rows = nextRows;
      stdout.emit('resize');
      await settle();
      await settle();
    },
    waitFor: async (pattern) => {
      for (let tries = 0; tries < 200; tries++) {
        if (pattern.test(self.screen())) return;
        await settle();
      }
      throw new Error(`not on the screen: ${pattern}\n${self.screen()}`);
    },
  };
  return self;
}

interface Cell {
  isFgDefault(): boolean;
  getFgColor(): number;
  isBold(): number;
  isDim(): number;
  isInverse(): number;
}

function lookOfCell(cell: Cell): string {
  const colour = cell.isFgDefault() ? '' : (COLOURS[cell.getFgColor()] ?? `colour${cell.getFgColor()}`);
  return [colour, cell.isBold() ? 'bold' : '', cell.isDim() ? 'dim' : '', cell.isInverse() ? 'inverse' : '']
    .filter(Boolean)
    .join(' ');
}

import { PassThrough } from 'node:stream';
import type { ReplayPort } from './replay-port.ts';

/** Keys of the player. They are such as the screen does not use, so that both work side by side. */
type Control = (port: ReplayPort) => void;

const JUMP_MS = 30_000;

const jump =
  (byMs: number): Control =>
  (port) =>
    port.seek(port.position().atMs + byMs);
const faster: Control = (port) => port.setSpeed(port.position().speed * 2);
const slower: Control = (port) => port.setSpeed(port.position().speed / 2);
const toggle: Control = (port) => port.toggle();

/** Beside the screen, which has its own meaning for p, space and the brackets. */
export const SCREEN_KEYS: ReadonlyMap<string, Control> = new Map([
  ['.', toggle],
  ['+', faster],
  ['=', faster],
  ['-', slower],
  ['<', jump(-JUMP_MS)],
  ['>', jump(JUMP_MS)],
  ['{', jump(-20 * JUMP_MS)],
  ['}', jump(20 * JUMP_MS)],
  [',', (port) => port.step(1)],
  ['(', (port) => port.seek(port.position().fromMs)],
  [')', (port) => port.seek(port.position().toMs)],
]);

/** Without a screen nothing else listens. */
export const PLAIN_KEYS: ReadonlyMap<string, Control> = new Map([
  ...SCREEN_KEYS,
  ['p', toggle],
  [' ', toggle],
  ['[', jump(-JUMP_MS)],
  [']', jump(JUMP_MS)],
]);

export const SCREEN_KEY_HINTS: readonly (readonly [keys: string, what: string])[] = [
  ['.', 'play/pause'],
  ['+ -', 'speed'],
  ['< >', '30 s'],
  ['{ }', '10 min'],
  [',', 'one event'],
  ['( )', 'start, end'],
];
export const SCREEN_KEYS_HELP = SCREEN_KEY_HINTS.map(([keys, what]) => `${keys} ${what}`).join('   ');
export const PLAIN_KEYS_HELP = 'p or space play/pause   + - speed   [ ] 30 s   , one event   q quit';

export interface TerminalInput {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Buffer | string) => void): unknown;
  off(event: 'data', listener: (chunk: Buffer | string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
  ref?(): unknown;
  unref?(): unknown;
}

/**
 * The terminal's input with the player's keys taken out. It reads while the screen wants raw input and not otherwise,
 * so that a pager which is opened from the screen has the keys to itself.
 */
export function createScreenInput(real: TerminalInput, take: (keys: string) => boolean): NodeJS.ReadStream {
  const isControl = (key: string) => SCREEN_KEYS.has(key);
  const through = new PassThrough();
  const pump = (chunk: Buffer | string) => {
    const text = chunk.toString('utf8');
    // A key held down comes as several; among other characters (a paste, a filter typed fast) they are text.
    if ([...text].every((key) => isControl(key)) && take(text)) return;
    through.write(chunk);
  };
  return Object.assign(through, {
    isTTY: true,
    isRaw: false,
    fd: 0,
    setRawMode(raw: boolean) {
      real.setRawMode?.(raw);
      real.off('data', pump);
      if (raw) {
        real.on('data', pump);
        real.resume();
      } else real.pause();
      return through;
    },
    ref: () => {
      real.ref?.();
      return through;
    },
    unref: () => {
      real.unref?.();
      return through;
    },
  }) as unknown as NodeJS.ReadStream;
}

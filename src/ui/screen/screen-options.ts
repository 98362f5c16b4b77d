import type { ScreenPort } from '../../link/screen-port.ts';
import type { Keymap } from '../keys/keymap.ts';
import type { Session } from '../state/screen-model.ts';
import type { Look } from '../state/ui-state.ts';
import type { TerminalProfile } from '../terminal/terminal-profile.ts';

export interface ScreenOptions {
  readonly port: ScreenPort;
  readonly profile: TerminalProfile;
  readonly session: Partial<Session>;
  readonly look?: Partial<Look>;
  readonly keymap?: Keymap;
  /** 100 ms on this host, 250 ms over slow lines. */
  readonly batchMs?: number;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--size 100x30`, for serial lines that tell no size. */
  readonly size?: { readonly columns: number; readonly rows: number };
  readonly keepLook?: (look: Look) => void;
  /** What is wrong and was found before there was a screen: behind it nobody would read that. */
  readonly problems?: readonly string[];
  readonly now?: () => number;
}

/** `signal`: somebody told the process to end; it is up to the caller to do so. */
export type ScreenEnd = 'quit' | 'hangup' | 'signal';

/** A window that tells no size is a serial line: 80x24 until somebody says otherwise. */
const SERIAL_SIZE = { columns: 80, rows: 24 } as const;

export const sizeOf = ({ size, stdout }: ScreenOptions): { readonly columns: number; readonly rows: number } =>
  size ?? { columns: stdout.columns || SERIAL_SIZE.columns, rows: stdout.rows || SERIAL_SIZE.rows };

import type { LinkClient } from '../link/connect-link.ts';
import { createScreenPort } from '../link/screen-over-link.ts';
import { runPlain } from '../ui/screen/run-plain.ts';
import { runScreen, type ScreenEnd } from '../ui/screen/run-screen.tsx';
import { readTerminalProfile } from '../ui/terminal/terminal-profile.ts';
import { type CommandContext, flag, textOption, usageProblem } from './command.ts';
import { whoIsThere } from './engine-socket.ts';
import { loadSettings, saveSettings } from './settings.ts';

export const SCREEN_OPTIONS = {
  plain: { type: 'boolean', help: 'one line per event, no screen: for screen readers, pipes and logs' },
  ascii: { type: 'boolean', help: 'only 7-bit characters' },
  'no-colour': { type: 'boolean', help: 'no colours (NO_COLOR does the same)' },
  slow: { type: 'boolean', help: 'draw less often, for slow lines' },
  size: { type: 'string', value: 'COLSxROWS', help: 'for serial lines that tell no size' },
  'read-only': { type: 'boolean', help: 'look only: nothing can be changed from here' },
} as const;

export interface ScreenSession {
  readonly client: LinkClient;
  readonly holdsStack: boolean;
  readonly mode: string;
}

/** The screen on an engine, wherever it runs. Resolves when the operator leaves or the terminal goes away. */
export async function openScreen(context: CommandContext, session: ScreenSession): Promise<ScreenEnd> {
  const { client } = session;
  const port = createScreenPort(client, flag(context, 'slow') ? 250 : 100);
  // A terminal that can only print lines gets lines.
  if (flag(context, 'plain') || !process.stdout.isTTY || context.env.TERM === 'dumb') {
    runPlain(port, (line) => context.out(`${line}\n`), -new Date().getTimezoneOffset());
    return new Promise((resolve) => {
      client.onClose(() => resolve('quit'));
      process.once('SIGHUP', () => resolve('hangup'));
      process.once('SIGINT', () => resolve('quit'));
      process.once('SIGTERM', () => resolve('quit'));
    });
  }
  const { settings, problems, path } = loadSettings(context.env);
  for (const problem of problems) context.err(`crashcart: ${path}: ${problem}; the defaults are used\n`);
  const who = whoIsThere(context.env);
  const size = sizeOption(context);
  const side = client.write();
  const screen = runScreen({
    port,
    profile: readTerminalProfile(context.env, {
      ...(flag(context, 'ascii') ? { ascii: true } : {}),
      ...(flag(context, 'no-colour') ? { colour: false } : {}),
    }),
    session: {
      who: `${who.user}@${who.from}`,
      holdsStack: session.holdsStack,
      readOnly: flag(context, 'read-only') || !side.mine,
      mode: session.mode,
      zoneMinutes: -new Date().getTimezoneOffset(),
    },
    ...(settings === undefined ? {} : { look: settings.look, keymap: settings.keymap }),
    batchMs: flag(context, 'slow') ? 250 : (settings?.batchMs ?? 100),
    stdin: process.stdin,
    stdout: process.stdout,
    env: context.env,
    ...(size === undefined ? {} : { size }),
    keepLook: (look) => {
      if (problems.length === 0) saveSettings(path, { keys: {}, ...settings, look });
    },
  });
  client.onWrite((changed) => screen.setReadOnly(flag(context, 'read-only') || !changed.mine));
  client.onClose((reason) => screen.setLost(reason));
  return screen.ended;
}

export function sizeOption(context: CommandContext): { readonly columns: number; readonly rows: number } | undefined {
  const text = textOption(context, 'size');
  if (text === undefined) return undefined;
  const match = /^(\d{2,3})x(\d{1,3})$/.exec(text);
  if (match === null) throw usageProblem(`--size takes COLUMNSxROWS like 80x25, not "${text}"`);
  return { columns: Number(match[1]), rows: Number(match[2]) };
}

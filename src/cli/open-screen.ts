import type { LinkClient } from '../link/connect-link.ts';
import { createLateScreenPort } from '../link/late-screen-port.ts';
import type { WriteSide } from '../link/link-protocol.ts';
import { createScreenPort } from '../link/screen-over-link.ts';
import type { ScreenPort } from '../link/screen-port.ts';
import type { RunningScreen } from '../ui/screen/run-screen.ts';
import type { ScreenEnd } from '../ui/screen/screen-options.ts';
import { type CommandContext, flag, textOption, usageProblem } from './command.ts';
import { engineNews, heldBy } from './engine-news.ts';
import { attachCommandFor } from './engine-socket.ts';
import { heedSignals } from './heed-signals.ts';
import { keepDialling } from './keep-dialling.ts';
import { isPlain, openPlain } from './open-plain.ts';
import { createScreenExport, ownProgram } from './screen-export.ts';
import { screenLooks } from './screen-looks.ts';
import type { ScreenSession } from './screen-session.ts';
import { loadSettings } from './settings.ts';
import { whoIsThere } from './who-is-there.ts';

export const SCREEN_OPTIONS = {
  plain: { type: 'boolean', help: 'one line per event, no screen: for screen readers, pipes and logs' },
  ascii: { type: 'boolean', help: 'only 7-bit characters' },
  'no-colour': { type: 'boolean', help: 'no colours (NO_COLOR does the same)' },
  slow: { type: 'boolean', help: 'draw less often, for slow lines' },
  size: { type: 'string', value: 'COLSxROWS', help: 'for serial lines that tell no size' },
  'read-only': { type: 'boolean', help: 'look only: nothing can be changed from here' },
} as const;

/** The screen on an engine, wherever it runs. Resolves when the operator leaves or the terminal goes away. */
export async function openScreen(context: CommandContext, session: ScreenSession): Promise<ScreenEnd> {
  const size = sizeOption(context);
  if (isPlain(context)) return openPlain(context, session);
  const late = createLateScreenPort('the engine is starting: nothing can be asked of it yet');
  // Node prints warnings by a listener of its own; on a screen they are rubbish.
  const warners = process.listeners('warning');
  process.removeAllListeners('warning');
  // While the screen is loaded the engine starts on another core; what it says before there is a screen is kept for it.
  const early: string[] = [];
  let say = (step: string): void => void early.push(step);
  const signals = heedSignals();
  const connecting = session.connect((step) => say(step));
  connecting.catch(() => undefined);
  const { screen, pace } = await drawScreen(context, session, late.port, size).finally(signals.release);
  let leftEarly: ScreenEnd | undefined;
  void signals.left.then((how) => {
    leftEarly = how;
    screen.stop();
  });
  say = screen.setStarting;
  for (const step of early) say(step);
  let over = false;
  let leave = (): void => undefined;
  let problem = undefined as { readonly error: unknown } | undefined;
  const take = (client: LinkClient): void => {
    // Whoever attaches after a hang-up may have the write side, also when the terminal was gone before the engine came.
    leave = client.close;
    if (over) {
      leave();
      return;
    }
    const watch = (side: WriteSide) => screen.setReadOnly(flag(context, 'read-only') ? READ_ONLY : heldBy(side));
    watch(client.write());
    client.onWrite(watch);
    client.onClose((reason) => lose(client, reason));
    const parts = { client, program: ownProgram(), folder: process.cwd(), now: () => new Date() };
    late.open({ ...createScreenPort(client, pace), exportTo: createScreenExport(parts) });
  };
  const lose = (client: LinkClient, reason: string): void => {
    if (over) return;
    screen.setLost(`the engine is gone: ${reason}`);
    const { redial } = session;
    if (redial === undefined) return;
    late.lose('the engine is gone: nothing can be asked of it until it answers again');
    leave = keepDialling({
      dial: () => redial(client.write().mine),
      failed: (why) => screen.setLost(`${why}. It is asked again every few seconds.`),
      back: (next) => {
        const { kind, text } = engineNews(client, next);
        screen.setBack(kind, text);
        take(next);
      },
    });
  };
  const give = (error: unknown): void => {
    problem = { error };
    screen.stop();
  };
  void screen.drawn.then(() => connecting.then(take, give));
  const end = await screen.ended;
  for (const warner of warners) process.on('warning', warner);
  over = true;
  leave();
  if (problem !== undefined) throw problem.error;
  return leftEarly ?? end;
}

const READ_ONLY = 'this session is read-only (--read-only)';

async function drawScreen(
  context: CommandContext,
  session: ScreenSession,
  port: ScreenPort,
  size: { readonly columns: number; readonly rows: number } | undefined,
): Promise<{ readonly screen: RunningScreen; readonly pace: number }> {
  const loaded = loadSettings(context.env);
  const { settings, problems, path } = loaded;
  for (const problem of problems) context.err(`crashcart: ${path}: ${problem}; the defaults are used\n`);
  const who = whoIsThere(context.env);
  const slow = flag(context, 'slow');
  // A third of the program, of which `serve` and `status` need nothing.
  const { runScreen } = await import('../ui/screen/run-screen.ts');
  const screen = runScreen({
    port,
    ...screenLooks(context, loaded),
    session: {
      who: `${who.user}@${who.from}`,
      holdsStack: session.holdsStack,
      readOnly: flag(context, 'read-only'),
      ...(flag(context, 'read-only') ? { readOnlyWhy: READ_ONLY } : {}),
      mode: session.mode,
      ...(session.socket === undefined ? {} : { attach: attachCommandFor(session.socket) }),
      ...(session.isFound === true && session.socket !== undefined ? { cameTo: session.socket } : {}),
      ...(session.keptIn === undefined ? {} : { keptIn: session.keptIn }),
      zoneMinutes: -new Date().getTimezoneOffset(),
    },
    batchMs: slow ? 250 : (settings?.batchMs ?? 100),
    stdin: process.stdin,
    stdout: process.stdout,
    env: context.env,
    ...(size === undefined ? {} : { size }),
    problems: problems.length === 0 ? [] : [`${path}: ${problems.join('; ')}; the defaults are used`],
  });
  return { screen, pace: slow ? 250 : 100 };
}

export function sizeOption(context: CommandContext): { readonly columns: number; readonly rows: number } | undefined {
  const text = textOption(context, 'size');
  if (text === undefined) return undefined;
  if (flag(context, 'plain')) throw usageProblem('--plain prints lines, and a line has no size: leave out one of them');
  const match = /^(\d{2,3})x(\d{1,3})$/.exec(text);
  if (match === null) throw usageProblem(`--size takes COLUMNSxROWS like 80x25, not "${text}"`);
  return { columns: Number(match[1]), rows: Number(match[2]) };
}

import { runPlain } from '../../ui/screen/run-plain.ts';
import type { Player } from '../../ui/state/screen-model.ts';
import {
  type Command,
  type CommandContext,
  cannotRun,
  EXIT,
  type ExitCode,
  flag,
  numberOption,
  textOption,
  usageProblem,
} from '../command.ts';
import { SCREEN_OPTIONS, sizeOption } from '../open-screen.ts';
import {
  createScreenInput,
  PLAIN_KEYS,
  PLAIN_KEYS_HELP,
  SCREEN_KEY_HINTS,
  SCREEN_KEYS,
  SCREEN_KEYS_HELP,
} from '../replay-keys.ts';
import { createReplayPort, FASTEST, type ReplayPort, type ReplayPosition, SLOWEST } from '../replay-port.ts';
import { loadRecording, type Recording } from '../replay-source.ts';
import { parseReplayTime } from '../replay-time.ts';
import { screenLooks } from '../screen-looks.ts';
import { loadSettings } from '../settings.ts';
import { siteLines } from '../site-lines.ts';

const { 'read-only': _alwaysSo, ...LOOKS } = SCREEN_OPTIONS;

export const replayCommand: Command = {
  name: 'replay',
  summary: 'the screen over a recorded journal, with play, pause, speed and seek',
  usage: ['replay DIR|FILE [--speed N] [--from TIME] [--to TIME] [--run N] [--plain]'],
  about: `DIR is a state folder, FILE one journal-….log of it. Nothing is written, no lock is taken, and nothing can be
ordered: it may be looked at while the engine runs.
Keys on the screen: ${SCREEN_KEYS_HELP}
Keys with --plain:  ${PLAIN_KEYS_HELP}
TIME is 14:02:31, a date with time, or +5m from the first event.`,
  options: {
    speed: { type: 'string', value: 'N', help: `${SLOWEST} to ${FASTEST} times as fast; 0: all at once (default: 1)` },
    from: { type: 'string', value: 'TIME', help: 'start here; what came before is already true' },
    to: { type: 'string', value: 'TIME', help: 'end here' },
    run: {
      type: 'string',
      value: 'N',
      help: 'start at this run of the program (`crashcart export --list` lists them)',
    },
    idle: { type: 'string', value: 'SECONDS', help: 'longest silence that is waited for (default: 3)' },
    ...LOOKS,
  },
  completes: 'files',
  examples: ['crashcart replay /var/lib/crashcart --speed 10', 'crashcart replay state --plain --speed 0 | less'],
  run: async (context) => {
    const [path, ...more] = context.words;
    if (path === undefined || more.length > 0) throw usageProblem('replay takes one state folder or journal file');
    const speed = numberOption(context, 'speed', 1, 0, FASTEST);
    const idleSeconds = numberOption(context, 'idle', 3, 0, 3600);
    const size = sizeOption(context);
    const recording = await open(context, path);
    const startAtMs = startOf(context, recording);
    const isScreen = !flag(context, 'plain') && process.stdout.isTTY === true && process.stdin.isTTY === true;
    const port = createReplayPort(recording, {
      speed: speed === 0 ? FASTEST : speed,
      idleSeconds,
      ...(startAtMs === undefined ? {} : { startAtMs }),
      ...(isScreen ? {} : { recentKept: Number.POSITIVE_INFINITY }),
    });
    for (const note of recording.notes) context.err(`crashcart: ${note}\n`);
    try {
      return isScreen ? await onScreen(context, port, size) : await printed(context, port, speed === 0);
    } finally {
      port.stop();
    }
  },
};

async function open(context: CommandContext, path: string): Promise<Recording> {
  const to = textOption(context, 'to');
  const all = await loadRecording(path);
  if (!all.ok) throw cannotRun(all.error);
  const first = all.value.events[0];
  if (first === undefined) throw cannotRun(`the journal in ${path} holds no events`);
  if (to === undefined) return all.value;
  const toMs = parseReplayTime(to, first.event.time);
  if (!toMs.ok) throw usageProblem(`--to: ${toMs.error}`);
  const cut = await loadRecording(path, { toMs: toMs.value });
  if (!cut.ok) throw cannotRun(cut.error);
  if (cut.value.events.length === 0)
    throw usageProblem(`--to ${to} is before the first event (${new Date(first.event.time).toISOString()})`);
  return cut.value;
}

function startOf(context: CommandContext, recording: Recording): number | undefined {
  const from = textOption(context, 'from');
  const run = textOption(context, 'run');
  if (from !== undefined && run !== undefined) throw usageProblem('--from and --run both say where to start');
  const first = recording.events[0]?.event.time ?? 0;
  if (from !== undefined) {
    const at = parseReplayTime(from, first);
    if (!at.ok) throw usageProblem(`--from: ${at.error}`);
    return at.value;
  }
  if (run === undefined) return undefined;
  const found = recording.runs.find((one) => String(one.number) === run);
  const event = found === undefined ? undefined : recording.events[found.firstIndex];
  if (event === undefined) throw usageProblem(`there is no run ${run}: the journal has ${recording.runs.length}`);
  return event.event.time;
}

/** One line per event. On a terminal the keys work and the end waits for `q`; into a pipe it ends with the last event. */
async function printed(context: CommandContext, port: ReplayPort, atOnce: boolean): Promise<ExitCode> {
  const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true && !atOnce;
  const unsubscribe = runPlain(port, (line) => context.out(`${line}\n`), -new Date().getTimezoneOffset(), siteLines);
  // In steps as a live engine tells: a cause that came and went stands where it was.
  if (atOnce) while (!port.position().ended) stepOn(port);
  else {
    if (interactive) context.err(`${PLAIN_KEYS_HELP}\n`);
    await played(port, interactive);
  }
  unsubscribe();
  for (const note of port.notes()) if (!note.startsWith('the journal starts')) context.err(`crashcart: ${note}\n`);
  return EXIT.done;
}

const LIVE_BATCH_MS = 100;

function stepOn(port: ReplayPort): void {
  port.step(1);
  port.seek(port.position().atMs + LIVE_BATCH_MS);
}

function played(port: ReplayPort, interactive: boolean): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      process.off('SIGINT', finish);
      process.off('SIGTERM', finish);
      process.stdin.off('data', press);
      if (interactive) process.stdin.setRawMode(false).pause();
      resolve();
    };
    const press = (chunk: Buffer) => {
      for (const key of chunk.toString('utf8')) {
        if (key === 'q' || key === '\u0003') return finish();
        PLAIN_KEYS.get(key)?.(port);
      }
    };
    process.once('SIGINT', finish);
    process.once('SIGTERM', finish);
    if (interactive) process.stdin.setRawMode(true).on('data', press).resume();
    else port.onEnd(finish);
    port.play();
    if (!interactive && port.position().ended) finish();
  });
}

/** The operator's own screen, with the time of the recording for its clock and ages. */
async function onScreen(
  context: CommandContext,
  port: ReplayPort,
  size: ReturnType<typeof sizeOption>,
): Promise<ExitCode> {
  const input = createScreenInput(process.stdin, (keys) => {
    // In a filter or a search these are letters.
    if (screen.store.getState().ui.dialog !== null) return false;
    for (const key of keys) SCREEN_KEYS.get(key)?.(port);
    return true;
  });
  const { runScreen } = await import('../../ui/screen/run-screen.ts');
  const screen = runScreen({
    port,
    ...screenLooks(context, loadSettings(context.env)),
    session: {
      who: 'replay',
      holdsStack: false,
      // Every order is refused by the port, with the reason; the header has room for one word, and this one matters.
      readOnly: false,
      mode: 'REPLAY',
      zoneMinutes: -new Date().getTimezoneOffset(),
      player: playerOf(port.position()),
    },
    batchMs: flag(context, 'slow') ? 250 : 100,
    stdin: input,
    stdout: process.stdout,
    env: context.env,
    ...(size === undefined ? {} : { size }),
    now: () => port.position().atMs,
  });
  port.onRewind(() => screen.resetClock(port.position().atMs));
  port.subscribe(() => screen.setPlayer(playerOf(port.position())));
  port.play();
  await screen.ended;
  return EXIT.done;
}

function playerOf({ index, count, fromMs, atMs, toMs, playing, speed, ended }: ReplayPosition): Player {
  const state = ended ? 'at its end' : playing ? `playing ${Math.round(speed * 10) / 10}x` : 'paused';
  const percent = toMs > fromMs ? Math.floor((100 * (atMs - fromMs)) / (toMs - fromMs)) : 100;
  return { state, percent, count: `${index} of ${count}`, keys: SCREEN_KEY_HINTS };
}

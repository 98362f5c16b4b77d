import { becomeUser, USER_OPTION } from '../become-user.ts';
import {
  type Command,
  type CommandContext,
  EXIT,
  type ExitCode,
  flag,
  INVENTORY_OPTION,
  inventoryFolder,
  textOption,
} from '../command.ts';
import { endWithLoss } from '../end-with-loss.ts';
import type { SimulationStart } from '../engine-messages.ts';
import { ownSocket } from '../engine-socket.ts';
import { isPlain } from '../open-plain.ts';
import { openScreen, SCREEN_OPTIONS } from '../open-screen.ts';
import { type RunningEngine, startEngine } from '../start-engine.ts';
import { whoIsThere } from '../who-is-there.ts';

export const STATE_OPTIONS = {
  state: {
    type: 'string',
    value: 'DIR',
    help: 'journal, snapshot and socket (default: stateDir of the site, or the user’s state folder)',
  },
  assets: { type: 'string', value: 'DIR', help: 'the vault of images (default: assetsDir of the site, or ./assets)' },
} as const;

export const upCommand: Command = {
  name: 'up',
  summary: 'the screen with the whole boot stack inside it, for the site in --inventory',
  usage: ['[up] [--inventory DIR] [--read-only] [--user NAME]'],
  about: 'When the terminal goes away (SSH drops), the stack goes on: `crashcart attach` returns to it.',
  mostWords: 0,
  options: { ...INVENTORY_OPTION, ...STATE_OPTIONS, ...USER_OPTION, ...SCREEN_OPTIONS },
  run: async (context) => {
    await becomeUser(context, 'up');
    return runUp(context, inventoryFolder(context), undefined, 'PROVISION');
  },
};

/** A shell that does not come back at once should say why. */
const SAY_AFTER_MS = 1_000;

/** Screen in this thread, engine in its own. A hang-up ends the screen and leaves the engine to `attach`. */
export async function runUp(
  context: CommandContext,
  inventory: string,
  simulation: SimulationStart | undefined,
  mode: string,
): Promise<ExitCode> {
  const stateDir = textOption(context, 'state');
  const assetsDir = textOption(context, 'assets') ?? context.env.CRASHCART_ASSETS;
  const unwanted = new AbortController();
  let starting = undefined as Promise<RunningEngine> | undefined;
  let died = undefined as string | undefined;
  const connect = async (onStep: (step: string) => void) => {
    const data = {
      inventory,
      ...(stateDir === undefined ? {} : { stateDir }),
      ...(assetsDir === undefined ? {} : { assetsDir }),
      readOnly: flag(context, 'read-only'),
      env: context.env,
      ...(simulation === undefined ? {} : { simulation }),
    };
    starting = startEngine(data, { onStep, signal: unwanted.signal });
    const engine = await starting;
    engine.onExit((_code, why) => {
      died = why;
    });
    if (isPlain(context)) for (const line of engine.lines) context.out(`${line}\n`);
    return engine.connect({
      ...whoIsThere(context.env),
      screen: mode.toLowerCase(),
      write: !(isPlain(context) || flag(context, 'read-only')),
    });
  };
  // The folder of a demo is its own affair, and goes with it.
  const socket = simulation === undefined ? ownSocket(context, inventory) : undefined;
  const end = await openScreen(context, { connect, holdsStack: true, mode, keptIn: simulation?.keep, socket });
  if (starting === undefined) return EXIT.done;
  if (end === 'hangup' && simulation === undefined) await lookAfter(starting);
  // A terminal that closes hangs up twice, by the kernel and by the shell: the second one would end this half way, and
  // leave what a demo made behind. What is printed now goes nowhere.
  const deaf = () => undefined;
  process.on('SIGHUP', deaf);
  for (const output of [process.stdout, process.stderr]) output.on('error', deaf);
  unwanted.abort();
  const late = setTimeout(() => context.err('crashcart: ending sessions and saving ...\n'), SAY_AFTER_MS);
  // Left before it was there: it ends by itself what it had begun.
  const engine = await starting.catch(() => undefined);
  const loss = await engine?.stop((text) => context.err(`crashcart: ${text}\n`));
  clearTimeout(late);
  // A demo takes what it wrote along.
  if (loss !== undefined && (simulation === undefined || simulation.keep !== undefined || loss.isStuck))
    return endWithLoss(context, loss);
  if (died === undefined) return EXIT.done;
  context.err(`crashcart: the engine ended by a fault of its own: ${died}\n`);
  return EXIT.no;
}

/** The write side goes to whoever attaches; this process looks after the engine and asks nothing more of it. */
async function lookAfter(starting: Promise<RunningEngine>): Promise<void> {
  process.on('SIGHUP', () => void starting.then((engine) => engine.reload()));
  const engine = await starting;
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
    engine.onExit(() => resolve());
  });
}

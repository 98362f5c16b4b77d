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
import type { SimulationStart } from '../engine-messages.ts';
import { whoIsThere } from '../engine-socket.ts';
import { openScreen, SCREEN_OPTIONS } from '../open-screen.ts';
import { startEngine } from '../start-engine.ts';

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
  usage: ['[up] [--inventory DIR] [--read-only]'],
  about: 'When the terminal goes away (SSH drops), the stack goes on: `crashcart attach` returns to it.',
  options: { ...INVENTORY_OPTION, ...STATE_OPTIONS, ...SCREEN_OPTIONS },
  run: (context) => runUp(context, inventoryFolder(context), undefined, 'PROVISION'),
};

/** Screen in this thread, engine in its own. A hang-up ends the screen and leaves the engine to `attach`. */
export async function runUp(
  context: CommandContext,
  inventory: string,
  simulation: SimulationStart | undefined,
  mode: string,
): Promise<ExitCode> {
  const stateDir = textOption(context, 'state');
  const assetsDir = textOption(context, 'assets') ?? context.env.CRASHCART_ASSETS;
  const engine = await startEngine({
    inventory,
    ...(stateDir === undefined ? {} : { stateDir }),
    ...(assetsDir === undefined ? {} : { assetsDir }),
    readOnly: flag(context, 'read-only'),
    env: context.env,
    ...(simulation === undefined ? {} : { simulation }),
  });
  if (flag(context, 'plain')) for (const line of engine.lines) context.out(`${line}\n`);
  const client = await engine.connect({
    ...whoIsThere(context.env),
    screen: mode.toLowerCase(),
    write: !(flag(context, 'plain') || flag(context, 'read-only')),
  });
  const end = await openScreen(context, { client, holdsStack: true, mode });
  if (end === 'hangup' && simulation === undefined) {
    // The write side goes to whoever attaches; this process looks after the engine and asks nothing more of it.
    client.close();
    process.on('SIGHUP', () => engine.reload());
    await new Promise<void>((resolve) => {
      process.once('SIGTERM', () => resolve());
      process.once('SIGINT', () => resolve());
      engine.onExit(() => resolve());
    });
  }
  await engine.stop();
  return EXIT.done;
}

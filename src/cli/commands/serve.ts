import { spawnSync } from 'node:child_process';
import { becomeUser, USER_OPTION } from '../become-user.ts';
import { type Command, EXIT, flag, INVENTORY_OPTION, inventoryFolder, textOption } from '../command.ts';
import { endWithLoss } from '../end-with-loss.ts';
import { type RunningEngine, startEngine } from '../start-engine.ts';
import { STATE_OPTIONS } from './up.ts';

export const serveCommand: Command = {
  name: 'serve',
  summary: 'the same engine without a screen: JSON lines, control socket, systemd readiness',
  usage: ['serve [--inventory DIR] [--state DIR] [--assets DIR] [--user NAME]'],
  about:
    'SIGHUP reads the inventory again; SIGTERM and SIGINT end it: BMC sessions closed, state saved.\nOperators come with `crashcart attach`, scripts with `status`, `provision` and `power`.\nWith --user a state folder of root becomes that user’s; what the inventory names (secrets, configurations) must be readable for him, and the inventory writable where machines are to be adopted. It takes setpriv(1), and no program that the inventory calls (`exec:`) gets more rights again.',
  mostWords: 0,
  options: {
    ...INVENTORY_OPTION,
    ...STATE_OPTIONS,
    ...USER_OPTION,
    'read-only': { type: 'boolean', help: 'answer machines, accept no orders' },
  },
  run: async (context) => {
    await becomeUser(context, 'serve');
    const stateDir = textOption(context, 'state');
    const assetsDir = textOption(context, 'assets') ?? context.env.CRASHCART_ASSETS;
    const line = (value: object) => context.out(`${JSON.stringify(value)}\n`);
    const ended = new Promise<number>((resolve) => {
      process.once('SIGTERM', () => resolve(0));
      process.once('SIGINT', () => resolve(0));
    });
    let running: RunningEngine | undefined;
    let isReloadAsked = false;
    // Before machines are answered: a signal that nobody hears ends the program.
    process.on('SIGHUP', () => {
      const text = 'SIGHUP: reading the inventory again';
      line({ at: new Date().toISOString(), level: 'info', source: 'engine', text });
      if (running === undefined) isReloadAsked = true;
      else running.reload();
    });
    // The machines are served, whether or not somebody still reads what is said of it.
    process.stdout.on('error', () => undefined);
    const start = {
      inventory: inventoryFolder(context),
      ...(stateDir === undefined ? {} : { stateDir }),
      ...(assetsDir === undefined ? {} : { assetsDir }),
      readOnly: flag(context, 'read-only'),
      env: context.env,
    };
    const engine = await startEngine(start, { onLog: context.out });
    running = engine;
    if (isReloadAsked) engine.reload();
    line({ at: new Date().toISOString(), level: 'info', source: 'engine', text: 'ready', socket: engine.socket });
    // What was found on the way and limits that a storm would reach.
    for (const text of engine.lines) line({ at: new Date().toISOString(), level: 'warn', source: 'engine', text });
    if (process.getuid?.() === 0) {
      const text = 'this runs as root: with --user NAME it keeps of that only low ports and raw sockets';
      line({ at: new Date().toISOString(), level: 'info', source: 'engine', text });
    }
    notifySystemd(context.env, 'READY=1');
    const crashed = new Promise<number>((resolve) =>
      engine.onExit((code, why) => {
        if (why !== undefined) {
          const text = `the engine ended by a fault of its own: ${why}`;
          line({ at: new Date().toISOString(), level: 'error', source: 'engine', text });
          context.err(`crashcart: ${text}\n`);
        }
        resolve(code === 0 ? 1 : code);
      }),
    );
    const code = await Promise.race([ended, crashed]);
    notifySystemd(context.env, 'STOPPING=1');
    const loss = await engine.stop((text) => context.err(`crashcart: ${text}\n`));
    if (loss !== undefined) return endWithLoss(context, loss);
    return code === 0 ? EXIT.done : EXIT.no;
  },
};

/** Node has no Unix datagram sockets; systemd's own program says it for us where there is a systemd to hear it. */
function notifySystemd(env: Readonly<Record<string, string | undefined>>, state: string): void {
  if (env.NOTIFY_SOCKET === undefined) return;
  spawnSync('systemd-notify', [`--pid=${process.pid}`, state], { stdio: 'ignore' });
}

import { resolve } from 'node:path';
import { type Command, EXIT, flag, SOCKET_OPTION, usageProblem } from '../command.ts';
import { dialForScreen, redialEngine, socketPath } from '../engine-socket.ts';
import { isPlain } from '../open-plain.ts';
import { openScreen, SCREEN_OPTIONS } from '../open-screen.ts';

export const attachCommand: Command = {
  name: 'attach',
  summary: 'the screen on a running engine (`serve`, or another operator’s `up`)',
  usage: ['attach [--read-only] [--take]'],
  mostWords: 0,
  options: {
    ...SOCKET_OPTION,
    ...SCREEN_OPTIONS,
    take: { type: 'boolean', help: 'take over the write side from another operator' },
  },
  run: async (context) => {
    if (flag(context, 'plain') && flag(context, 'take'))
      throw usageProblem('--plain prints lines, and lines give no orders: leave out --take');
    // Whoever has to act must not find the write side with them.
    const looksOn = flag(context, 'read-only');
    const write = !(isPlain(context) || looksOn);
    const socket = resolve(socketPath(context));
    const client = await dialForScreen(context, 'attach', write, !looksOn);
    if (flag(context, 'take')) await client.ask({ type: 'takeWrite' });
    const side = client.write();
    if (!side.mine && write)
      context.err(`crashcart: ${side.holder} holds the write side; you look on (--take takes it over)\n`);
    if (isPlain(context)) context.err(`crashcart: attached to the engine at ${socket}\n`);
    await openScreen(context, {
      connect: async () => client,
      redial: (heldWrite) => redialEngine(context, socket, { screen: 'attach', write, patient: !heldWrite }),
      holdsStack: false,
      mode: 'ATTACHED',
      socket,
      isFound: true,
    });
    client.close();
    return EXIT.done;
  },
};

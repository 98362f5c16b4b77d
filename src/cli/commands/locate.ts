import { type Command, flag, ORDER_OPTIONS, usageProblem } from '../command.ts';
import { dialEngine } from '../engine-socket.ts';
import { orderAndWait } from './power.ts';

export const locateCommand: Command = {
  name: 'locate',
  summary: 'blink the locator LED of machines',
  usage: ['locate NODE… on|off'],
  options: ORDER_OPTIONS,
  completes: 'nodes',
  run: async (context) => {
    const word = context.words.at(-1);
    const nodes = [...new Set(context.words.slice(0, -1))];
    if (nodes.length === 0 || (word !== 'on' && word !== 'off'))
      throw usageProblem('locate takes machines and on or off: crashcart locate NODE on');
    const client = await dialEngine(context, 'locate', true);
    if (flag(context, 'take')) await client.ask({ type: 'takeWrite' });
    const code = await orderAndWait(context, client, { type: 'locate', nodes, on: word === 'on' }, nodes);
    client.close();
    return code;
  },
};

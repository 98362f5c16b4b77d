import { type Command, ORDER_OPTIONS, usageProblem } from '../command.ts';
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
    return orderAndWait(context, 'locate', { type: 'locate', nodes, on: word === 'on' }, nodes);
  },
};

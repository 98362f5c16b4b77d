import { existsSync } from 'node:fs';
import type { JobKind } from '../../core/job.ts';
import {
  CannotGoOn,
  type Command,
  type CommandContext,
  EXIT,
  flag,
  INVENTORY_OPTION,
  JSON_OPTION,
  SOCKET_OPTION,
  textOption,
  usageProblem,
} from '../command.ts';
import { dialEngine, socketPath } from '../engine-socket.ts';
import { type MadePlan, plansByEngine, plansByFolder } from '../make-plans.ts';
import { planJson, planText } from '../plan-lines.ts';

const KINDS: readonly JobKind[] = ['install', 'reinstall', 'wipe', 'inspect', 'rescue'];

export const planCommand: Command = {
  name: 'plan',
  summary: 'everything that would happen to machines, without doing it',
  usage: ['plan NODE… [--kind install|reinstall|wipe|inspect|rescue] [--json]'],
  about:
    'Identity, disk, images, boot script, kernel arguments, merged machine configuration (secrets masked) and what is asked of the BMC. A running engine is asked for its own inventory, and what it would refuse now; with --inventory, or where none runs, the folder is read. The line `source` says which.',
  options: {
    ...INVENTORY_OPTION,
    ...JSON_OPTION,
    ...SOCKET_OPTION,
    kind: { type: 'string', value: 'KIND', help: `${KINDS.join(', ')} (default: install)` },
    assets: { type: 'string', value: 'DIR', help: 'the vault, for a plan of the folder' },
  },
  completes: 'nodes',
  run: async (context) => {
    const kind = KINDS.find((one) => one === (textOption(context, 'kind') ?? 'install'));
    if (kind === undefined) throw usageProblem(`--kind takes ${KINDS.join(', ')}`);
    const names = [...new Set(context.words)];
    if (names.length === 0) throw usageProblem('plan takes the names of machines');
    const plans = await makePlans(context, names, kind);
    if (plans === undefined) return EXIT.no;
    if (flag(context, 'json')) {
      const json = plans.map(({ name, made }) =>
        made.ok ? planJson(made.value, kind) : { node: name, error: made.error },
      );
      context.out(`${JSON.stringify(json, undefined, 2)}\n`);
    } else for (const { made } of plans) if (made.ok) context.out(planText(made.value));
    for (const { name, made } of plans) if (!made.ok) context.err(`${name}: ${made.error}\n`);
    return plans.every(({ made }) => made.ok) ? EXIT.done : EXIT.no;
  },
};

/** Who named a folder means that folder; anybody else the engine that is there, and what it serves. */
async function makePlans(
  context: CommandContext,
  names: readonly string[],
  kind: JobKind,
): Promise<readonly MadePlan[] | undefined> {
  const named = textOption(context, 'inventory') ?? textOption(context, 'assets') ?? context.env.CRASHCART_INVENTORY;
  if (named !== undefined) return plansByFolder(context, names, kind);
  const path = socketPath(context);
  const isNamed = textOption(context, 'socket') !== undefined;
  if (!isNamed && !existsSync(path)) return plansByFolder(context, names, kind);
  const client = await dialEngine(context, 'plan', false).catch((error: unknown) => {
    if (isNamed || !(error instanceof CannotGoOn)) throw error;
    context.err(`crashcart: ${error.message}; planned from the folder\n`);
  });
  if (client === undefined) return plansByFolder(context, names, kind);
  try {
    return await plansByEngine(client, names, kind, path);
  } finally {
    client.close();
  }
}

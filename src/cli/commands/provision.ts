import type { JobKind } from '../../core/job.ts';
import { type Command, type CommandContext, flag, textOption, usageProblem } from '../command.ts';
import { JOB_OPTIONS, runJobCommand } from '../job-command.ts';

const KINDS: readonly JobKind[] = ['install', 'reinstall', 'wipe', 'inspect', 'rescue'];

export const provisionCommand: Command = {
  name: 'provision',
  summary: 'arm machines by name and boot them: install, reinstall, wipe, inspect or rescue',
  usage: [
    'provision NODE… [--wait] [--json]',
    'provision NODE… --reinstall --confirm NODE [--confirm NODE]…      (erases; each host name must be repeated)',
    'provision NODE… --kind inspect|rescue|wipe',
    'provision NODE… --canary 1 --width 8 --stop-after 3      (as a wave)',
  ],
  about:
    'Arms exactly the named machines in the running engine, sets one-shot network boot on their BMCs and power-cycles them. `install` never overwrites an installation: a machine that has one halts and says so. With --canary, --width or --stop-after the machines go as a wave: the canaries first, then so many at a time, and no more once too many failed. Two control-plane nodes of one cluster are never armed at a time, unless --together says so. One that an order erased counts until a system is seen to run from its disk. With `uplink:` in _site.yaml a wave boots no more machines at a time than the way to them feeds.',
  options: {
    kind: { type: 'string', value: 'KIND', help: `${KINDS.join(', ')} (default: install)` },
    reinstall: { type: 'boolean', help: 'the same as --kind reinstall: wipe, then install' },
    ...JOB_OPTIONS,
  },
  completes: 'nodes',
  examples: [
    'crashcart provision r07-u33 --wait',
    'crashcart provision r07-u33 --reinstall --confirm r07-u33 --wait',
    'crashcart provision r07-u01 r07-u02 r07-u03 r07-u04 --canary 1 --width 2 --wait',
  ],
  run: async (context) => runJobCommand(context, 'provision', kindOf(context)),
};

function kindOf(context: CommandContext): JobKind {
  const text = textOption(context, 'kind') ?? (flag(context, 'reinstall') ? 'reinstall' : 'install');
  const kind = KINDS.find((one) => one === text);
  if (kind === undefined) throw usageProblem(`--kind takes ${KINDS.join(', ')}, not "${text}"`);
  if (flag(context, 'reinstall') && kind !== 'reinstall')
    throw usageProblem('--reinstall and --kind name different jobs');
  return kind;
}

import type { JobKind } from '../../core/job.ts';
import type { Command } from '../command.ts';
import { JOB_OPTIONS, runJobCommand } from '../job-command.ts';

type Short = Extract<JobKind, 'inspect' | 'rescue' | 'wipe'>;

const { confirm: _confirm, ...HARMLESS_OPTIONS } = JOB_OPTIONS;

/** The jobs that are no installation, each under its own name. */
function jobCommand(name: Short, about: Pick<Command, 'summary' | 'usage' | 'about' | 'examples'>): Command {
  return {
    name,
    ...about,
    options: name === 'wipe' ? JOB_OPTIONS : HARMLESS_OPTIONS,
    completes: 'nodes',
    run: (context) => runJobCommand(context, name, name),
  };
}

export const jobKindCommands: readonly Command[] = [
  jobCommand('inspect', {
    summary: 'boot machines into maintenance mode and read their hardware; nothing is written',
    usage: ['inspect NODE… [--wait] [--json]'],
    about: 'The same as `provision --kind inspect`: disks, serial numbers and UUID are read through the API of Talos.',
    examples: ['crashcart inspect r07-u33 --wait'],
  }),
  jobCommand('rescue', {
    summary: 'boot machines diskless, for a look at a broken one; nothing is written',
    usage: ['rescue NODE… [--wait] [--json]'],
    about: 'The same as `provision --kind rescue`.',
  }),
  jobCommand('wipe', {
    summary: 'erase the system disks of machines',
    usage: ['wipe NODE… --confirm NODE [--confirm NODE]… [--wait] [--json]'],
    about: 'The same as `provision --kind wipe`. Each host name must be repeated; a protected machine is refused.',
    examples: ['crashcart wipe r07-u33 --confirm r07-u33 --wait'],
  }),
];

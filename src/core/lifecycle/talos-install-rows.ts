import type { EventOf } from '../event.ts';
import type { NodeState } from '../node.ts';
import { BEFORE_SCRIPT_PHASES, BOOTING_PHASES, DISK_PHASES } from '../phase.ts';
import { either, failing, noted, on, type Row, stays, step } from './move.ts';
import { configFailed, installed, installing, spentLate, spoke } from './talos-steps.ts';

/** The configuration that Talos refuses, and the install: its steps, its end, its failure. */

/** By machine.install: "no disk found matching provided parameters"; by an expression: "no disk matched the expression". */
const NO_DISK = /no disks? (?:found )?match(?:ing|ed)/i;

const configFailedRow: Row<'talos.configFailed'> = {
  ...on([...BEFORE_SCRIPT_PHASES, 'halted', 'wiping', 'installing', 'installed', ...DISK_PHASES] as const, noted),
  ...on(
    BOOTING_PHASES,
    either('-> config, failed', (node: NodeState, event: EventOf<'talos.configFailed'>) =>
      configFailed({ ...spoke(node, event.time) }, event),
    ),
  ),
};

const installingFacts = (event: EventOf<'talos.installing'>) => ({
  ...(event.disk === undefined ? {} : { disk: event.disk }),
  ...(event.percent === undefined ? {} : { percent: event.percent }),
  ...(event.step === undefined ? {} : { step: event.step }),
});

const late = either('stays; the job is spent', (node: NodeState, event: { readonly time: number }) =>
  step(spentLate(node, event.time)),
);

const installingRow: Row<'talos.installing'> = {
  ...on([...BEFORE_SCRIPT_PHASES, 'halted', 'wiping', 'installed', ...DISK_PHASES] as const, late),
  ...on(
    [...BOOTING_PHASES, 'installing'] as const,
    either('-> installing', (node: NodeState, event: EventOf<'talos.installing'>) =>
      installing(spoke(node, event.time), installingFacts(event), event.time),
    ),
  ),
};

const installedRow: Row<'talos.installed'> = {
  ...on([...BEFORE_SCRIPT_PHASES, 'halted', 'wiping', ...DISK_PHASES] as const, late),
  ...on(
    [...BOOTING_PHASES, 'installing', 'installed'] as const,
    either('-> installed', (node: NodeState, event: EventOf<'talos.installed'>) => {
      if (node.phase.is === 'installed') return step(node);
      const begun = installing(spoke(node, event.time), {}, event.time).node;
      return installed(begun, event.time);
    }),
  ),
};

const failedRow: Row<'talos.failed'> = {
  ...on([...BEFORE_SCRIPT_PHASES, ...BOOTING_PHASES, 'halted', 'wiping', 'installed', ...DISK_PHASES] as const, noted),
  installing: stays((node, event) =>
    failing(
      spoke(node, event.time),
      'failed',
      NO_DISK.test(event.message) ? 'DISK_MISSING' : 'INSTALL_FAILED',
      event.message,
      event.time,
    ),
  ),
};

export const talosInstallRows = {
  'talos.configFailed': configFailedRow,
  'talos.installing': installingRow,
  'talos.installed': installedRow,
  'talos.failed': failedRow,
} as const;

import { bootOrders } from '../arm-node.ts';
import type { EventOf } from '../event.ts';
import { WRITES_DISK } from '../job.ts';
import { endJob } from '../job-end.ts';
import type { NodeState } from '../node.ts';
import { PHASES } from '../phase.ts';
import { either, failing, noted, on, type Row, type Step, stays, step } from './move.ts';

/** What its API on port 50000 answered to us. */

function learnHardware(node: NodeState, event: EventOf<'talos.hardwareRead'>): NodeState {
  const { version, disks, serial, uuid, machine } = event;
  // In maintenance mode that is the version that was booted, not the one on its disk.
  const runs = version !== undefined && (node.phase.is !== 'maintenance' || node.seen.installedAt === undefined);
  const more = {
    ...(runs ? { talosVersion: version } : {}),
    ...(machine === undefined ? {} : { machine }),
    ...(serial === undefined ? {} : { serial }),
    ...(uuid === undefined ? {} : { uuid }),
  };
  return { ...node, seen: { ...node.seen, disks, ...more } };
}

const hardwareRead: Row<'talos.hardwareRead'> = {
  ...on(PHASES, stays(learnHardware)),
  maintenance: either('stays; an inspect job is done', (node, event) => {
    const known = learnHardware(node, event);
    if (known.job?.kind !== 'inspect') return step({ ...known, phase: { ...node.phase, api: true } });
    const ended = endJob({ ...known, phase: { ...node.phase, api: true } }, 'done', event.time);
    return { node: ended.node, effects: ended.effects };
  }),
};

/** A reading that failed leaves what an earlier one told, beside why it failed. */
const checked: Row<'talos.checked'> = on(
  PHASES,
  stays((node: NodeState, { facts, time }: EventOf<'talos.checked'>): NodeState => {
    const { api } = node.seen;
    if (facts.problem !== undefined && api !== undefined)
      return { ...node, seen: { ...node.seen, api: { ...api, problem: facts.problem, at: time } } };
    const version = facts.version === undefined ? {} : { talosVersion: facts.version };
    return { ...node, seen: { ...node.seen, ...version, api: { ...facts, at: time } } };
  }),
);

/** It reset itself or it could not: the network boot, which wipes by itself, is ordered in both cases. */
const resetEnded: Row<'talos.resetEnded'> = {
  ...on(PHASES, noted),
  armed: either('stays; the network boot is ordered', (node, event) => {
    const { job } = node;
    if (job === undefined || job.id !== event.job || job.resetFirst !== true) return step(node);
    const { resetFirst: _done, ...rest } = job;
    return step({ ...node, job: rest }, ...bootOrders(node, rest));
  }),
};

function configApplied(node: NodeState, event: EventOf<'talos.configApplied'>): Step {
  if (event.problem !== undefined)
    return step(
      event.job !== undefined && node.job?.id === event.job
        ? failing(node, 'failed', 'CONFIG_BAD', event.problem, event.time)
        : node,
    );
  if (event.job === undefined) {
    const { api, ...seen } = node.seen;
    const { configPrint: _before, ...told } = api ?? { at: event.time, services: [] };
    return step({ ...node, seen: { ...seen, ...(api && { api: told }), configHash: event.configHash } });
  }
  if (node.job?.id !== event.job) return step(node);
  const attempt = node.attempt === undefined ? {} : { attempt: { ...node.attempt, configServedAt: event.time } };
  // Who writes nothing has begun nothing by taking its configuration.
  const spent = WRITES_DISK[node.job.kind] ? { spentAt: node.job.spentAt ?? event.time } : {};
  const job = { ...node.job, configServedAt: event.time, ...spent };
  return step({ ...node, ...attempt, job });
}

const configAppliedRow: Row<'talos.configApplied'> = on(
  PHASES,
  either('stays; the configuration of a job spends it', configApplied),
);

/** The fleet keeps it, by cluster. */
const bootstrapEndedRow: Row<'talos.bootstrapEnded'> = on(PHASES, noted);

export const talosApiRows = {
  'talos.hardwareRead': hardwareRead,
  'talos.checked': checked,
  'talos.resetEnded': resetEnded,
  'talos.bootstrapEnded': bootstrapEndedRow,
  'talos.configApplied': configAppliedRow,
} as const;

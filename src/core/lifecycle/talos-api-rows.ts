import { bootOrders } from '../arm-node.ts';
import type { EventOf } from '../event.ts';
import { WRITES_DISK } from '../job.ts';
import { endJob } from '../job-end.ts';
import type { NodeIn, NodeState } from '../node.ts';
import { PHASES } from '../phase.ts';
import { either, failing, goTo, noted, on, type Row, type Step, stays, step } from './move.ts';

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
  return withCertificate({ ...node, seen: { ...node.seen, disks, ...more } }, event.fingerprint, 'api');
}

/** What its log tells outranks what somebody showed at its address. */
function withCertificate(node: NodeState, fingerprint: string | undefined, by: 'log' | 'api'): NodeState {
  const { attempt } = node;
  if (fingerprint === undefined || attempt === undefined) return node;
  if (attempt.certificate !== undefined && by === 'api') return node;
  return { ...node, attempt: { ...attempt, certificate: { fingerprint, by } } };
}

const certificateLogged: Row<'talos.certificateLogged'> = on(
  PHASES,
  stays((node: NodeState, event: EventOf<'talos.certificateLogged'>) =>
    withCertificate(node, event.fingerprint, 'log'),
  ),
);

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
  stays((node: NodeState, { facts, disks, time }: EventOf<'talos.checked'>): NodeState => {
    const { api } = node.seen;
    if (facts.problem !== undefined && api !== undefined)
      return { ...node, seen: { ...node.seen, api: { ...api, problem: facts.problem, at: time } } };
    const version = facts.version === undefined ? {} : { talosVersion: facts.version };
    return { ...node, seen: { ...node.seen, ...version, ...(disks && { disks }), api: { ...facts, at: time } } };
  }),
);

type ResetEnded = EventOf<'talos.resetEnded'>;

const wasTold = ({ problem, sent }: ResetEnded): boolean => problem === undefined || sent === true;

/** Its job was ended while it was not known whether that had been sent. */
function resetOfEnded(node: NodeState, event: ResetEnded): NodeState {
  const { diskDoubt } = node;
  if (node.job !== undefined || diskDoubt?.by !== 'reset' || diskDoubt.partly !== true) return node;
  const { partly: _known, ...sure } = diskDoubt;
  if (wasTold(event)) return { ...node, diskDoubt: sure };
  const { diskDoubt: _none, erased, ...rest } = node;
  // What an earlier order erased is erased still.
  return erased === undefined || erased.since === diskDoubt.since ? rest : { ...rest, erased };
}

const isPending = ({ job }: NodeState, event: ResetEnded): boolean =>
  job !== undefined && job.id === event.job && job.resetFirst === true;

function resetKnown(node: NodeState, event: ResetEnded): NodeState {
  if (node.job === undefined || !isPending(node, event)) return resetOfEnded(node, event);
  const { resetFirst: _done, resetUnsure: _known, ...rest } = node.job;
  return { ...node, job: wasTold(event) ? { ...rest, resetAt: event.time } : rest };
}

/**
 * It reset itself or it could not: the network boot, which wipes by itself, is ordered in both cases, unless a retry did
 * that already.
 */
const resetEnded: Row<'talos.resetEnded'> = {
  ...on(PHASES, stays(resetKnown)),
  armed: either('stays; the network boot is ordered', (node, event) => {
    const known = resetKnown(node, event);
    const waits = isPending(node, event) && node.job?.resetUnsure !== true;
    return step(known, ...(waits && known.job !== undefined ? bootOrders(known, known.job) : []));
  }),
};

/** Absent in journals of older versions: the current one. */
const isOfAttempt = ({ job, attempt }: NodeState, event: EventOf<'talos.configApplied'>): boolean =>
  job?.id === event.job && (event.attempt === undefined || attempt?.number === event.attempt);

function configApplied(node: NodeState, event: EventOf<'talos.configApplied'>): Step {
  if (event.problem !== undefined)
    return step(
      event.job !== undefined && isOfAttempt(node, event)
        ? failing(node, 'failed', 'CONFIG_BAD', event.problem, event.time)
        : node,
    );
  if (event.job === undefined) {
    const { api, ...seen } = node.seen;
    const { configPrint: _before, ...told } = api ?? { at: event.time, services: [] };
    return step({ ...node, seen: { ...seen, ...(api && { api: told }), configHash: event.configHash } });
  }
  if (node.job === undefined || !isOfAttempt(node, event)) return step(node);
  const attempt = node.attempt === undefined ? {} : { attempt: { ...node.attempt, configServedAt: event.time } };
  // Who writes nothing has begun nothing by taking its configuration.
  const spent = WRITES_DISK[node.job.kind] ? { spentAt: node.job.spentAt ?? event.time } : {};
  const job = { ...node.job, configServedAt: event.time, ...spent };
  return step({ ...node, ...attempt, job });
}

/** What follows, also of a machine that reports nothing, is the same as after a configuration that was fetched. */
function configTaken(node: NodeIn<'maintenance'>, event: EventOf<'talos.configApplied'>): Step {
  const { node: known } = configApplied(node, event);
  const taken = event.problem === undefined && event.job !== undefined && isOfAttempt(node, event);
  return step(taken ? goTo(known, 'config', { servedAt: event.time }, event.time, 'node') : known);
}

const configAppliedRow: Row<'talos.configApplied'> = {
  ...on(PHASES, either('stays; the configuration of a job spends it', configApplied)),
  maintenance: either('-> config by that of its job, which spends it | stays', configTaken),
};

/** The fleet keeps it, by cluster. */
const bootstrapEndedRow: Row<'talos.bootstrapEnded'> = on(PHASES, noted);

export const talosApiRows = {
  'talos.hardwareRead': hardwareRead,
  'talos.certificateLogged': certificateLogged,
  'talos.checked': checked,
  'talos.resetEnded': resetEnded,
  'talos.bootstrapEnded': bootstrapEndedRow,
  'talos.configApplied': configAppliedRow,
} as const;

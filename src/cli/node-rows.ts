import { bmcDoubt } from '../core/bmc-conflict.ts';
import { progressNow, progressText } from '../core/boot-progress.ts';
import { adviceOf, causeOf } from '../core/cause.ts';
import { cutOffNow } from '../core/cut-off.ts';
import { disarmedText } from '../core/disarmed.ts';
import { diskText } from '../core/forbidden.ts';
import { askOf } from '../core/health.ts';
import { type Hold, holdOf, holdText } from '../core/hold.ts';
import type { Job } from '../core/job.ts';
import { shownAddress } from '../core/lease.ts';
import { leftoverText, leftText } from '../core/leftover.ts';
import type { NodeState } from '../core/node.ts';
import { addressTrouble } from '../core/not-at-ip.ts';
import { notLeftYet, onlyScriptOutAt } from '../core/own-script.ts';
import type { Lack } from '../core/phase.ts';
import { protectionOf } from '../core/protection.ts';
import type { SeenApi } from '../core/seen-talos.ts';
import { unansweredText } from '../core/unanswered.ts';
import { unkeptOf } from '../core/unkept.ts';
import { awaitedInFull, type Moment } from '../ui/select/awaited.ts';
import { causeNow, NOT_HEARD_OF, percentOf } from '../ui/select/node-look.ts';
import { type DriftRow, driftRows, driftSign } from './drift-lines.ts';

/** One machine as a script or a plain table sees it. The names are a promise: scripts read them. */
export interface NodeRow {
  readonly name: string;
  readonly rack?: string;
  readonly unit?: number;
  readonly phase: string;
  readonly evidence: string;
  readonly health: string;
  readonly code?: string;
  readonly detail?: string;
  readonly cause?: string;
  readonly advice?: string;
  readonly power: string;
  readonly job?: {
    readonly kind: string;
    readonly by: string;
    readonly expiresAt: number;
    /** Its installation has begun: it arms nothing more. */
    readonly spent: boolean;
    /** Spent by its own script, which went out; nothing was heard of the machine since. */
    readonly scriptOut?: true;
    /** As on the machine's page: `try 2/3`. */
    readonly try: number;
    readonly most: number;
  };
  readonly lastJob?: {
    readonly kind: string;
    readonly outcome: string;
    readonly code?: string;
    readonly seconds: number;
  };
  readonly address?: string;
  readonly percent?: number;
  readonly ageSeconds: number;
  readonly ask?: string;
  /** What its DHCP could not be given, and why. */
  readonly lacks?: string;
  /** Who else is at its address, or speaks in its name. */
  readonly contested?: string;
  /** What nobody hears of on the wire, such as an order that is under way at its BMC, and since when. */
  readonly waitsFor?: string;
  /** Of a machine that is switched on and not yet on the wire: how far it is by the word of its BMC. */
  readonly bootProgress?: string;
  /** Why its BMC cannot be read, or what it did not do when it was told last. */
  readonly bmcProblem?: string;
  /** What a job that is over may have left there, until that is taken back. */
  readonly bmcLeft?: string;
  /** Why its BMC may be that of another machine. */
  readonly bmcDoubt?: string;
  /** What somebody left on its BMC for every boot, or what a job replaced there. */
  readonly leftover?: string;
  readonly lostSight: boolean;
  /** Nothing but local boot is answered to it until it is released. */
  readonly hold?: Hold;
  /** Its job was ended by an edit of the inventory, and it was not armed since. */
  readonly disarmed?: string;
  /** What its job, which was ended or is given nothing more, had set going: its disk may be erased or written. */
  readonly diskDoubt?: string;
  /** By whom or what; absent where nothing protects it. */
  readonly protected?: string;
  /** Orders to it that would be lost if the engine ended now. */
  readonly notSaved?: string;
  /** Where it differs from the inventory. */
  readonly drift: readonly DriftRow[];
  readonly talos?: { readonly version?: string; readonly problem?: string; readonly unhealthy: readonly string[] };
  /** Of maintenance mode in this boot: to be compared with the console of the machine. */
  readonly certificate?: { readonly fingerprint: string; readonly by: 'log' | 'api' };
}

export function toRow(node: NodeState, moment: Moment): NodeRow {
  const { nowMs: at } = moment;
  const { health, phase, spec, job } = node;
  const code = 'code' in health ? health.code : undefined;
  const told = causeNow(node);
  const last = node.endedJobs.at(-1);
  const percent = percentOf(node);
  const guarded = protectionOf(node);
  const leftover = leftoverText(node);
  const left = leftText(node);
  const doubt = bmcDoubt(node);
  const progress = phase.is === 'powering' ? progressNow(node) : undefined;
  const address = shownAddress(node);
  // To boot it by hand is in vain until it can be heard.
  const ask = cutOffNow(moment.fleet, node) === undefined ? askOf(node) : undefined;
  const waitsFor = awaitedInFull(node, moment);
  const contested = addressTrouble(moment.fleet, node, at);
  const disarmed = disarmedText(node);
  const diskDoubt = diskText(moment.fleet, node);
  const hold = holdOf(node);
  const notSaved = unkeptOf(moment.fleet, node.name);
  const lacks = 'lacks' in phase && phase.lacks !== undefined ? lackText(phase.lacks) : unansweredText(node);
  return {
    name: node.name,
    ...(spec.place.rack === undefined ? {} : { rack: spec.place.rack }),
    ...(spec.place.unit === undefined ? {} : { unit: spec.place.unit }),
    phase: phase.is,
    evidence: node.phaseFrom,
    health: health.is,
    ...(code === undefined ? {} : { code }),
    ...(told === undefined ? {} : { cause: causeOf(told), advice: adviceOf(told) }),
    ...('detail' in health ? { detail: health.detail } : {}),
    power: node.power.is,
    ...(job === undefined ? {} : { job: jobRow(node, job) }),
    ...(last === undefined
      ? {}
      : {
          lastJob: {
            kind: last.kind,
            outcome: last.outcome,
            ...(last.code === undefined ? {} : { code: last.code }),
            seconds: Math.round((last.endedAt - last.armedAt) / 1000),
          },
        }),
    ...(address === undefined ? {} : { address }),
    ...(percent === undefined ? {} : { percent }),
    ageSeconds: Math.max(0, Math.round((at - phase.since) / 1000)),
    ...(ask === undefined ? {} : { ask }),
    ...(lacks === undefined ? {} : { lacks }),
    ...(contested === undefined ? {} : { contested }),
    ...(waitsFor === '' ? {} : { waitsFor }),
    ...(progress === undefined ? {} : { bootProgress: progressText(progress.state) }),
    ...(node.seen.bmcProblem === undefined ? {} : { bmcProblem: node.seen.bmcProblem }),
    ...(left === undefined ? {} : { bmcLeft: left }),
    ...(doubt === undefined ? {} : { bmcDoubt: doubt }),
    ...(leftover === undefined ? {} : { leftover }),
    lostSight: node.lostSightAt !== undefined,
    ...(hold === undefined ? {} : { hold }),
    ...(disarmed === undefined ? {} : { disarmed }),
    ...(diskDoubt === undefined ? {} : { diskDoubt }),
    ...(guarded === undefined ? {} : { protected: guarded }),
    ...(notSaved === undefined ? {} : { notSaved }),
    drift: driftRows(node),
    ...(node.seen.api === undefined ? {} : { talos: talosRow(node.seen.api) }),
    ...(node.attempt?.certificate === undefined ? {} : { certificate: node.attempt.certificate }),
  };
}

/** As the screen says it in short, with the reason. */
const lackText = ({ of, why }: Lack): string => (of === 'loader' ? `no loader for it: ${why}` : why);

function jobRow(node: NodeState, job: Job): NonNullable<NodeRow['job']> {
  const { kind, armedBy, expiresAt, spentAt, attempts, maxAttempts: most } = job;
  const waits = notLeftYet(job);
  const isOut = onlyScriptOutAt(node) !== undefined && !waits && job.leftUnsure !== true;
  const spent = { spent: spentAt !== undefined && !waits, ...(isOut ? { scriptOut: true as const } : {}) };
  return { kind, by: armedBy.user, expiresAt, ...spent, try: Math.min(attempts, most), most };
}

function talosRow({ version, problem, services }: SeenApi): NonNullable<NodeRow['talos']> {
  return {
    ...(version === undefined ? {} : { version }),
    ...(problem === undefined ? {} : { problem }),
    unhealthy: services.filter((one) => one.healthy === false).map((one) => one.id),
  };
}

function noteOf(row: NodeRow): string {
  const note = noteOnIt(row);
  if (row.notSaved === undefined) return note;
  return `${row.notSaved} NOT SAVED${note === '' ? '' : `; ${note}`}`;
}

/** The first of what an operator should know of it: what is to be done goes before what is only so. */
function noteOnIt(row: NodeRow): string {
  const { ask, detail, contested, waitsFor, lacks, bmcProblem, bmcLeft, bmcDoubt: doubt, leftover } = row;
  const first = ask ?? detail ?? (isLost(row) ? NOT_HEARD_OF : undefined);
  const told = [first, contested, row.hold && holdText(row.hold), row.disarmed, row.diskDoubt]
    .filter((one) => one !== undefined)
    .join('; ');
  const todo = told === '' ? undefined : told;
  // Beside what failed it looks dead, and waits.
  if (todo !== undefined && waitsFor !== undefined) return `${todo.replace(/\.$/, '')}; ${waitsFor}`;
  const wire = todo ?? waitsFor ?? lacks;
  const note = wire ?? bmcProblem ?? bmcLeft ?? doubt;
  // Who is about to arm it looks here, whatever else there is to be said.
  if (row.protected !== undefined) return note === undefined ? row.protected : `${note}; ${row.protected}`;
  return note ?? row.bootProgress ?? leftover ?? '';
}

/** A cause that was named says more. */
const isLost = ({ health, lostSight }: NodeRow): boolean => lostSight && health === 'ok';

function stateOf(row: NodeRow): string {
  if (row.health !== 'ok') return `${row.health.toUpperCase()} ${row.code ?? ''}`;
  const quiet = quietState(row);
  return isLost(row) ? ['LOST', quiet].filter((part) => part !== '').join(', ') : quiet;
}

function quietState(row: NodeRow): string {
  if (row.job !== undefined) {
    if (!row.job.spent) return `armed: ${row.job.kind}`;
    return `job: ${row.job.kind} (${row.job.scriptOut === true ? 'script out' : 'spent'})`;
  }
  if (row.hold !== undefined) return 'on hold';
  if (row.disarmed !== undefined) return 'disarmed';
  return row.diskDoubt === undefined ? driftSign(row.drift) : 'disk?';
}

export function renderRows(rows: readonly NodeRow[]): string {
  const cells = rows.map((row) => [
    row.name,
    row.rack === undefined ? '-' : `${row.rack} U${row.unit ?? '?'}`,
    `${row.phase}${row.percent === undefined ? '' : ` ${row.percent}%`}`,
    stateOf(row),
    row.power,
    row.address ?? '-',
    duration(row.ageSeconds),
    noteOf(row),
  ]);
  const table = [['NODE', 'PLACE', 'PHASE', 'STATE', 'POWER', 'ADDRESS', 'AGE', 'NOTE'], ...cells];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
  return table
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(column === line.length - 1 ? 0 : (widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

export function duration(seconds: number): string {
  if (seconds < 3600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  if (seconds < 86_400)
    return `${Math.floor(seconds / 3600)}h${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')}`;
  return `${Math.floor(seconds / 86_400)}d`;
}

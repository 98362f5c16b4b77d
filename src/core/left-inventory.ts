import { spentUnseen } from './attempt.ts';
import { isOverdue } from './deadline.ts';
import { disarmedText, endedWords } from './disarmed.ts';
import type { EventOf } from './event.ts';
import { type Fleet, nodeOf } from './fleet.ts';
import { confirmedKey, identityKey, lesserNamesOf, type Named, namesOf, ownNamesOf, sameMachine } from './identity.ts';
import type { EndedJob } from './job.ts';
import { endJob, type JobEnd } from './job-end.ts';
import { takeBack } from './leftover.ts';
import { forbiddenOnly, isForbidden, spreadForbidden, wasGiven } from './may-be-it.ts';
import { newest } from './newest.ts';
import { type AllLeft, ATTEMPTS_KEPT, EVIDENCE_KEPT, type Evidence, type NodeState, newNode } from './node.ts';
import { powerLost } from './power-order.ts';
import { powerForgotten } from './power-wait.ts';
import { valuesOf } from './shard-map.ts';
import type { NodeSpec } from './spec.ts';
import { MINUTE_MS, SECOND_MS, type TimeMs } from './time.ts';

/**
 * A file that is gone takes the job of its machine with it, and nothing gives that back. What is remembered for a while
 * is the machine: when a file names it again, by the same name or another, it says what became of its job. A hold, a
 * protection, a conflict or a doubt about its disk stands as before, however late that is and however many there are.
 */

export const LEFT_KEPT = 256;
export const LEFT_MS = 24 * 60 * MINUTE_MS;
const NEWS_MS = 60 * MINUTE_MS;

type Loaded = EventOf<'inventory.loaded'>;

/** Those that left by now, or whose name another machine has; the newest first. */
export function leftBy(fleet: Fleet, { nodes, time, remembers, follows, keepsOrders }: Loaded): AllLeft {
  if (remembers === undefined) return {};
  const specs = new Map(nodes.map((spec) => [spec.name, spec]));
  const isKept = ({ at, node }: Gone): boolean => time - at < LEFT_MS || (keepsOrders === true && isForbidden(node));
  const left = Object.entries(fleet.left ?? {}).filter(([, one]) => isKept(one));
  for (const node of valuesOf(fleet.nodes)) {
    const spec = specs.get(node.name);
    const isGone = spec === undefined && isRemembered(node);
    const isReplaced = follows === true && spec !== undefined && isOther(node, spec);
    if (!isGone && !isReplaced) continue;
    left.push([isGone ? node.name : keyBeside(node), { at: time, node: without(node, time) }]);
  }
  // Ties go by name, so that a restart from the snapshot forgets the same one.
  left.sort(([nameA, a], [nameB, b]) => b.at - a.at || (nameA < nameB ? -1 : 1));
  return Object.fromEntries(follows === true ? left : left.slice(0, LEFT_KEPT));
}

/** What is worth to be remembered of those that did not come back: all of the newest, of the others what forbids. */
export function keepLeft(left: AllLeft, { nodes, time, keepsOrders }: Loaded): AllLeft {
  const names = new Set(nodes.map(({ name }) => name));
  const kept = Object.entries(left).filter(([, { node }]) => isRemembered(node));
  const told = kept.map(([key, one]): [string, Gone] => [names.has(key) ? keyBeside(one.node) : key, one]);
  if (keepsOrders !== true) return Object.fromEntries(told.slice(0, LEFT_KEPT));
  const shortened = told.flatMap(([key, one], at): [string, Gone][] => {
    if (at < LEFT_KEPT && time - one.at < LEFT_MS) return [[key, one]];
    return isForbidden(one.node) ? [[key, { ...one, node: forbiddenOnly(one) }]] : [];
  });
  return Object.fromEntries(shortened);
}

/** Another machine has the name: both are told apart. */
const keyBeside = ({ name, spec }: NodeState): string => `${name} (${namesOf(spec)[0] ?? 'no names'})`;

/** Of a machine that named itself by nothing, whatever the file names now is the same. */
export const isOther = (node: NodeState, spec: NodeSpec): boolean =>
  namesOf(node.spec).length > 0 && !isSame(node.spec, spec);

const isRemembered = (node: NodeState): boolean =>
  node.job !== undefined || isForbidden(node) || node.seen.bmcLeft !== undefined || disarmedText(node) !== undefined;

/** Its BMC is in no file now: what the job may have left there is taken back when it is in one again. */
function without(node: NodeState, at: TimeMs): NodeState {
  const { job } = node;
  if (job === undefined) return node;
  const { node: ended, effects } = endJob(node, 'cancelled', at, 'LEFT_INVENTORY');
  const last = ended.endedJobs.at(-1);
  const begun = job.spentAt !== undefined || spentUnseen(job, node.attempt, at) !== undefined;
  const endedJobs =
    last === undefined || !begun
      ? ended.endedJobs
      : [...ended.endedJobs.slice(0, -1), { ...last, begun: true as const }];
  const clear = effects.find((effect) => effect.type === 'bmc.clearOverride');
  const bmcLeft = clear === undefined ? {} : { bmcLeft: { job: job.id, override: true, media: clear.media } };
  const text = `inventory: it is not in it any more: its ${job.kind} job is ended`;
  return withLine({ ...ended, endedJobs, seen: { ...ended.seen, ...bmcLeft } }, { at, from: 'operator', text });
}

/** Of a machine that is in no file now. */
export function leftInventoryText({ left }: Fleet, name: string): string | undefined {
  const gone = left?.[name];
  if (gone === undefined) return undefined;
  const job = endedByThat(gone);
  const told = job === undefined ? '' : `, and that ended its ${endedWords(job)}`;
  const begun = job?.begun ? ', which had begun to write its disk' : '';
  return `it left the inventory${told}${begun}; its file, if it comes back, arms nothing`;
}

const endedByThat = ({ at, node }: AllLeft[string]): EndedJob | undefined => {
  const last = node.endedJobs.at(-1);
  return last?.code === 'LEFT_INVENTORY' && last.endedAt === at ? last : undefined;
};

/** Those that had a job, while that is news; the newest first. */
export function leftJobs(
  fleet: Fleet,
): readonly { readonly name: string; readonly at: TimeMs; readonly why: string }[] {
  return Object.entries(fleet.left ?? {}).flatMap(([name, gone]) => {
    const isNews = fleet.at - gone.at < NEWS_MS && endedByThat(gone) !== undefined;
    return isNews ? [{ name, at: gone.at, why: leftInventoryText(fleet, name) ?? '' }] : [];
  });
}

export interface Returned {
  readonly nodes: ReadonlyMap<string, JobEnd>;
  readonly left: AllLeft;
  /** Names of machines that stand in the files by another one now. */
  readonly moved: ReadonlySet<string>;
}

type Gone = AllLeft[string];

/**
 * Who is in it again is known by its name and one of its own names (a serial that was corrected meanwhile makes it no other
 * machine), or by its own names alone where its file was renamed. Who has only the name of the file is another machine: what
 * an operator said of that name, hold and protection, stands for it as it does where a file is edited in its place.
 */
export function returnedBy(fleet: Fleet, { nodes, time, follows, keepsOrders }: Loaded, left: AllLeft): Returned {
  const back = new Map<string, JobEnd>();
  const moved = new Set<string>();
  if (Object.keys(left).length === 0) return { nodes: back, left, moved };
  const kept = new Map(Object.entries(left));
  const keys = new Map(Object.entries(left).map(([key, one]) => [one, key]));
  const come = (spec: NodeSpec, one: Gone): void => {
    if (wasGiven(one, spec) || !kept.delete(keys.get(one) ?? '')) return;
    if (one.at === time) moved.add(one.node.name);
    back.set(spec.name, comeBack(one.node, spec, one.at, time));
  };
  const isOpen = (spec: NodeSpec) => {
    const holder = back.has(spec.name) ? undefined : nodeOf(fleet, spec.name);
    return !back.has(spec.name) && (holder === undefined || (follows === true && isOther(holder, spec)));
  };
  for (const spec of nodes) {
    const own = left[spec.name];
    if (own !== undefined && isOpen(spec) && isSame(own.node.spec, spec)) come(spec, own);
  }
  for (const theirs of [wholeOf, ownOf, lesserNamesOf]) {
    const known = byNames([...kept.values()], ({ node }) => theirs(node.spec));
    const asking = byNames(nodes.filter(isOpen), theirs);
    for (const spec of new Set([...asking.values()].flat())) {
      const [one, ...others] = sharing(known, theirs(spec)).filter(({ node }) => sameMachine(node.spec, spec));
      const rivals =
        one === undefined
          ? []
          : sharing(asking, theirs(one.node.spec)).filter((rival) => sameMachine(one.node.spec, rival));
      if (one !== undefined && others.length === 0 && rivals.length === 1) come(spec, one);
    }
  }
  // Whoever has the name now is somebody else.
  for (const spec of nodes) {
    const one = kept.get(spec.name);
    if (one === undefined || (follows !== true && !kept.delete(spec.name)) || !isOpen(spec)) continue;
    const node = namedAlike(one.node, spec, time);
    if (node !== undefined) back.set(spec.name, { node, effects: [] });
  }
  if (keepsOrders !== true) return { nodes: back, left: Object.fromEntries(kept), moved };
  const nodeNow = ({ name }: NodeSpec) => back.get(name)?.node ?? (moved.has(name) ? undefined : nodeOf(fleet, name));
  const spread = spreadForbidden(Object.fromEntries(kept), nodes, time, nodeNow);
  for (const [name, node] of spread.nodes) back.set(name, { node, effects: back.get(name)?.effects ?? [] });
  return { nodes: back, left: spread.left, moved };
}

const isSame = (a: Named, b: Named): boolean => confirmedKey(a) === confirmedKey(b) || sameMachine(a, b);

/** All that it is, as one name: of two files that share a name of the machine, this is the one that stayed as it was. */
const wholeOf = ({ identity }: Named): readonly string[] => (identity.macs.length > 0 ? [identityKey(identity)] : []);

const ownOf = ({ identity }: Named): readonly string[] => ownNamesOf(identity);

function byNames<T>(all: readonly T[], namesOf: (one: T) => readonly string[]): ReadonlyMap<string, readonly T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) {
    for (const name of namesOf(one)) {
      const same = found.get(name);
      if (same === undefined) found.set(name, [one]);
      else same.push(one);
    }
  }
  return found;
}

const sharing = <T>(found: ReadonlyMap<string, readonly T[]>, names: readonly string[]): readonly T[] => [
  ...new Set(names.flatMap((name) => found.get(name) ?? [])),
];

/** Another machine in a file of that name. */
function namedAlike({ intent, guard }: NodeState, spec: NodeSpec, at: TimeMs): NodeState | undefined {
  const isHeld = intent.is === 'hold';
  if (!isHeld && guard === undefined) return undefined;
  const node = newNode(spec, at);
  return tellStanding({ ...node, ...(isHeld ? { intent } : {}), ...(guard === undefined ? {} : { guard }) }, at);
}

/** It has what was said of its name, and was another machine then. */
export function tellStanding(node: NodeState, at: TimeMs): NodeState {
  const isHeld = node.intent.is === 'hold';
  if (!isHeld && node.guard === undefined) return node;
  const what = [...(isHeld ? ['held'] : []), ...(node.guard === undefined ? [] : ['protected'])].join(' and ');
  const text = `inventory: another machine has this name now; it is ${what} as the one before`;
  return withLine(node, { at, from: 'operator', text });
}

/** That its file has another name by this load, or its name another machine. */
export const movedLine = ({ evidence }: NodeState, at: TimeMs): string | undefined =>
  evidence.findLast((line) => line.at === at && MOVED.test(line.text))?.text;

const MOVED = /^inventory: (?:another machine has this name|\S+ is named \S+) now/;

function comeBack(before: NodeState, spec: NodeSpec, leftAt: TimeMs, at: TimeMs): JobEnd {
  const known = powerForgotten(powerLost(before, at, 'its file was gone from the inventory'));
  const isRenamed = before.name !== spec.name;
  const text = isRenamed
    ? `inventory: ${before.name} is named ${spec.name} now`
    : `inventory: it is in it again after ${Math.round((at - leftAt) / SECOND_MS)} s`;
  const last = known.endedJobs.at(-1);
  const tellsName = isRenamed && last?.code === 'LEFT_INVENTORY' && last.name === undefined;
  const endedJobs = tellsName ? [...known.endedJobs.slice(0, -1), { ...last, name: before.name }] : known.endedJobs;
  const named: NodeState = { ...known, name: spec.name, power: { is: 'unknown', since: at }, endedJobs };
  const node = notSeenSince(withLine(named, { at, from: 'operator', text }), at);
  // What is left on one BMC is not taken back from another.
  const isSameBmc = JSON.stringify(before.spec.bmc) === JSON.stringify(spec.bmc);
  return { node, effects: isSameBmc ? takeBack(node) : [] };
}

/** Nobody listened for it meanwhile: where its phase is older than it may be, that boot is of the past. */
function notSeenSince(node: NodeState, at: TimeMs): NodeState {
  if (!isOverdue(node, at)) return node;
  const { attempt, ask: _ask, ...rest } = node;
  const ended =
    attempt === undefined ? [] : [{ ...attempt, closedAt: at, end: `left the inventory in ${node.phase.is}` }];
  const isOfThatBoot = node.health.is === 'late' || node.health.is === 'stalled';
  return {
    ...rest,
    phase: { is: 'idle', since: at },
    phaseFrom: 'assumed',
    pastAttempts: [...node.pastAttempts, ...ended].slice(-ATTEMPTS_KEPT),
    ...(isOfThatBoot ? { health: { is: 'ok' } } : {}),
  };
}

const withLine = (node: NodeState, line: Evidence): NodeState => ({
  ...node,
  evidence: newest(node.evidence, line, EVIDENCE_KEPT),
});

import { endedWords, identityChange } from './disarmed.ts';
import type { EventOf } from './event.ts';
import { type Fleet, isOpenWave, nodeOf, putNode, type Wave, type WaveMember } from './fleet.ts';
import { confirmedKey, lesserNamesOf, namesOf, ownNamesOf, sameMachine } from './identity.ts';
import { type EndedJob, type JobKind, WRITES_DISK } from './job.ts';
import { newest } from './newest.ts';
import { EVIDENCE_KEPT, JOBS_KEPT, type NodeState } from './node.ts';
import { getIn } from './shard-map.ts';
import type { NodeSpec } from './spec.ts';
import type { TimeMs } from './time.ts';
import { withoutWaiting } from './wave.ts';

/**
 * A machine that waits in a wave was confirmed as one that is armed was: what ends the job of the one (a cancel, a hold, a
 * protection, an edit of who it is) ends the place of the other. Else the wave would arm it in the moment that this is lifted.
 */

function waitingOf(wave: Wave): readonly WaveMember[] {
  if (!isOpenWave(wave)) return [];
  const started = new Set(wave.started);
  return wave.entries.filter(({ node }) => !started.has(node) && wave.ended[node] === undefined);
}

/** The waves that have yet to arm it. */
export const wavesAwaiting = ({ waves }: Pick<Fleet, 'waves'>, name: string): readonly Wave[] =>
  Object.values(waves).filter(
    (wave) =>
      isOpenWave(wave) &&
      wave.ended[name] === undefined &&
      wave.entries.some(({ node }) => node === name) &&
      !wave.started.includes(name),
  );

/** Something is ordered of it, now or when its turn comes. */
export const hasJobOrPlace = (fleet: Pick<Fleet, 'nodes' | 'waves'>, name: string): boolean =>
  getIn(fleet.nodes, name)?.job !== undefined || wavesAwaiting(fleet, name).length > 0;

/** Of a protection: what writes nothing goes on. */
export const writingWavesAwaiting = (fleet: Pick<Fleet, 'waves'>, name: string): readonly Wave[] =>
  wavesAwaiting(fleet, name).filter(({ kind }) => WRITES_DISK[kind]);

/**
 * Of a job that is to write it too: what is armed by itself, or by a second wave, would be erased again when its turn comes,
 * and on no page that asks for the one stands the other. Asked before it is accepted; journals of older versions have both.
 */
export function placeAgainst(fleet: Pick<Fleet, 'waves'>, name: string, kind: JobKind): string | undefined {
  const [wave, ...more] = WRITES_DISK[kind] ? writingWavesAwaiting(fleet, name) : [];
  if (wave === undefined) return undefined;
  const others = more.length === 0 ? '' : ` (and in ${more.length} more)`;
  return `${name} waits in wave ${placeText(wave)}${others}, which would write its disk once more: \`crashcart cancel ${name}\` takes it out, \`crashcart wave cancel ${wave.id}\` ends the wave`;
}

const placeText = ({ id, kind, state }: Wave): string => `${id} (${kind}${state === 'running' ? '' : `, ${state}`})`;

/** The wave goes on without it. */
export function withoutPlaces(waves: Fleet['waves'], these: readonly Wave[], name: string, at: TimeMs): Fleet['waves'] {
  const changed = these.map((wave) => [wave.id, withoutWaiting(wave, [name], at)] as const);
  return changed.length === 0 ? waves : { ...waves, ...Object.fromEntries(changed) };
}

/** Who waits by a name that means another machine from now on, or none; and whom its file protects since it was confirmed. */
export function endPlaces(fleet: Fleet, event: EventOf<'inventory.loaded'>): Fleet {
  let inFiles: ReadonlySet<string> | undefined;
  const isInFiles = (name: string): boolean => {
    inFiles ??= new Set(event.nodes.flatMap((spec) => [...ownNamesOf(spec.identity), ...lesserNamesOf(spec)]));
    return inFiles.has(name);
  };
  let specs: ReadonlyMap<string, NodeSpec> | undefined;
  let next = fleet;
  for (const wave of Object.values(fleet.waves)) {
    const left: string[] = [];
    for (const entry of waitingOf(wave)) {
      specs ??= new Map(event.nodes.map((spec) => [spec.name, spec]));
      const node = nodeOf(next, entry.node);
      const after = specs.get(entry.node);
      if (node === undefined || node.spec === after) continue;
      const why = whyEnded(node.spec, after, wave, { event, isInFiles });
      if (why === undefined) continue;
      next = putNode(next, withoutPlace(node, placeEnded(wave, entry, event.time, why.code), why.text));
      left.push(entry.node);
    }
    if (left.length === 0) continue;
    next = { ...next, waves: { ...next.waves, [wave.id]: withoutWaiting(wave, left, event.time) } };
  }
  return next;
}

interface Load {
  readonly event: EventOf<'inventory.loaded'>;
  readonly isInFiles: (name: string) => boolean;
}

function whyEnded(
  before: NodeSpec,
  after: NodeSpec | undefined,
  wave: Wave,
  { event, isInFiles }: Load,
): { readonly code?: EndedJob['code']; readonly text: string } | undefined {
  const what = endedWords({ kind: wave.kind, waited: true });
  if (after !== undefined && confirmedKey(before) === confirmedKey(after)) {
    const isClosed = event.guards === true && WRITES_DISK[wave.kind] && isGuardedSince(before, after);
    return isClosed ? { text: guardedText(what) } : undefined;
  }
  const stays = after !== undefined && sameMachine(before, after);
  const isElsewhere = !stays && namesOf(before).some(isInFiles);
  if (after === undefined || isElsewhere)
    return { code: 'LEFT_INVENTORY', text: `inventory: it is not in it any more: its ${what} is ended` };
  return { code: 'PLAN_CHANGED', text: identityChange(before, after, what) };
}

/** Glass that is broken is no answer to a file that protects it since. */
const isGuardedSince = (before: NodeSpec, after: NodeSpec): boolean => !before.protected && after.protected;

const guardedText = (what: string): string => `inventory: it is protected since: its ${what} is ended`;

/** The line for the log. */
export function placeEndedText(before: NodeSpec, after: NodeSpec, what: string): string {
  if (confirmedKey(before) !== confirmedKey(after)) return identityChange(before, after, what);
  return guardedText(what);
}

function withoutPlace(node: NodeState, ended: EndedJob, text: string): NodeState {
  return {
    ...node,
    endedJobs: newest(node.endedJobs, ended, JOBS_KEPT),
    evidence: newest(node.evidence, { at: ended.endedAt, from: 'operator', text }, EVIDENCE_KEPT),
  };
}

/** Of one load of the inventory. */
export function placesEndedBetween(
  before: Fleet,
  now: Fleet,
): readonly { readonly node: string; readonly wave: Wave }[] {
  if (before.waves === now.waves) return [];
  return Object.values(before.waves).flatMap((wave) =>
    waitingOf(wave)
      .filter(({ node }) => now.waves[wave.id]?.ended[node] !== undefined)
      .map(({ node }) => ({ node, wave })),
  );
}

function placeEnded(wave: Wave, { job: id, plan }: WaveMember, at: TimeMs, code: EndedJob['code']): EndedJob {
  return {
    id,
    kind: wave.kind,
    armedAt: wave.startedAt,
    armedBy: wave.by,
    endedAt: at,
    outcome: 'cancelled',
    ...(code === undefined ? {} : { code }),
    planHash: plan?.hash ?? '',
    attempts: 0,
    waited: true,
  };
}

/** Of a node that is let go: whatever held it back, its turn comes. */
export function awaitedText(fleet: Pick<Fleet, 'waves'>, name: string): string | undefined {
  const waves = wavesAwaiting(fleet, name);
  if (waves.length === 0) return undefined;
  return `${name} waits in wave ${waves.map(placeText).join(' and ')}, which arms it when its turn comes: \`crashcart cancel ${name}\` takes it out`;
}

import { mayOrder, otherControlPlane } from '../core/arm-node.ts';
import { bmcDoubt } from '../core/bmc-conflict.ts';
import { nodeOf } from '../core/fleet.ts';
import { JOB_EXPIRY_MS, type JobKind, type Plan, WRITES_DISK } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import { type Away, awayText } from '../core/quorum.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { SeenDisk } from '../core/seen.ts';
import { MINUTE_MS } from '../core/time.ts';
import { awaitedText, placeAgainst } from '../core/wave-places.ts';
import type { Session } from './act.ts';
import { type ArmParts, PLANNED_AT_ONCE, shownHash } from './act-arm.ts';
import type { Planned } from './engine-ports.ts';
import type { Planning } from './orders-under-way.ts';

/** What would happen to one machine, for the blast-radius page, for the dialogs and for `plan`. Secrets are masked. */
export interface Preview {
  readonly node: string;
  /** See `shownHash`: what is armed is what was shown. */
  readonly planHash: string;
  /** Absent where none could be made. */
  readonly plan?: Plan;
  readonly disks: readonly PreviewedDisk[];
  /** What runs there now, in words: "ready for 41 days", "last seen 3 s ago". */
  readonly now: readonly string[];
  /** Why the engine would refuse this. Not empty: the screen cannot confirm it. */
  readonly refusals: readonly string[];
  readonly warnings: readonly string[];
  readonly image?: string;
  readonly profile?: string;
  readonly script: string;
  readonly kernelArgs: readonly string[];
  readonly config: string;
  /** What talosctl said of the configuration. */
  readonly checked?: string;
  /** Against the configuration that was served last, and against the script; absent where nothing is remembered. */
  readonly diff?: readonly string[];
  readonly scriptDiff?: readonly string[];
}

export interface PreviewedDisk {
  readonly name: string;
  readonly sizeBytes?: number;
  readonly serial?: string;
  readonly model?: string;
  readonly holds: readonly string[];
  readonly erased: boolean;
  /** Named by the inventory's rule alone: nothing was read of it yet. */
  readonly unseen?: true;
  /** A wipe takes the disk that holds Talos by then: none that was read so far does. */
  readonly whichever?: true;
}

export async function previewNodes(
  parts: ArmParts,
  names: readonly string[],
  kind: JobKind,
  session?: Session,
): Promise<Result<readonly Preview[]>> {
  // A command goes on to its order without anybody's word: whatever forbids that finds it here already.
  const orders = session?.brief === true && session.mayWrite;
  const planning = orders
    ? parts.underWay.begin({ kind, nodes: names, by: session.actor }, session.lost ?? (() => undefined), session.since)
    : undefined;
  try {
    return await previewAll(parts, names, kind, planning);
  } finally {
    planning?.over();
  }
}

async function previewAll(
  parts: ArmParts,
  names: readonly string[],
  kind: JobKind,
  planning: Planning | undefined,
): Promise<Result<readonly Preview[]>> {
  const previews: Preview[] = [];
  const { planner, engine } = parts;
  for (let from = 0; from < names.length; from += PLANNED_AT_ONCE) {
    const nodes = names.slice(from, from + PLANNED_AT_ONCE).map((name) => nodeOf(engine.fleet(), name));
    const missing = nodes.indexOf(undefined);
    if (missing >= 0) return fail(`there is no machine named ${names[from + missing]}`);
    const found = nodes.filter((node) => node !== undefined);
    const work = Promise.all(found.map(async (node) => [node, await planner.plan(node, kind)] as const));
    const planned = planning === undefined ? ok(await work) : await planning.unlessWithdrawn(work);
    if (!planned.ok) return planned;
    for (const [node, plan] of planned.value) {
      await planner.turn?.();
      previews.push(plan.ok ? shown(parts, node, kind, plan.value) : impossible(parts, node, kind, plan.error));
    }
  }
  const against = planning?.whyNot();
  return against === undefined ? ok(previews) : fail(against);
}

function shown(parts: ArmParts, node: NodeState, kind: JobKind, planned: Planned): Preview {
  const fleet = parts.engine.fleet();
  const at = parts.engine.now();
  const { plan } = planned.rendered;
  const may = mayOrder(fleet, node, {
    time: at,
    node: node.name,
    job: '',
    kind,
    plan,
    confirmed: node.name,
    expiresAt: at + JOB_EXPIRY_MS,
  });
  const place = placeAgainst(fleet, node.name, kind);
  const turn = place === undefined ? awaitedText(fleet, node.name) : undefined;
  const busy = WRITES_DISK[kind] ? otherControlPlane(fleet, node, kind) : undefined;
  const etcd = busy === undefined ? [] : [etcdWarning(busy, node)];
  return {
    node: node.name,
    planHash: shownHash(plan, node),
    plan,
    // Which disks a foreign installer takes is its own choice.
    disks: previewDisks(node, kind).map((disk) => (plan.foreign === true ? { ...disk, erased: true } : disk)),
    now: nowOf(node, at),
    refusals: [...(may.ok ? [] : [may.error]), ...(place === undefined ? [] : [place])],
    warnings: [
      ...planned.shown.warnings,
      ...etcd,
      ...(turn === undefined ? [] : [turn]),
      ...runningWarnings(node, kind),
      ...strangerWarnings(node),
    ],
    ...(planned.shown.image === '' ? {} : { image: planned.shown.image }),
    profile: plan.profile,
    script: planned.shown.script,
    kernelArgs: planned.shown.kernelArgs,
    config: planned.shown.config,
    ...(planned.shown.checked === undefined ? {} : { checked: planned.shown.checked }),
    ...(planned.shown.diff === undefined ? {} : { diff: planned.shown.diff }),
    ...(planned.shown.scriptDiff === undefined ? {} : { scriptDiff: planned.shown.scriptDiff }),
  };
}

function impossible(parts: ArmParts, node: NodeState, kind: JobKind, why: string): Preview {
  return {
    node: node.name,
    planHash: '',
    disks: previewDisks(node, kind),
    now: nowOf(node, parts.engine.now()),
    refusals: [why],
    warnings: [],
    script: '',
    kernelArgs: [],
    config: '',
  };
}

export function previewDisks(node: NodeState, kind: JobKind): readonly PreviewedDisk[] {
  const known = knownDisks(node, kind);
  const rule = node.spec.talos.disk;
  // A page that erases and names only what is kept would be taken for one that erases nothing.
  if (kind === 'wipe' && !known.some((disk) => disk.erased))
    return [{ name: 'whichever holds Talos', holds: [], erased: true, whichever: true }, ...known];
  const writes = kind === 'install' || kind === 'reinstall';
  if (!writes || rule === undefined || known.some((disk) => disk.erased)) return known;
  // The disk of the rule is not among those that were seen: it is named all the same, for it is what will be written.
  const named = rule.serial ?? rule.wwid ?? rule.byId ?? rule.path ?? rule.model ?? 'by its rule';
  const serial = rule.serial === undefined ? {} : { serial: rule.serial };
  return [{ name: named, ...serial, holds: [], erased: true, unseen: true }, ...known];
}

function knownDisks(node: NodeState, kind: JobKind): readonly PreviewedDisk[] {
  const rule = node.spec.talos.disk;
  const wanted = (disk: SeenDisk) =>
    rule !== undefined &&
    ((rule.serial !== undefined && disk.serial === rule.serial) ||
      (rule.wwid !== undefined && disk.wwid === rule.wwid) ||
      (rule.path !== undefined && `/dev/${disk.name}` === rule.path));
  const seen = node.seen.disks ?? [];
  const talosSeen = seen.some(holdsTalos);
  if (seen.length > 0) {
    return seen.map((disk) => ({
      name: disk.name,
      sizeBytes: disk.sizeBytes,
      ...(disk.serial === undefined ? {} : { serial: disk.serial }),
      ...(disk.model === undefined ? {} : { model: disk.model }),
      holds: disk.holds ?? [],
      erased: erases(kind, wanted(disk), holdsTalos(disk), talosSeen),
    }));
  }
  return (node.seen.bmc?.drives ?? []).map((drive) => ({
    name: drive.name,
    ...(drive.sizeBytes === undefined ? {} : { sizeBytes: drive.sizeBytes }),
    ...(drive.serial === undefined ? {} : { serial: drive.serial }),
    ...(drive.model === undefined ? {} : { model: drive.model }),
    holds: [],
    erased: erases(kind, rule?.serial !== undefined && drive.serial === rule.serial, false, false),
  }));
}

const holdsTalos = (disk: SeenDisk): boolean =>
  (disk.holds ?? []).some((label) => label === 'META' || label === 'STATE' || label === 'EPHEMERAL');

/**
 * A wipe takes every disk that holds Talos; an install takes the one that the rule names. A BMC tells of no contents, and
 * what was read may be older than the system: then that one is the disk on which Talos would be.
 */
function erases(kind: JobKind, wanted: boolean, talos: boolean, talosSeen: boolean): boolean {
  if (kind === 'wipe') return talosSeen ? talos : wanted;
  if (kind === 'reinstall') return wanted || talos;
  return kind === 'install' && wanted;
}

function spanText(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  const minutes = Math.floor(ms / MINUTE_MS);
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2 * 24 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / (24 * 60))} days`;
}

function nowOf(node: NodeState, at: number): readonly string[] {
  const lines: string[] = [];
  if (node.seen.readySince !== undefined) lines.push(`ready for ${spanText(at - node.seen.readySince)}`);
  lines.push(
    `${node.phase.is}${node.seen.lastAt === undefined ? ', never seen on the wire' : `, last seen ${Math.round((at - node.seen.lastAt) / 1000)} s ago`}`,
  );
  if (node.seen.talosVersion !== undefined) lines.push(`Talos ${node.seen.talosVersion}`);
  if (node.seen.hostName !== undefined && node.seen.hostName !== node.name)
    lines.push(`calls itself ${node.seen.hostName}`);
  return lines;
}

const etcdWarning = (busy: Away, { spec }: NodeState): string =>
  busy.is === 'armed'
    ? `${busy.name} of the same cluster has a job: one control-plane node at a time`
    : awayText(busy, spec.cluster ?? '');

/** It would be powered by a BMC that may be another machine's. */
function strangerWarnings(node: NodeState): readonly string[] {
  const doubt = bmcDoubt(node);
  return doubt === undefined ? [] : [doubt];
}

function runningWarnings(node: NodeState, kind: JobKind): readonly string[] {
  if (!WRITES_DISK[kind] || kind === 'install') return [];
  const up = node.phase.is === 'running' || node.phase.is === 'ready' || node.phase.is === 'diskBoot';
  const warnings = up ? [`it is running now (${node.phase.is})`] : [];
  if (node.spec.role === 'controlplane')
    warnings.push(
      `it is a control-plane node${node.spec.cluster === undefined ? '' : ` of ${node.spec.cluster}`}: etcd loses a member`,
    );
  return warnings;
}

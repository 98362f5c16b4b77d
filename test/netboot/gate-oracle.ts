import type { Event } from '../../src/core/event.ts';
import type { JobKind, Plan } from '../../src/core/job.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import type { GateQuestion, Route } from '../../src/netboot/gate.ts';
import type { Claims } from '../../src/netboot/identity.ts';

/**
 * The ten rules of "when a disk may be written", stated a second time: a small model folded from the raw history, which
 * shares types with the program and no code. It knows nothing of phases. Where the rules depend on how the lifecycle
 * counts boots it keeps two bounds, and says `either` only between them.
 */
export type Verdict =
  | { readonly say: 'must'; readonly stage: 'wipe' | 'install' | 'any' }
  | { readonly say: 'mustNot'; readonly rule: string }
  /** The model's bounds do not decide; a wipe may still be forbidden. */
  | { readonly say: 'either'; readonly never?: 'wipe'; readonly why: string };

export interface Asked extends Pick<GateQuestion, 'route' | 'at' | 'token' | 'arch' | 'now'> {
  readonly claims: Claims;
}

type Surely = 'no' | 'maybe' | 'yes';

interface KnownJob {
  readonly id: string;
  readonly kind: JobKind;
  readonly plan: Plan;
  readonly expiresAt: number;
  /** Its boot that has a script by then may fetch what that names. */
  readonly letsEnd: boolean;
  readonly glass: boolean;
  stored: boolean;
  spent: Surely;
  suspended: Surely;
  offered: boolean;
  wipeOut: boolean;
  /** A finished transfer of which the beginning was never told: of this job, or of the one before. */
  wipeMaybe: boolean;
  /** An image was fetched since, so a machine has the argument; and whether that boot is over. */
  wipeFetched: boolean;
  wipeBootOver: Surely;
  /** A foreign system may have taken over in the boot that is going on. */
  givenOver: boolean;
  /** Boots of this job that there must have been, and that there can have been at most. */
  sureBoots: number;
  maxBoots: number;
  /** Of the sure ones at most so many do not count, for a power order cut them before they had a script that writes. */
  uncounted: number;
  /** Boots in a row that surely ended before anything came up. */
  deadBoots: number;
  firstDeadAt: number;
}

interface Boot {
  answered: string | undefined;
  initrd: boolean;
  config: boolean;
  spoke: boolean;
  cameUp: boolean;
  /** An image of it was asked for. */
  fetched: boolean;
  /** A newer boot may have begun since, so nothing here is sure. */
  unsure: boolean;
  /** A power order was given in it: that it ends is no loop. */
  ordered: boolean;
  /** That order may take it out of the count. */
  spared: boolean;
}

interface Known {
  spec: NodeSpec;
  held: boolean;
  conflict: boolean;
  job: KnownJob | undefined;
  /** It was armed while the model could not tell whether the job before had ended. */
  unsure: boolean;
  boot: Boot;
  lastAt: number;
  /** On the wire or by itself. */
  heardAt: number;
  beaconAt: number | undefined;
  /** Since when a power order has been under way at its BMC. */
  cutSince: number | undefined;
  /** What the last power order cut may be no attempt. */
  spares: boolean;
  /** Since when nobody knows what became of that order: the program ended, or its BMC fell silent. */
  lostAt: number | undefined;
  /** What was last read of its power. */
  off: boolean;
  /** When it was last heard that its power had been switched. */
  switchedAt: number | undefined;
  readonly xids: Set<number>;
}

const NEW_BOOT_MS = 20_000;
const CUT_MS = 5_000;
const MAX: { readonly [K in JobKind]: number } = { install: 3, reinstall: 4, wipe: 3, inspect: 3, rescue: 3 };
const isForeign = ({ plan }: Pick<KnownJob, 'plan'>): boolean => plan.foreign === true;
const maxOf = (job: KnownJob): number => (isForeign(job) ? 3 : MAX[job.kind]);
const WRITES: ReadonlySet<JobKind> = new Set(['install', 'reinstall', 'wipe']);
const newBoot = (): Boot => ({
  answered: undefined,
  initrd: false,
  config: false,
  spoke: false,
  cameUp: false,
  fetched: false,
  unsure: false,
  ordered: false,
  spared: false,
});

export function createOracle() {
  const nodes = new Map<string, Known>();
  const site = { panic: false, failing: false, glassUntil: 0, discoveryUntil: 0 };

  return {
    note: (event: Event) => note(nodes, site, event),
    /** A job that came in past every check of arming: a snapshot of another version, or a bug. */
    forged: (event: Extract<Event, { type: 'operator.armed' }>) => {
      const node = nodes.get(event.node);
      if (node !== undefined) give(node, event, false, true);
    },
    /** May files for a system that took over go out? Only to that very boot, and never anything that boots. */
    maySeed: ({ claims, route, token }: Asked): boolean => {
      const node = whoIsSure(nodes, claims);
      const job = node?.job;
      if (node === undefined || site.panic || node.held || node.conflict) return false;
      // Which job it has is not known here.
      if (node.unsure) return route === 'config' && token === 'match';
      if (job === undefined) return false;
      const same = (job.givenOver || node.boot.fetched) && (node.boot.answered === 'install' || node.boot.unsure);
      return route === 'config' && token === 'match' && isForeign(job) && job.spent !== 'no' && same;
    },
    judge: (asked: Asked): Verdict => judge(whoIsSure(nodes, asked.claims), site, asked),
    /** The same question on several routes: who it is was asked once. */
    judgeAll: (asked: readonly Asked[]): readonly Verdict[] => {
      const [first] = asked;
      const node = first === undefined ? undefined : whoIsSure(nodes, first.claims);
      return asked.map((one) => judge(node, site, one));
    },
  };
}

type Site = { panic: boolean; failing: boolean; glassUntil: number; discoveryUntil: number };
type Nodes = Map<string, Known>;

// ---- What happened ------------------------------------------------------------------------------------------------

function note(nodes: Nodes, site: Site, event: Event): void {
  switch (event.type) {
    case 'inventory.loaded':
      reload(nodes, event.nodes);
      return;
    case 'engine.started':
      for (const node of nodes.values()) wake(node, event.time, event.spanUnknown !== undefined);
      if (event.spanUnknown !== undefined) Object.assign(site, { glassUntil: 0, discoveryUntil: 0 });
      return;
    case 'clock.ticked':
      for (const node of nodes.values()) dropExpired(node, event.time);
      return;
    case 'site.panicSwitched':
      site.panic = event.on;
      return;
    case 'site.glassBroken':
      site.glassUntil = event.until;
      return;
    case 'store.failed':
      site.failing = true;
      return;
    case 'store.recovered':
      site.failing = false;
      return;
    default: {
      const node = 'node' in event && event.node !== undefined ? nodes.get(event.node) : undefined;
      if (node !== undefined) noteOf(node, site, event);
    }
  }
}

function reload(nodes: Nodes, specs: readonly NodeSpec[]): void {
  const names = new Set(specs.map((spec) => spec.name));
  for (const name of nodes.keys()) if (!names.has(name)) nodes.delete(name);
  for (const spec of specs) {
    const known = nodes.get(spec.name);
    if (known === undefined) {
      const fresh = {
        held: false,
        conflict: false,
        job: undefined,
        unsure: false,
        lastAt: 0,
        heardAt: 0,
        beaconAt: undefined,
      };
      const never = { switchedAt: undefined, cutSince: undefined, spares: false, lostAt: undefined, off: false };
      nodes.set(spec.name, { spec, ...fresh, ...never, boot: newBoot(), xids: new Set() });
      continue;
    }
    // Rule 1: the operator armed the machine that the name meant then.
    const names = (one: NodeSpec) =>
      [one.identity.macs.join(), one.identity.uuid, one.identity.serial, one.identity.boardSerial].join('|');
    // What has begun is still that machine's.
    const begun = known.job !== undefined && isForeign(known.job) && known.job.spent !== 'no';
    if (names(known.spec) !== names(spec) && !begun) known.job = undefined;
    known.spec = spec;
  }
}

/** Nothing that was confirmed for a time is known to have any left where nobody knows how much of it has passed. */
function wake(node: Known, at: number, isUnknown: boolean): void {
  dropExpired(node, at, isUnknown);
  lose(node, at);
  if (node.job !== undefined) node.job.stored = true;
}

function lose(node: Known, at: number): void {
  if (node.cutSince !== undefined) node.lostAt ??= at;
}

function ended(node: Known): void {
  if (node.lostAt === undefined) node.cutSince = undefined;
}

const QUIET_MS = 180_000;
const LONGEST_MS = 1_800_000;
const NAMED: ReadonlySet<Route> = new Set(['kernel', 'initrd', 'config']);

/** Rule 1: what its script names was decided when that went out. Whether this boot goes on is not known here. */
function isLetThrough({ boot, heardAt }: Known, job: KnownJob, at: number): boolean {
  const given = boot.unsure || (boot.answered !== undefined && boot.answered !== 'local');
  return job.letsEnd && given && at - heardAt < QUIET_MS && at - job.expiresAt < LONGEST_MS;
}

function dropExpired(node: Known, at: number, isUnknown = false): void {
  if (node.job !== undefined && node.job.spent === 'no' && (isUnknown || node.job.expiresAt <= at)) {
    // An install that began unseen is still the node's job, and gives nothing any more; so does one that is gone.
    const fetched = isForeign(node.job) && node.boot.fetched;
    if (fetched) node.job.givenOver = true;
    if (!isUnknown && isLetThrough(node, node.job, at)) return;
    if (node.boot.initrd || fetched) node.job.spent = 'yes';
    else node.job = undefined;
  }
}

function noteOf(node: Known, site: Site, event: Event): void {
  switch (event.type) {
    case 'operator.armed':
      arm(node, site, event);
      return;
    case 'job.stored':
      if (node.job?.id === event.job) node.job.stored = true;
      return;
    case 'operator.cancelled':
    case 'operator.held':
      node.job = undefined;
      node.unsure = false;
      if (event.type === 'operator.held') node.held = true;
      return;
    case 'operator.released':
      node.held = false;
      node.conflict = false;
      if (node.job !== undefined) Object.assign(node.job, { suspended: 'no', deadBoots: 0, liftedAt: event.time });
      return;
    case 'operator.retried':
      if (node.job === undefined || node.conflict) return;
      // What may run already is not disturbed.
      if (isForeign(node.job) && node.boot.fetched) {
        raise(node.job, beganUnseen(node, node.job) === 'yes' ? 'yes' : 'maybe');
        return;
      }
      endBoot(node, 'yes', event.time);
      if (node.job.spent !== 'no') return;
      Object.assign(node.job, { suspended: 'no', deadBoots: 0 });
      return;
    default:
      if (!event.type.startsWith('bmc.')) node.heardAt = Math.max(node.heardAt, event.time);
      evidence(node, event);
  }
}

function arm(node: Known, site: Site, event: Extract<Event, { type: 'operator.armed' }>): void {
  const { plan, kind } = event;
  const glass = site.glassUntil > event.time;
  const refused =
    site.failing ||
    site.panic ||
    node.held ||
    node.conflict ||
    event.expiresAt <= event.time ||
    plan.kind !== kind ||
    (WRITES.has(kind) && node.spec.protected && !glass) ||
    ((kind === 'reinstall' || kind === 'wipe') && event.confirmed !== node.spec.name) ||
    (plan.foreign === true && kind !== 'reinstall') ||
    ((kind === 'install' || kind === 'reinstall') &&
      !(plan.disk.sure && (plan.foreign === true || plan.configChecked)));
  if (refused) return;
  const old = node.job;
  if (old !== undefined) {
    const over = old.letsEnd && old.expiresAt <= event.time;
    const ended = over || old.spent !== 'no' || old.maxBoots >= maxOf(old) || !WRITES.has(old.kind);
    if (ended) node.unsure = true;
    return;
  }
  give(node, event, glass, false);
}

function give(node: Known, event: Extract<Event, { type: 'operator.armed' }>, glass: boolean, stored: boolean): void {
  const { job: id, kind, plan, expiresAt } = event;
  const counts = { sureBoots: 0, maxBoots: 0, uncounted: 0, deadBoots: 0, firstDeadAt: 0 };
  node.job = {
    id,
    kind,
    plan,
    expiresAt,
    letsEnd: event.letsEnd === true,
    glass,
    stored,
    spent: 'no',
    suspended: 'no',
    offered: false,
    wipeOut: false,
    wipeMaybe: false,
    wipeFetched: false,
    wipeBootOver: 'no',
    givenOver: false,
    ...counts,
  };
  node.boot = newBoot();
  node.beaconAt = undefined;
}

const LOOP_MS = 1_800_000;

function beganUnseen({ boot }: Known, job: KnownJob): Surely {
  const { kind } = job;
  if (isForeign(job)) return !boot.fetched ? 'no' : boot.unsure || boot.answered !== 'install' ? 'maybe' : 'yes';
  if (!boot.initrd || !(boot.config || (kind === 'wipe' && boot.answered === 'wipe'))) return 'no';
  // The report may have been of the boot before.
  if (boot.spoke) return boot.unsure ? 'maybe' : 'no';
  return boot.unsure ? 'maybe' : 'yes';
}

/** The boot before has ended: without any report, a fetched configuration or a complete wipe is all there ever is. */
function endBoot(node: Known, surely: Surely, at: number): void {
  const { boot, job } = node;
  if (job !== undefined) {
    const unseen = beganUnseen(node, job);
    if (unseen !== 'no' && job.spent === 'no') job.spent = surely === 'yes' ? unseen : 'maybe';
    if (boot.cameUp) job.deadBoots = 0;
    else if (surely === 'yes' && !boot.ordered) {
      if (job.deadBoots === 0) job.firstDeadAt = at;
      job.deadBoots += 1;
    }
    job.maxBoots += 1;
    const writes = !boot.unsure && (boot.answered === 'wipe' || boot.answered === 'install');
    if (boot.spared && !writes) job.uncounted += 1;
    if (surely === 'yes') job.givenOver = false;
    if (job.wipeOut && job.wipeBootOver !== 'yes') job.wipeBootOver = surely;
    // Of these boots the last one is only beginning.
    if (job.maxBoots > 3 && job.suspended === 'no') job.suspended = 'maybe';
    if (job.deadBoots >= 3 && at - job.firstDeadAt < LOOP_MS) job.suspended = 'yes';
  }
  if (surely === 'yes') {
    node.boot = newBoot();
    node.beaconAt = undefined;
  } else node.boot.unsure = true;
  beganUnderOrder(node, at);
}

/** It waits until that order is carried out, and that it ends is no loop and no attempt. */
function beganUnderOrder(node: Known, at: number): void {
  if (!node.spares || !isSwitched(node, at)) return;
  node.boot.ordered = true;
  node.boot.spared = true;
}

const OPENERS: ReadonlySet<string> = new Set([
  'bmc.resetDone',
  'bmc.powerFound',
  'bmc.powerRead',
  'dhcp.firmwareAsked',
  'dhcp.firmwareTook',
  'dhcp.ipxeAsked',
  'loader.requested',
  'http.scriptAsked',
]);

function evidence(node: Known, event: Event): void {
  const { job } = node;
  const wire = !event.type.startsWith('bmc.');
  if (job !== undefined && OPENERS.has(event.type)) {
    const first = job.sureBoots === 0 && wire;
    const sure = first ? 'no' : isNewBoot(node, event);
    if (first) {
      job.sureBoots = 1;
      job.maxBoots += 1;
      // What was heard before its first boot was another system's, unless a boot began that was not seen to.
      if (job.wipeFetched || node.boot.config) node.boot.unsure = true;
      else node.boot = newBoot();
      beganUnderOrder(node, event.time);
    } else if (sure === 'yes') {
      endBoot(node, 'yes', event.time);
      // A boot of a suspended job costs nothing: it gets nothing.
      if (job.suspended === 'no') job.sureBoots += 1;
    } else if (sure === 'maybe') endBoot(node, 'maybe', event.time);
  } else if (job !== undefined && wire && job.maxBoots === 0) job.maxBoots = 1;
  learn(node, event);
  if (wire) node.lastAt = Math.max(node.lastAt, event.time);
}

function isNewBoot(node: Known, event: Event): Surely {
  const scripted = node.boot.answered !== undefined && !node.boot.unsure;
  // A reading: where it was not off before, nothing ended and nothing began.
  if (event.type === 'bmc.powerFound' && event.power === 'on' && !node.off) return 'no';
  if (event.type === 'http.scriptAsked') return scriptIsNewBoot(node, event.time);
  // Firmware asks anew after a script that was no "boot your disk": nothing but a new boot does that.
  if (event.type === 'dhcp.firmwareAsked' && scripted && node.boot.answered !== 'local' && !node.xids.has(event.xid))
    return 'yes';
  return 'maybe';
}

function scriptIsNewBoot(node: Known, at: number): Surely {
  const { boot, lastAt, beaconAt } = node;
  if (boot.unsure) return 'maybe';
  if (boot.answered === undefined) return 'no';
  if (boot.config) return 'yes';
  if (boot.cameUp) return 'maybe';
  if (beaconAt !== undefined) return 'maybe';
  return at - lastAt > NEW_BOOT_MS ? 'yes' : 'no';
}

function learn(node: Known, event: Event): void {
  const { boot, job } = node;
  switch (event.type) {
    case 'dhcp.firmwareAsked':
      node.xids.add(event.xid);
      return;
    case 'bmc.powerAsked':
      ended(node);
      if (event.action === 'on') return;
      node.boot.ordered = true;
      node.spares = event.spares === true;
      node.boot.spared ||= node.spares;
      node.lostAt = undefined;
      node.cutSince = event.time;
      return;
    case 'bmc.failed':
      if (event.step === 'poll') return;
      if (event.problem.code === 'stopped' || (event.step === 'power' && event.problem.maybeDone))
        lose(node, event.time);
      else ended(node);
      return;
    case 'bmc.powerRead':
      node.off = event.power === 'off';
      return;
    case 'bmc.powerFound':
      node.off = event.power === 'off';
      ended(node);
      return;
    case 'bmc.resetDone':
      node.off = event.power === 'off';
      node.switchedAt = event.time;
      node.lostAt = undefined;
      node.cutSince = undefined;
      node.boot.ordered ||= event.action !== 'on';
      node.boot.spared ||= event.action !== 'on' && node.spares;
      return;
    case 'bmc.identityRead':
      if (event.identity.serial !== node.spec.identity.serial) node.conflict = true;
      return;
    case 'http.scriptAsked':
      boot.answered = event.answer;
      // The answer is of this boot, whichever that is.
      boot.unsure = boot.unsure && (boot.initrd || boot.config);
      node.beaconAt = undefined;
      if (event.conflict !== undefined) node.conflict = true;
      if (job === undefined || event.job !== job.id) return;
      if (event.answer === 'wipe') job.wipeOut = true;
      if (event.answer === 'install') job.offered = true;
      return;
    case 'image.requested':
      boot.fetched = true;
      if (job !== undefined && !isForeign(job) && (job.kind === 'reinstall' || job.kind === 'wipe') && !job.wipeOut) {
        job.wipeOut = true;
        boot.answered = 'wipe';
      }
      fetchedImage(node);
      return;
    case 'image.sent':
      fetchedImage(node);
      if (event.image === 'initrd') boot.initrd = true;
      if (event.image === 'initrd') givenOver(node);
      return;
    case 'http.handedOff':
      fetchedImage(node);
      givenOver(node);
      boot.initrd = true;
      node.beaconAt = event.time;
      return;
    case 'http.configServed':
      boot.config = true;
      boot.cameUp = true;
      mayBeGivenOver(node);
      return;
    case 'dhcp.osAsked':
      boot.cameUp = true;
      mayBeGivenOver(node);
      return;
    default:
      if (event.type.startsWith('talos.') || event.type.startsWith('probe.')) mayBeGivenOver(node);
      if (event.type.startsWith('talos.')) spoke(node, event);
      if (event.type.startsWith('probe.') && job !== undefined && boot.config) raise(job, 'maybe');
      if (event.type.startsWith('probe.')) boot.cameUp = true;
  }
}

function fetchedImage({ job }: Known): void {
  if (job === undefined) return;
  if (!job.wipeOut) job.wipeMaybe = true;
  job.wipeFetched = true;
}

/** Rule 2 for a system that reports nothing: that it took over is the last thing that is known of it. */
function givenOver(node: Known): void {
  const { boot, job } = node;
  if (job === undefined || !isForeign(job)) return;
  job.givenOver = true;
  raise(job, boot.answered === 'install' && !boot.unsure && job.sureBoots > 0 ? 'yes' : 'maybe');
}

function mayBeGivenOver({ boot, job }: Known): void {
  if (job === undefined || !isForeign(job) || !(boot.fetched || job.offered)) return;
  job.givenOver = true;
  raise(job, 'maybe');
}

const raise = (job: KnownJob, to: Surely) => {
  if (job.spent === 'no' || to === 'yes') job.spent = to;
};

function spoke({ boot, job }: Known, event: Event): void {
  boot.spoke = true;
  boot.cameUp = true;
  if (job === undefined) return;
  const begins =
    event.type === 'talos.installing' ||
    event.type === 'talos.installed' ||
    (event.type === 'talos.stageChanged' && event.stage === 'installing') ||
    (event.type === 'talos.phaseStarted' && event.phase === 'install');
  // Rule 2: an install that this job offered has begun. Where none was offered it may be another system's.
  if (begins) raise(job, job.offered ? 'yes' : 'maybe');
  else if (event.type === 'talos.phaseStarted' && (event.phase === 'diskSizeCheck' || event.phase === 'wipeDisks'))
    raise(job, event.phase === 'wipeDisks' && job.kind !== 'wipe' ? 'no' : 'maybe');
}

// ---- What may be answered -----------------------------------------------------------------------------------------

const no = (rule: string): Verdict => ({ say: 'mustNot', rule });
const either = (why: string, never?: 'wipe'): Verdict => ({ say: 'either', why, ...(never && { never }) });
const TOKEN: ReadonlySet<Route> = new Set(['kernel', 'initrd', 'config', 'image']);
const EARLY: ReadonlySet<Route> = new Set(['dhcp', 'proxy', 'loader']);

function judge(node: Known | undefined, site: Site, asked: Asked): Verdict {
  if (node === undefined) return no('3 or 10: nobody whose identity is sure');
  const { job, spec } = node;
  if (site.panic) return no('panic');
  if (node.conflict) return no('3: contradiction');
  if (node.held) return no('1: held');
  if (node.unsure) return either('armed twice');
  if (job === undefined || !job.stored) return no('1: not armed, or not on disk');
  if (!WRITES.has(job.kind)) return no('1: this job writes nothing');
  const past = job.expiresAt <= asked.at;
  if (past && !(NAMED.has(asked.route) && isLetThrough(node, job, asked.at))) return no('1: expired');
  if (job.spent === 'yes') return no('2: spent');
  if (spec.protected && !job.glass) return no('4: protected');
  const { plan, kind } = job;
  if (kind !== 'wipe' && !plan.disk.sure) return no('5: the disk is not sure');
  const now = asked.now;
  const proven = now?.artefactsProven === true && now.planHash === plan.hash && now.configHash === plan.configHash;
  if (plan.foreign === true && kind !== 'reinstall') return no('4: nothing halts a foreign installer');
  const checked = kind === 'wipe' || plan.foreign === true || (plan.configChecked && plan.configHash !== undefined);
  if (!proven || !checked || (asked.arch !== undefined && asked.arch !== plan.arch))
    return no('6: not what was proven');
  if (TOKEN.has(asked.route) && asked.token !== 'match') return no('8: token');
  if (job.suspended === 'yes') return no('loop: suspended');
  if (asked.route === 'script' && isSwitched(node, asked.at)) return no('its power is being switched');
  if (asked.route === 'script' && site.failing) return no('what cannot be noted');
  const verdict = ofThisBoot(node, job, site, asked);
  if (past && verdict.say === 'must')
    return either('a boot that had its script in time', verdict.stage === 'install' ? 'wipe' : undefined);
  const mayBeCut = asked.route === 'script' && node.switchedAt !== undefined && asked.at - node.switchedAt < CUT_MS;
  if (!mayBeCut || verdict.say !== 'must') return verdict;
  return either('it may be the boot before the reset', verdict.stage === 'install' ? 'wipe' : undefined);
}

/** Under way at its BMC; one that was lost is waited for as long as a BMC may take for it. */
function isSwitched({ cutSince, lostAt }: Known, at: number): boolean {
  if (cutSince === undefined) return false;
  if (lostAt === undefined) return at - cutSince < 900_000;
  return at - cutSince < 120_000 || at - lostAt < CUT_MS;
}

function ofThisBoot(node: Known, job: KnownJob, site: Site, asked: Asked): Verdict {
  const bounds = withinBounds(node, job, asked);
  const stage = stageFor(node, job, site, asked);
  if (bounds?.say === 'mustNot' || stage.say === 'mustNot' || bounds === undefined)
    return bounds?.say === 'mustNot' ? bounds : stage;
  const never =
    stage.say === 'must' && stage.stage === 'install' ? 'wipe' : stage.say === 'either' ? stage.never : undefined;
  return { ...bounds, ...(never && { never }) };
}

function withinBounds(node: Known, job: KnownJob, asked: Asked): Verdict | undefined {
  const newBoot = asked.route === 'script' ? scriptIsNewBoot(node, asked.at) : 'maybe';
  const ending = newBoot === 'yes' && node.boot.spared ? 1 : 0;
  const sure = job.sureBoots - job.uncounted - ending + (asked.route === 'script' && newBoot === 'yes' ? 1 : 0);
  if (sure > maxOf(job)) return no('2: no attempts left');
  if (asked.route === 'script' && newBoot === 'yes') {
    // To ask for the script again ends the boot before: what that shows holds for this very answer.
    if (beganUnseen(node, job) === 'yes') return no('2: it asks again after an install that nobody reported');
    const dead = node.boot.cameUp ? 0 : job.deadBoots + (node.boot.ordered ? 0 : 1);
    if (dead >= 3 && asked.at - job.firstDeadAt < LOOP_MS) return no('loop: this is the end of the third');
  }
  if (job.spent === 'maybe') return either('it may have begun unseen');
  if (job.suspended === 'maybe') return either('it may be suspended');
  const mayBegin = !TOKEN.has(asked.route) && asked.route !== 'loader' && newBoot !== 'no';
  if (mayBegin && beganUnseen(node, job) !== 'no') return either('it may have begun unseen');
  if (mayBegin && job.maxBoots >= 3) return either('it may be suspended');
  if (job.maxBoots + (TOKEN.has(asked.route) ? 0 : 1) > maxOf(job)) return either('attempts');
  return undefined;
}

/** Rule 7: the wipe goes out in one boot; that boot gets no configuration, the next one only the install. */
function stageFor(node: Known, job: KnownJob, site: Site, { route, at }: Asked): Verdict {
  const must = (stage: 'wipe' | 'install' | 'any'): Verdict => ({ say: 'must', stage });
  if (job.kind === 'install') return must('install');
  const noted = !site.failing || EARLY.has(route) || (TOKEN.has(route) && node.boot.fetched && isForeign(job));
  if (isForeign(job)) return !noted ? no('2: a hand-off that cannot be noted') : must('install');
  const { boot } = node;
  const script = route === 'script';
  if (job.wipeMaybe) return either('a transfer out of nowhere');
  if (!job.wipeOut) {
    if (route === 'config') return no('7: this boot only wipes');
    return !noted ? no('7: a wipe that cannot be noted') : must(script || TOKEN.has(route) ? 'wipe' : 'any');
  }
  const wipesNow = boot.answered === 'wipe' ? job.wipeBootOver : 'yes';
  if (TOKEN.has(route)) {
    if (job.kind === 'wipe' && route === 'config') return no('7: a wipe has no configuration');
    if (boot.unsure || wipesNow === 'maybe') return either('which boot');
    if (wipesNow === 'no') return route === 'config' ? no('7: this boot only wipes') : must('wipe');
    return job.kind === 'wipe' ? no('7: wiped once') : must('install');
  }
  // The answer was lost: the same again, as long as nothing of it was fetched and it is the same boot.
  if (script && wipesNow !== 'yes' && !job.wipeFetched && at - node.lastAt <= NEW_BOOT_MS)
    return boot.unsure || boot.cameUp || wipesNow === 'maybe' ? either('which boot') : must('wipe');
  return job.kind === 'wipe' ? no('7: wiped once') : must(script ? 'install' : 'any');
}

// ---- Who is it ----------------------------------------------------------------------------------------------------

/** Rule 3, by comparing texts: the only machine whose MAC it has and whose UUID, serial or board serial it names. */
function whoIsSure(nodes: Nodes, claims: Claims): Known | undefined {
  const all = [...nodes.values()];
  const sure = all.filter((node) => {
    const own = node.spec.identity;
    const others = all.filter((one) => one !== node);
    const hasMac = claims.macs.some((mac) => own.macs.includes(mac));
    const foreignMac = claims.macs.some((mac) => others.some((one) => one.spec.identity.macs.includes(mac)));
    if (!hasMac || foreignMac) return false;
    const pairs = [
      compare(
        uuidText(claims.uuid),
        uuidText(own.uuid),
        others.map((one) => uuidText(one.spec.identity.uuid)),
      ),
      compare(
        nameText(claims.serial),
        nameText(own.serial),
        others.map((one) => nameText(one.spec.identity.serial)),
      ),
      compare(
        nameText(claims.boardSerial),
        nameText(own.boardSerial),
        others.map((one) => nameText(one.spec.identity.boardSerial)),
      ),
    ];
    return !pairs.includes('contradicts') && pairs.includes('equal');
  });
  return sure.length === 1 ? sure[0] : undefined;
}

function compare(claimed: string | undefined, own: string | undefined, others: readonly (string | undefined)[]) {
  if (claimed === undefined) return 'silent';
  if (own !== undefined && claimed !== own) return 'contradicts';
  if (own === undefined) return others.includes(claimed) ? 'contradicts' : 'silent';
  return others.includes(claimed) ? 'shared' : 'equal';
}

const NO_NAMES: ReadonlySet<string> = new Set([
  '',
  'to be filled by o.e.m.',
  'default string',
  '0000000000',
  'not specified',
]);

function nameText(raw: string | undefined): string | undefined {
  const text = raw?.trim().toLowerCase();
  return text === undefined || NO_NAMES.has(text) ? undefined : text;
}

/** The first three fields turned, so that both byte orders come out the same. */
function uuidText(raw: string | undefined): string | undefined {
  if (raw?.length !== 36 || raw === '00000000-0000-0000-0000-000000000000') return undefined;
  const text = raw.toLowerCase();
  const turned = [6, 4, 2, 0, 11, 9, 16, 14].map((at) => text.slice(at, at + 2)).join('');
  const plain = text.slice(0, 8) + text.slice(9, 13) + text.slice(14, 18);
  return (plain < turned ? plain : turned) + text.slice(18);
}

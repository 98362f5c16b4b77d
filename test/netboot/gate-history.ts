import { armNode } from '../../src/core/arm-node.ts';
import type { Event, EventBody } from '../../src/core/event.ts';
import { type Fleet, nodeOf, putNode } from '../../src/core/fleet.ts';
import { fleetText, parseFleet } from '../../src/core/fleet-json.ts';
import type { JobKind } from '../../src/core/job.ts';
import { reduce } from '../../src/core/reduce.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { answerGate, type GateAnswer, type GateQuestion, type Route } from '../../src/netboot/gate.ts';
import { type Claims, resolveIdentity } from '../../src/netboot/identity.ts';
import { ACTOR, fleetOf, planOf, specOf, T0, uuidOf } from '../core/kit.ts';
import { type Asked, createOracle, type Verdict } from './gate-oracle.ts';

/**
 * Plays a history out of plain numbers: each says what happens next to one of three machines. Most numbers let a machine
 * go on with its boot as machines do; the others are operators, faults, doubled evidence, restarts and time.
 */
export type Gate = (question: GateQuestion) => GateAnswer;

export interface Disagreement {
  readonly step: number;
  readonly asked: Asked;
  readonly oracle: Verdict;
  readonly answer: string;
  readonly history: readonly object[];
}

export interface Tally {
  must: number;
  mustNot: number;
  either: number;
}

const chassis = { serial: 'CHASSIS1' };
const SPECS: readonly NodeSpec[] = [
  specOf('node-01'),
  specOf('node-02', { identity: { ...specOf('node-02').identity, ...chassis, boardSerial: 'BOARD2' } }),
  specOf('node-03', { identity: { macs: specOf('node-03').identity.macs, ...chassis, uuid: uuidOf(3) } }),
];
const BASE = fleetOf(...SPECS);
const KINDS: readonly JobKind[] = ['install', 'reinstall', 'reinstall', 'wipe', 'inspect', 'rescue', 'install'];
const FOREIGN_KINDS: readonly JobKind[] = ['reinstall', 'reinstall', 'reinstall', 'install', 'rescue'];
const IMAGE = { path: 'debian/initrd.gz', sha256: 'a'.repeat(64), sizeBytes: 9 };
/** All routes in three steps; those that decide, in each. */
const ROUTES: readonly (readonly Route[])[] = [
  ['script', 'config', 'dhcp', 'kernel'],
  ['script', 'config', 'proxy', 'initrd'],
  ['script', 'config', 'loader', 'image'],
];

interface World {
  fleet: Fleet;
  ms: number;
  xid: number;
  jobs: number;
  specs: readonly NodeSpec[];
  readonly oracle: ReturnType<typeof createOracle>;
  readonly gate: Gate;
  readonly past: Event[];
  /** As it happened; rendered only when something is wrong. */
  readonly log: object[];
  /** In one history of four, no boot gets as far as its system: attempts and loops are about those. */
  readonly restless: boolean;
  /** In half of those one machine comes up, reports, and begins again each time: its attempts count, and are no loop. */
  readonly stubborn: boolean;
  wrong: Disagreement | undefined;
  /** Where each machine stands in its own boot. */
  readonly at: Map<string, number>;
}

export function playHistory(
  numbers: readonly number[],
  gate: Gate = answerGate,
  tally?: Tally,
): Disagreement | undefined {
  const world: World = {
    fleet: BASE,
    ms: T0 + 1000,
    xid: 100,
    jobs: 0,
    specs: SPECS,
    oracle: createOracle(),
    gate,
    past: [],
    log: [],
    restless: (numbers.at(-1) ?? 0) % 4 === 3,
    stubborn: (numbers.at(-1) ?? 0) % 8 === 7,
    wrong: undefined,
    at: new Map(),
  };
  world.oracle.note({ type: 'inventory.loaded', nodes: SPECS, site: 'lab', hash: 'h', warnings: [], time: T0 });
  for (const [step, number] of numbers.entries()) {
    const pick = digits(number);
    world.ms += [50, 400, 1500, 3000, 700, 9000, 300, step % 3 === 0 ? 25_000 : 900][pick(8)] ?? 0;
    happen(world, pick, step);
    const wrong = world.wrong ?? askAll(world, pick, step, tally);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** One number gives many small choices, the first ones first, so that shrinking the number shrinks the choice. */
function digits(number: number) {
  let rest = number;
  let mixed = number;
  return (below: number): number => {
    if (rest > 0) {
      const choice = rest % below;
      rest = Math.floor(rest / below);
      return choice;
    }
    mixed = (Math.imul(mixed ^ (mixed >>> 13), 0x5bd1e995) + 0x9e3779b9) >>> 0;
    return number === 0 ? 0 : mixed % below;
  };
}

type Pick = ReturnType<typeof digits>;

function emit(world: World, body: EventBody): void {
  const event = { ...body, time: world.ms } as Event;
  world.oracle.note(event);
  [world.fleet] = reduce(world.fleet, event);
  world.past.push(event);
  world.log.push(event);
}

function happen(world: World, pick: Pick, step: number) {
  const which = [0, 0, 0, 1, 2][pick(5)] ?? 0;
  const spec = world.specs[world.stubborn ? 0 : which] ?? SPECS[0];
  if (spec === undefined) return;
  const armed = nodeOf(world.fleet, spec.name)?.job !== undefined;
  const order = pick(20);
  if (step === 0 || (!armed && order < 5)) return arm(world, spec, pick);
  if (order < 14) return goOn(world, spec, pick);
  if (order === 14) return again(world, pick);
  if (order === 15) return operate(world, spec, pick);
  if (order === 16) return disturb(world, pick);
  if (order === 17) return anyEvidence(world, spec, pick);
  if (order === 18) return changeInventory(world, spec, pick);
  return passTime(world, pick);
}

function arm(world: World, spec: NodeSpec, pick: Pick): void {
  world.jobs += 1;
  const drawn = KINDS[pick(KINDS.length)] ?? 'install';
  // Every second inspection is a foreign installer instead.
  const isForeign = drawn === 'inspect' && pick(2) === 1;
  const faults = [{}, {}, {}, {}, {}, { disk: { sure: false, why: 'two match' } }, { configChecked: false }];
  const fault = faults[pick(faults.length)];
  // A foreign installer under another kind of job is what arming and gate must both refuse.
  const kind = isForeign ? (FOREIGN_KINDS[pick(FOREIGN_KINDS.length)] ?? 'reinstall') : drawn;
  const foreign = isForeign ? ({ foreign: true, profile: 'debian', initrd: IMAGE, kernelArgs: [] } as const) : {};
  const plan = planOf(kind, { ...fault, ...foreign });
  const job = `job-${world.jobs}`;
  const confirmed = pick(9) === 8 ? 'node-99' : spec.name;
  const expiresAt = world.ms + (pick(4) === 3 ? 30_000 : 1_800_000);
  const letsEnd = world.jobs % 2 === 0 ? ({ letsEnd: true } as const) : {};
  const armed = { node: spec.name, job, kind, plan, confirmed, expiresAt, ...letsEnd, by: ACTOR };
  const body = { type: 'operator.armed', ...armed } as const;
  const node = nodeOf(world.fleet, spec.name);
  if (pick(12) === 11 && node !== undefined && node.job === undefined) {
    // Past all checks of arming: the gate's own must hold.
    const event = { ...body, time: world.ms };
    world.oracle.forged(event);
    world.fleet = putNode(world.fleet, { ...armNode(node, event, false, true).node, health: node.health });
    world.log.push({ forged: event });
  } else emit(world, body);
  world.at.set(spec.name, 0);
  if (pick(8) !== 7) emit(world, { type: 'job.stored', node: spec.name, job });
}

const ownClaims = ({ identity }: NodeSpec): Claims => ({
  macs: identity.macs,
  ...(identity.uuid === undefined ? {} : { uuid: identity.uuid }),
  ...(identity.serial === undefined ? {} : { serial: identity.serial }),
  ...(identity.boardSerial === undefined ? {} : { boardSerial: identity.boardSerial }),
});

/** The boot of a machine, step by step; each asks the gate where the real servers would. */
function goOn(world: World, spec: NodeSpec, pick: Pick) {
  const node = spec.name;
  const mac = spec.identity.macs[0] ?? '';
  const at = world.at.get(node) ?? 0;
  const go = (to: number, ...bodies: readonly EventBody[]) => {
    world.at.set(node, to);
    for (const body of bodies) emit(world, body);
  };
  const address = spec.network.ip ?? '';
  switch (at) {
    case 0: {
      world.xid += 1;
      const asked = { mac, arch: 7, firmware: 'uefi', xid: world.xid, secs: 0, variant: 0, reason: '' } as const;
      return go(1, { type: 'dhcp.firmwareAsked', node, offered: 'ipxe.efi', ...asked });
    }
    case 1:
      return pick(2) === 0
        ? go(2, { type: 'dhcp.firmwareTook', node, mac, address, firmware: 'uefi', via: 'dhcp' })
        : go(2, { type: 'loader.requested', node, file: 'ipxe.efi', totalBytes: 9, by: 'tftp' });
    case 2:
      return go(3, { type: 'dhcp.ipxeAsked', node, mac, address, xid: world.xid });
    case 3:
      return askScript(world, spec, ownClaims(spec), pick);
    case 4:
      return world.restless || pick(3) === 2
        ? cutShort(world, spec, pick)
        : go(5, { type: 'image.requested', node, image: 'kernel', totalBytes: 9 });
    case 5:
      return go(6, { type: 'image.requested', node, image: 'initrd', totalBytes: 9 });
    case 6:
      return go(7, { type: 'image.sent', node, image: 'initrd', totalBytes: 9 });
    case 7:
      return pick(2) === 0 ? go(8, { type: 'http.handedOff', node }) : comeUp(world, spec, pick);
    case 8:
      return comeUp(world, spec, pick);
    case 9:
      return fetchConfig(world, spec);
    case 10:
      return pick(3) === 0 ? go(0) : go(11, { type: 'talos.phaseStarted', node, phase: 'install' });
    case 11:
      return go(12, { type: 'talos.installed', node, text: 'install successful' });
    default:
      return go(0, { type: 'talos.restarting', node, how: pick(2) === 0 ? 'kexec' : 'firmware' });
  }
}

function askScript(world: World, spec: NodeSpec, claims: Claims, pick: Pick): void {
  const identity = resolveIdentity(world.fleet, claims);
  const job = nodeOf(world.fleet, spec.name)?.job;
  const now = job && { planHash: job.plan.hash, configHash: job.plan.configHash, artefactsProven: true };
  const given = ask(world, identity, { route: 'script', at: world.ms, token: 'absent', arch: 'amd64', now, claims });
  if (identity.is === 'stranger') return;
  const node = identity.is === 'node' ? identity.node.name : identity.node?.name;
  if (node === undefined) return;
  if (given.give === 'wait') {
    const unsaved = given.unsaved === undefined ? {} : { unsaved: given.unsaved };
    emit(world, { type: 'http.scriptPutOff', node, address: '10.77.0.1', ...unsaved, reason: given.reason });
    return;
  }
  const answer = given.give === 'write' ? given.stage : given.give === 'boot' ? given.what : 'local';
  emit(world, {
    type: 'http.scriptAsked',
    node,
    address: '10.77.0.1',
    answer,
    reason: given.reason,
    hardware: {},
    ...('job' in given && given.job !== undefined ? { job: given.job.id } : {}),
    ...(identity.is === 'conflict' ? { conflict: identity.why } : {}),
  });
  // A lost answer: iPXE asks for the script once more.
  world.at.set(node, answer === 'local' ? 8 : pick(5) === 4 ? 3 : 4);
}

/** The boot ends in the middle, and of the next one only the script is seen. */
function cutShort(world: World, spec: NodeSpec, pick: Pick): void {
  const node = spec.name;
  const job = nodeOf(world.fleet, node)?.job;
  const reached = world.stubborn ? 3 : ([3, 3, 1, 2, 0][pick(5)] ?? 3);
  if (reached > 0) emit(world, { type: 'image.requested', node, image: 'initrd', totalBytes: 9 });
  if (reached > 1) {
    emit(world, { type: 'image.sent', node, image: 'initrd', totalBytes: 9 });
    if (reached === 3) emit(world, { type: 'talos.connected', node, address: '10.77.0.1', by: 'events' });
    fetchConfig(world, spec);
  }
  world.ms += 30_000;
  if (job !== undefined) askScript(world, spec, ownClaims(spec), pick);
}

/** What a machine is answered on its way is held against the rules as well: it is the moment that counts. */
function ask(world: World, identity: ReturnType<typeof resolveIdentity>, asked: Asked): GateAnswer {
  const oracle = world.oracle.judge(asked);
  const { claims: _told, ...question } = asked;
  const answer = world.gate({ fleet: world.fleet, identity, ...question });
  if (!agrees(oracle, answer, asked.route) || (answer.give === 'seed' && !world.oracle.maySeed(asked)))
    world.wrong ??= { step: -1, asked, oracle, answer: describeAnswer(answer), history: [...world.log] };
  return answer;
}

function comeUp(world: World, spec: NodeSpec, pick: Pick): void {
  const node = spec.name;
  const answered = nodeOf(world.fleet, node)?.attempt?.answered;
  if (answered === 'wipe') {
    world.at.set(node, 0);
    if (pick(2) === 0) return;
    emit(world, { type: 'talos.connected', node, address: '10.77.0.1', by: 'events' });
    emit(world, { type: 'talos.phaseStarted', node, phase: 'wipeDisks' });
    emit(world, { type: 'talos.restarting', node, how: 'firmware' });
    return;
  }
  world.at.set(node, answered === 'local' ? 0 : 9);
  if (pick(3) === 0) emit(world, { type: 'dhcp.osAsked', node, mac: spec.identity.macs[0] ?? '' });
  else if (pick(2) === 0) emit(world, { type: 'talos.connected', node, address: '10.77.0.1', by: 'events' });
}

function fetchConfig(world: World, spec: NodeSpec): void {
  const job = nodeOf(world.fleet, spec.name)?.job;
  world.at.set(spec.name, 10);
  if (job === undefined || job.plan.configHash === undefined) return;
  const now = { planHash: job.plan.hash, configHash: job.plan.configHash, artefactsProven: true };
  const identity = resolveIdentity(world.fleet, ownClaims(spec));
  const claims = ownClaims(spec);
  const asked = { route: 'config', at: world.ms, token: 'match', arch: undefined, now, claims } as const;
  const given = ask(world, identity, asked).give;
  if (given === 'write' || given === 'seed')
    emit(world, { type: 'http.configServed', node: spec.name, job: job.id, configHash: job.plan.configHash });
}

/** Late or doubled: something that happened comes once more. */
function again(world: World, pick: Pick): void {
  const { past } = world;
  const event = past[past.length - 1 - pick(Math.min(past.length, 6))];
  if (event === undefined || event.type === 'operator.armed' || event.type === 'engine.started') return;
  const { time: _then, ...body } = event;
  emit(world, body as EventBody);
}

function operate(world: World, spec: NodeSpec, pick: Pick): void {
  const node = spec.name;
  const by = ACTOR;
  const orders: readonly EventBody[] = [
    { type: 'operator.retried', node, by },
    { type: 'operator.cancelled', node, by },
    { type: 'operator.released', node, by },
    { type: 'operator.held', node, why: 'burnt', by },
    { type: 'site.panicSwitched', on: world.fleet.switches.panic === undefined, by },
    { type: 'site.glassBroken', reason: 'down', until: world.ms + 60_000, by },
    { type: 'site.discoverySwitched', until: world.ms + 60_000, by },
    { type: 'operator.released', node, by },
    { type: 'bmc.powerAsked', node, action: 'cycle', ...(pick(3) === 0 ? {} : { spares: true }) },
    {
      type: 'bmc.failed',
      node,
      step: 'power',
      problem: { code: 'timeout', message: 'no answer', advice: 'look at it' },
    },
    { type: 'bmc.resetDone', node, action: 'cycle', power: 'on', askedAt: world.ms - 1000 },
    { type: 'bmc.resetDone', node, action: 'off', power: 'off', askedAt: world.ms - 1000 },
    { type: 'bmc.powerAsked', node, action: 'on' },
    { type: 'bmc.powerFound', node, action: 'on', power: 'on' },
    { type: 'bmc.powerFound', node, action: 'forceOff', power: 'off' },
    { type: 'bmc.resetDone', node, action: 'on', power: 'on', askedAt: world.ms - 1000 },
    {
      type: 'bmc.failed',
      node,
      step: 'power',
      problem: { code: 'stopped', message: 'the program is ending', advice: '' },
    },
    {
      type: 'bmc.failed',
      node,
      step: pick(3) === 0 ? 'insertMedia' : 'power',
      problem: { code: 'timeout', message: 'no answer', advice: '', maybeDone: true },
    },
  ];
  const order = orders[pick(orders.length)];
  if (order?.type === 'bmc.resetDone' || order?.type === 'operator.retried') world.at.set(node, 0);
  if (order !== undefined) emit(world, order);
}

function disturb(world: World, pick: Pick): void {
  const which = pick(5);
  if (which === 0) {
    const failing = world.fleet.saving.is === 'failing';
    emit(world, failing ? { type: 'store.recovered' } : { type: 'store.failed', reason: 'disk full' });
  } else if (which === 1) {
    const spec = world.specs[pick(world.specs.length)];
    // A machine of the same MAC with another machine's names.
    if (spec !== undefined)
      askScript(world, spec, { ...ownClaims(spec), ...(pick(2) === 0 ? { serial: 'FOREIGN' } : {}) }, pick);
  } else {
    const spec = world.specs[0];
    // In the middle of a power order, every third time.
    if (which === 4 && spec !== undefined) emit(world, { type: 'bmc.powerAsked', node: spec.name, action: 'reset' });
    const parsed = parseFleet(JSON.parse(fleetText(world.fleet)));
    if (!parsed.ok) throw new Error(parsed.error);
    world.fleet = parsed.value;
    world.ms += [0, 3_000, 110_000, 600_000][pick(4)] ?? 0;
    const clock = pick(4) === 0 ? ({ spanUnknown: 'rebooted' } as const) : {};
    emit(world, { type: 'engine.started', version: '1', simulated: true, ...clock });
  }
}

function anyEvidence(world: World, spec: NodeSpec, pick: Pick): void {
  const node = spec.name;
  const mac = spec.identity.macs[0] ?? '';
  const stray: readonly EventBody[] = [
    { type: 'talos.stageChanged', node, stage: 'installing', ready: false, unmet: [] },
    { type: 'talos.installing', node, percent: 3 },
    { type: 'talos.stageChanged', node, stage: 'running', ready: true, unmet: [] },
    { type: 'talos.phaseStarted', node, sequence: 'boot', phase: 'diskSizeCheck' },
    { type: 'dhcp.ipxeAsked', node, mac, xid: 3 },
    { type: 'dhcp.osAsked', node, mac },
    { type: 'probe.opened', node, address: '10.77.0.1', certificate: 'cluster' },
    { type: 'probe.closed', node },
    { type: 'talos.halted', node },
    { type: 'talos.failed', node, message: 'no disk' },
    { type: 'talos.configFailed', node, message: 'bad key' },
    { type: 'bmc.powerRead', node, power: 'off' },
    { type: 'bmc.powerRead', node, power: 'on' },
    { type: 'stranger.seen', mac: '52:54:00:99:99:99', asked: 'firmware' },
    {
      type: 'bmc.identityRead',
      node,
      identity: { vendor: 'x', serial: 'OTHER', macs: [], drives: [], bootTargets: [], canInsertMedia: false },
    },
  ];
  const body = stray[pick(stray.length)];
  if (body !== undefined) emit(world, body);
}

function changeInventory(world: World, spec: NodeSpec, pick: Pick): void {
  const which = pick(4);
  const changed =
    which === 0
      ? { ...spec, protected: !spec.protected }
      : which === 1
        ? { ...spec, identity: { ...spec.identity, serial: `NEW${world.jobs}${spec.name}` } }
        : { ...spec, labels: { rack: 'moved' } };
  const others = world.specs.filter((one) => one.name !== spec.name);
  world.specs = which === 3 && others.length > 1 ? others : [...others, changed];
  const loaded = { type: 'inventory.loaded', nodes: world.specs, site: 'lab', hash: 'h2', warnings: [] } as const;
  emit(world, { ...loaded, remembers: true, ...(world.specs.length % 2 === 0 ? { follows: true } : {}) });
}

function passTime(world: World, pick: Pick): void {
  world.ms += [1000, 25_000, 60_000, 200_000, 1_900_000][pick(5)] ?? 0;
  if (pick(3) > 0) emit(world, { type: 'clock.ticked' });
}

// ---- Asking -------------------------------------------------------------------------------------------------------

function claimsOf(world: World, pick: Pick): Claims {
  const spec = world.specs[[0, 0, 1, 2][pick(4)] ?? 0] ?? world.specs[0];
  if (spec === undefined) return { macs: [] };
  const own = ownClaims(spec);
  const [a = '', b = '', c = '', ...rest] = (own.uuid ?? uuidOf(9)).split('-');
  const turned = [a, b, c].map((field) => (field.match(/../g) ?? []).reverse().join(''));
  const variants: readonly Claims[] = [
    own,
    own,
    own,
    { ...own, uuid: [...turned, ...rest].join('-') },
    { macs: own.macs },
    { macs: own.macs, serial: 'To be filled by O.E.M.' },
    { macs: own.macs, serial: own.serial ?? 'none' },
    { ...own, macs: [] },
    { ...own, uuid: uuidOf(77) },
    { ...own, macs: [...own.macs, '52:54:00:00:00:02'] },
    { macs: ['52:54:00:99:99:99'], serial: 'nobody' },
    { ...own, serial: 'FOREIGN' },
  ];
  return variants[pick(variants.length)] ?? own;
}

function askAll(world: World, pick: Pick, step: number, tally: Tally | undefined): Disagreement | undefined {
  const claims = claimsOf(world, pick);
  const identity = resolveIdentity(world.fleet, claims);
  const job = identity.is === 'node' ? identity.node.job : undefined;
  const good = { planHash: job?.plan.hash ?? 'plan-install', configHash: job?.plan.configHash, artefactsProven: true };
  const nows = [
    good,
    good,
    good,
    good,
    { ...good, planHash: 'x' },
    { ...good, artefactsProven: false },
    { ...good, configHash: 'x' },
    undefined,
  ];
  const now = nows[pick(nows.length)];
  const arch = ([undefined, 'amd64', 'amd64', 'amd64', 'arm64'] as const)[pick(5)];
  // Asked now, or by a machine that was quiet since.
  const at = world.ms + ([0, 0, 500, 21_000, 40_000][pick(5)] ?? 0);
  const all: readonly Asked[] = (ROUTES[step % ROUTES.length] ?? []).map((route) => {
    const token = (['match', 'match', 'mismatch', 'absent'] as const)[pick(4)] ?? 'absent';
    return { route, at, token, arch, now, claims };
  });
  for (const [index, oracle] of world.oracle.judgeAll(all).entries()) {
    const asked = all[index];
    if (asked === undefined) continue;
    const { route, token } = asked;
    const answer = world.gate({ fleet: world.fleet, route, at, identity, token, arch, now });
    if (tally !== undefined) tally[oracle.say] += 1;
    if (!agrees(oracle, answer, route) || (answer.give === 'seed' && !world.oracle.maySeed(asked)))
      return { step, asked, oracle, answer: describeAnswer(answer), history: world.log };
  }
  return undefined;
}

function agrees(oracle: Verdict, answer: GateAnswer, route: Route): boolean {
  const stage = answer.give === 'write' ? answer.stage : undefined;
  if (oracle.say === 'mustNot') return stage === undefined;
  const early = route === 'dhcp' || route === 'proxy' || route === 'loader';
  if (oracle.say === 'either') return early || oracle.never === undefined || stage !== oracle.never;
  return stage !== undefined && (early || oracle.stage === 'any' || oracle.stage === stage);
}

const describeAnswer = (answer: GateAnswer): string =>
  `${answer.give} ${'stage' in answer ? answer.stage : ''} ${'rule' in answer ? answer.rule : ''}: ${answer.reason}`;

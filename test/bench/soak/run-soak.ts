import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { nodeOf } from '../../../src/core/fleet.ts';
import { openVault } from '../../../src/drivers/vault/open-vault.ts';
import type { SimMachine } from '../../../src/sim/machine/sim-machine.ts';
import { createSimRack, type SimRack } from '../../../src/sim/rack/sim-rack.ts';
import { createRandom } from '../../../src/sim/run/random.ts';
import { checkJournal, type JournalCheck, keepSegments, type SeenWrite } from './check-journal.ts';
import { type Flatness, judgeFlatness, type Series } from './flatness.ts';
import { makeSoakFolder } from './soak-folder.ts';
import { SoakGroup, type Verdict } from './soak-group.ts';
import { describeNode, openOperator, type SoakOperator } from './soak-operator.ts';
import { countDescriptors, type SoakProgram, startSoakProgram } from './soak-program.ts';

export interface SoakOptions {
  readonly bundle: string;
  readonly machines: number;
  /** No wave begins after this; those under way are let end. */
  readonly minutes: number;
  readonly speed: number;
  readonly groups: number;
  /** Machines at a time, over all groups. */
  readonly width: number;
  readonly faultShare: number;
  readonly slowFaults: boolean;
  readonly seed: number;
  readonly sampleMs: number;
  readonly patienceMs: number;
  readonly say: (line: string) => void;
  /** Called with the program while it runs, to look into it. */
  readonly onProgram?: (program: SoakProgram) => void;
  /** Called at the end with the folders of the state and of the whole journal, before they are removed. */
  readonly onEnd?: (stateDir: string, kept: string) => Promise<void>;
}

export interface SoakResult {
  readonly verdicts: readonly Verdict[];
  /** Hung without a fault of their own and retried by the operator, by cause. */
  readonly retries: Readonly<Record<string, number>>;
  readonly boots: number;
  readonly flatness: readonly Flatness[];
  readonly journal: JournalCheck;
  readonly writes: number;
  /** Sentences; empty is passed. */
  readonly failures: readonly string[];
  readonly cpu: { readonly programPercent: number; readonly rackPercent: number };
}

const SMALL_IMAGES = { kernelBytes: 200_000, initramfsBytes: 600_000, loaderBytes: 60_000 };
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Every tenth machine is left alone: odd ones are never armed, even ones once, so that their disks hold something. */
const LEFT_ALONE_EVERY = 10;

export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const owned = makeSoakFolder();
  const folder = owned.path;
  const writes: SeenWrite[] = [];
  const rack = await buildRack(options, folder, writes);
  const stateDir = join(folder, 'state');
  const assetsDir = join(folder, 'assets');
  await fillVault(rack, assetsDir);
  const { inventoryFolder: inventory, env } = rack;
  const program = await startSoakProgram({ bundle: options.bundle, inventory, stateDir, assetsDir, env });
  options.onProgram?.(program);
  const kept = join(folder, 'kept');
  let running = true;
  try {
    const started = await rack.start();
    if (!started.ok) throw new Error(started.error);
    const operator = await openOperator(program.socket);
    const soak = await drive(options, { rack, program, operator, keep: () => keepSegments(stateDir, kept) });
    const standing = await standingAtEnd(rack, operator, soak);
    operator.close();
    running = false;
    await rack.stop();
    const code = await program.stop();
    keepSegments(stateDir, kept);
    const journal = await checkJournal(stateDir, kept, writes);
    await options.onEnd?.(stateDir, kept);
    const failures = [
      ...standing,
      ...(code === 0 ? [] : [`the program ended with ${code}`]),
      ...failuresOf(soak, journal),
    ];
    const { verdicts, retries, boots, flatness, cpu } = soak;
    return { verdicts, retries, boots, flatness, journal, writes: writes.length, failures, cpu };
  } finally {
    if (running) await Promise.all([program.stop(), rack.stop()]);
    if (process.env['SOAK_KEEP'] === undefined) owned.remove();
    else {
      owned.keep();
      options.say(`everything is in ${folder}`);
    }
  }
}

async function buildRack(
  { machines, seed, speed }: SoakOptions,
  folder: string,
  writes: SeenWrite[],
): Promise<SimRack> {
  const made = await createSimRack({
    folder,
    nodes: machines,
    seed,
    speed,
    faults: 'none',
    strangers: 2,
    imageSizes: SMALL_IMAGES,
    onWrite: (write) => writes.push({ atMs: Date.now(), ...write }),
  });
  if (!made.ok) throw new Error(made.error);
  return made.value;
}

async function fillVault(rack: SimRack, assetsDir: string): Promise<void> {
  const vault = await openVault(assetsDir, { anyShape: true });
  if (!vault.ok) throw new Error(vault.error);
  for (const image of rack.images) {
    const added =
      image.kind === 'loader'
        ? await vault.value.addLoader(image.name, image.path)
        : await vault.value.addImage(image.kind, image, image.path);
    if (!added.ok) throw new Error(added.error);
  }
}

interface Parts {
  readonly rack: SimRack;
  readonly program: SoakProgram;
  readonly operator: SoakOperator;
  readonly keep: () => void;
}

interface Soaked {
  readonly verdicts: readonly Verdict[];
  readonly retries: Readonly<Record<string, number>>;
  readonly unexplained: readonly string[];
  readonly boots: number;
  readonly flatness: readonly Flatness[];
  readonly disturbed: readonly string[];
  readonly cpu: SoakResult['cpu'];
}

async function drive(options: SoakOptions, parts: Parts): Promise<Soaked> {
  const { rack, program, operator, keep } = parts;
  const verdicts: Verdict[] = [];
  const retries: Record<string, number> = {};
  const onVerdict = (verdict: Verdict) => {
    verdicts.push(verdict);
    if (!verdict.right)
      options.say(`WRONG ${verdict.node} (${verdict.fault}): ${verdict.end}\n${consoleOf(rack, verdict.node)}`);
  };
  const unexplained: string[] = [];
  const onRetry = (node: string, code: string, explained: boolean) => {
    if (!explained) unexplained.push(`${node} hung, which no load explains: ${code}`);
    retries[code] = (retries[code] ?? 0) + 1;
    options.say(`${node} hung and is tried again: ${code}`);
  };
  const alone = [...rack.machines.values()].filter((_, index) => index % LEFT_ALONE_EVERY === LEFT_ALONE_EVERY - 1);
  const once = alone.filter((_, index) => index % 2 === 0);
  const groupParts = { rack, operator, ...options, onVerdict, onRetry };
  const random = createRandom(`${options.seed}/soak`);
  const makeGroup = (nodes: readonly string[], faultShare: number, twin: string | undefined) => {
    // Those that are left alone are a group by themselves, before all others.
    const width = faultShare === 0 ? options.width : Math.max(1, Math.ceil(options.width / options.groups));
    return new SoakGroup({ ...groupParts, random: random.fork(nodes[0] ?? ''), nodes, twin, faultShare, width });
  };
  const sampler = startSampling(options, program, operator, keep, () => verdicts.length);
  const installed = makeGroup(knownNames(rack, operator, once), 0, undefined);
  await installed.runRound(true);
  const marks = new Map(alone.map((machine) => [machine.spec.name, markOf(machine)] as const));
  const disturber = setInterval(() => disturb(rack, alone), 20_000 / Math.max(1, options.speed / 30));
  const twin = once[0]?.spec.uuid;
  const rest = knownNames(
    rack,
    operator,
    [...rack.machines.values()].filter((one) => !alone.includes(one)),
  );
  const groups = Array.from({ length: options.groups }, (_, index) =>
    makeGroup(
      rest.filter((__, at) => at % options.groups === index),
      options.faultShare,
      twin,
    ),
  );
  const endMs = performance.now() + options.minutes * 60_000;
  await Promise.all(groups.map((group) => cycle(group, endMs)));
  clearInterval(disturber);
  const { flatness, cpu } = await sampler.stop();
  await sleep(1_000);
  const disturbed = alone.flatMap((machine) =>
    markOf(machine) === marks.get(machine.spec.name) ? [] : [machine.spec.name],
  );
  const boots = [...rack.machines.values()].reduce((sum, { state }) => sum + state.boots, 0);
  return { verdicts, retries, unexplained, boots, flatness, disturbed, cpu };
}

const consoleOf = (rack: SimRack, name: string): string =>
  (rack.machines.get(name)?.console ?? [])
    .slice(-12)
    .map((line) => `      | ${line}`)
    .join('\n');

/** As many rounds as time is for; the last one leaves its faults as they are. */
async function cycle(group: SoakGroup, endMs: number): Promise<void> {
  let longestMs = 0;
  for (;;) {
    const began = performance.now();
    const last = began + 2 * longestMs >= endMs;
    await group.runRound(last && group.round > 0);
    longestMs = Math.max(longestMs, performance.now() - began);
    if (last && group.round > 1) return;
  }
}

/** Protected machines take no reinstall, and control planes go one at a time: neither makes a wave. */
function knownNames({ bmcs }: SimRack, operator: SoakOperator, machines: readonly SimMachine[]): readonly string[] {
  const fleet = operator.fleet();
  return machines.flatMap(({ spec }) => {
    const node = nodeOf(fleet, spec.name);
    return node === undefined || node.spec.role === 'controlplane' || !bmcs.has(spec.name) ? [] : [spec.name];
  });
}

const markOf = ({ disks }: SimMachine): string =>
  createHash('sha256')
    .update(JSON.stringify(disks.map(({ info, content }) => [info.name, content])))
    .digest('hex');

/** People push buttons and choose the network on machines that nobody armed; they must come back from their disks. */
function disturb(rack: SimRack, alone: readonly SimMachine[]): void {
  for (const [index, { spec }] of alone.entries())
    if (index % 4 === Math.floor(Date.now() / 1000) % 4) rack.pressPower(spec.name, 'network');
}

interface Sample {
  readonly minute: number;
  readonly values: Readonly<Record<string, number>>;
}

const MB = 1024 * 1024;
/** Samples between two that look into the threads' heaps. */
const COLLECT_EVERY = 3;

function forcedGc(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

function startSampling(
  options: SoakOptions,
  program: SoakProgram,
  operator: SoakOperator,
  keep: () => void,
  verdicts: () => number,
) {
  const gc = forcedGc();
  const began = performance.now();
  const cpu = { program: program.cpuSeconds(), rack: process.cpuUsage() };
  const samples: Sample[] = [];
  let stopped = false;
  const take = async () => {
    keep();
    // A whole collection of the engine's heap stops it for most of a second: machines on a scaled clock give up meanwhile.
    const threads = samples.length % COLLECT_EVERY === 0 ? await program.inspector.measure() : [];
    gc();
    const own = process.memoryUsage();
    const fds = program.descriptors();
    const rackFds = countDescriptors('self');
    const values: Record<string, number> = {
      'program: sockets': fds.sockets,
      'program: other descriptors': fds.others,
      'program: RSS': program.rssBytes() / MB,
      'rack: heap': own.heapUsed / MB,
      'rack: external': own.external / MB,
      'rack: sockets': rackFds.sockets,
    };
    for (const { role, heapBytes, externalBytes } of threads) {
      values[`${role}: heap`] = heapBytes / MB;
      values[`${role}: external`] = externalBytes / MB;
    }
    const minute = (performance.now() - began) / 60_000;
    samples.push({ minute, values });
    const told = Object.entries(values).map(([name, value]) => `${name} ${value.toFixed(0)}`);
    options.say(`${minute.toFixed(1)} min, ${verdicts()} ends, ${operator.events()} events; ${told.join(', ')}`);
  };
  const loop = (async () => {
    while (!stopped) {
      await take();
      for (const until = performance.now() + options.sampleMs; !stopped && performance.now() < until; )
        await sleep(100);
    }
  })();
  return {
    async stop(): Promise<Pick<Soaked, 'flatness' | 'cpu'>> {
      stopped = true;
      await loop;
      const seconds = (performance.now() - began) / 1000;
      const used = process.cpuUsage(cpu.rack);
      return {
        flatness: seriesOf(samples).map(judgeFlatness),
        cpu: {
          programPercent: ((program.cpuSeconds() - cpu.program) / seconds) * 100,
          rackPercent: ((used.user + used.system) / 1e6 / seconds) * 100,
        },
      };
    },
  };
}

/** Resident memory is told and not judged: what the allocator gives back to the kernel is its own affair. */
function seriesOf(samples: readonly Sample[]): readonly Series[] {
  const names = [...new Set(samples.flatMap(({ values }) => Object.keys(values)))];
  return names
    .filter((name) => name !== 'program: RSS')
    .map((name) => {
      const isMemory = /heap|external/.test(name);
      return {
        name,
        unit: isMemory ? 'MB' : '',
        floor: isMemory ? 8 : 30,
        points: samples.flatMap(({ minute, values }) => {
          const value = values[name];
          return value === undefined ? [] : [{ minute, value }];
        }),
      };
    });
}

const READY_LIMIT_MS = 90_000;

/** What a machine is at the very end: `ready`, or it shows the cause of its fault. */
async function standingAtEnd(rack: SimRack, operator: SoakOperator, { verdicts }: Soaked): Promise<readonly string[]> {
  const last = new Map(verdicts.map((verdict) => [verdict.node, verdict] as const));
  const wrong = () =>
    [...last.values()].flatMap(({ node, end, right }) => {
      const state = nodeOf(operator.fleet(), node);
      if (!right || state === undefined) return [];
      const is = 'code' in state.health ? state.health.code : state.phase.is;
      const fits = end === 'ready' ? state.phase.is === 'ready' : is === end;
      return fits
        ? []
        : [
            `at the end ${describeNode(operator.fleet(), node)}; it was ${end}, and really is ${rack.machines.get(node)?.state.step}`,
          ];
    });
  for (const until = performance.now() + READY_LIMIT_MS; performance.now() < until && wrong().length > 0; )
    await sleep(500);
  return wrong();
}

/** Of a hundred provisionings: what hangs for a reason that a busy host explains, and needs the operator's second try. */
const MAY_RETRY = 0.02;

function failuresOf(
  { verdicts, flatness, disturbed, retries, unexplained }: Soaked,
  journal: JournalCheck,
): readonly string[] {
  const wrong = verdicts.filter(({ right }) => !right);
  const again = Object.values(retries).reduce((sum, count) => sum + count, 0);
  return [
    ...unexplained,
    ...(again <= Math.max(2, verdicts.length * MAY_RETRY)
      ? []
      : [`${again} of ${verdicts.length} hung without a fault: ${JSON.stringify(retries)}`]),
    ...wrong.map(({ node, fault, end }) => `${node} with ${fault} ended: ${end}`),
    ...flatness.filter(({ flat }) => !flat).map(({ text }) => text),
    ...disturbed.map((node) => `the disk of ${node} changed, which nobody had armed`),
    ...journal.unarmed.map(
      ({ machine, disk, content }) => `${disk} of ${machine} was written (${content}) without a job`,
    ),
    ...journal.problems,
    ...(journal.live === journal.replayed ? [] : [`the journal replays to another state (${journal.events} events)`]),
  ];
}

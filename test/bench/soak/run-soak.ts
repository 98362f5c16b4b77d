import { join } from 'node:path';
import type { SimMachine } from '../../../src/sim/machine/sim-machine.ts';
import type { SimRack } from '../../../src/sim/rack/sim-rack.ts';
import { createRandom } from '../../../src/sim/run/random.ts';
import { type AtRest, leaksOf, measureAtRest, measureFresh } from './at-rest.ts';
import { checkJournal, type JournalCheck, keepSegments, type SeenWrite, type Soil } from './check-journal.ts';
import { fillHistories } from './fill-histories.ts';
import { judgeSoak, standingAtEnd } from './judge-soak.ts';
import { makeSoakFolder } from './soak-folder.ts';
import { SoakGroup, type Verdict } from './soak-group.ts';
import { openOperator, type SoakOperator } from './soak-operator.ts';
import { type SoakProgram, startSoakProgram } from './soak-program.ts';
import { buildRack, disturb, fillVault, knownNames, markOf } from './soak-rack.ts';
import { type Sampled, startSampling } from './soak-sampler.ts';

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
  /** More of the program's environment: what a test plants beside it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the program while it runs, to look into it. */
  readonly onProgram?: (program: SoakProgram) => void;
  /** What is left when all is over is compared with a program that was just started: minutes more. */
  readonly rests?: boolean;
  /** Called at the end with the folder of the state and what its journal is checked with, before they are removed. */
  readonly onEnd?: (stateDir: string, soil: Soil) => Promise<void>;
}

export interface Soaked extends Sampled {
  readonly verdicts: readonly Verdict[];
  /** Hung without a fault of their own and retried by the operator, by cause. */
  readonly retries: Readonly<Record<string, number>>;
  readonly unexplained: readonly string[];
  readonly boots: number;
  readonly disturbed: readonly string[];
}

export interface SoakResult extends Soaked {
  readonly journal: JournalCheck;
  readonly writes: number;
  readonly rest?: { readonly soaked: AtRest; readonly fresh: AtRest };
  /** Sentences; empty is passed. */
  readonly failures: readonly string[];
}

/** Every tenth machine is left alone: odd ones are never armed, even ones once, so that their disks hold something. */
const LEFT_ALONE_EVERY = 10;
/** Of the width: samples with less under way would hide growth behind the end of a wave. */
const LOADED = 3 / 4;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const owned = makeSoakFolder();
  const folder = owned.path;
  const writes: SeenWrite[] = [];
  const rack = await buildRack(options, folder, writes);
  const stateDir = join(folder, 'state');
  const assetsDir = join(folder, 'assets');
  const kept = join(folder, 'kept');
  await fillVault(rack, assetsDir);
  const { inventoryFolder: inventory, env } = rack;
  const filled = await fillHistories(inventory, stateDir, options.groups);
  options.say(`histories are full: ${filled.seq} events before the start`);
  const how = { bundle: options.bundle, inventory, stateDir, assetsDir, env: { ...env, ...options.env } };
  const program = await startSoakProgram(how);
  options.onProgram?.(program);
  let running = true;
  try {
    const started = await rack.start();
    if (!started.ok) throw new Error(started.error);
    const operator = await openOperator(program.socket);
    const soaked = await drive(options, { rack, program, operator, keep: () => keepSegments(stateDir, kept) });
    options.say('every machine has its end; what they are now');
    const standing = await standingAtEnd(rack, operator, soaked.verdicts);
    operator.close();
    options.say(`${standing.length} are not what they were; what the program holds at rest`);
    const atRest = options.rests === true ? await measureAtRest(program) : undefined;
    running = false;
    const code = await program.stop();
    keepSegments(stateDir, kept);
    options.say('the journal, from its first record');
    const soil = { kept, filled, machines: options.machines };
    const journal = await checkJournal(stateDir, soil, writes);
    await options.onEnd?.(stateDir, soil);
    options.say(`${journal.events} events replayed; a program started anew on the same state`);
    const rest = atRest === undefined ? undefined : { soaked: atRest, fresh: await measureFresh(how) };
    await rack.stop();
    const failures = [
      ...standing,
      ...(code === 0 ? [] : [`the program ended with ${code}`]),
      ...judgeSoak(soaked, journal, options.machines),
      ...(rest === undefined ? [] : leaksOf(rest.soaked, rest.fresh, options.machines)),
    ];
    return { ...soaked, journal, writes: writes.length, failures, ...(rest === undefined ? {} : { rest }) };
  } finally {
    if (running) await Promise.all([program.stop(), rack.stop()]);
    if (process.env['SOAK_KEEP'] === undefined) owned.remove();
    else {
      owned.keep();
      options.say(`everything is in ${folder}`);
    }
  }
}

interface Parts {
  readonly rack: SimRack;
  readonly program: SoakProgram;
  readonly operator: SoakOperator;
  readonly keep: () => void;
}

async function drive(options: SoakOptions, { rack, program, operator, keep }: Parts): Promise<Soaked> {
  const { say } = options;
  const verdicts: Verdict[] = [];
  const retries: Record<string, number> = {};
  const unexplained: string[] = [];
  const onVerdict = (verdict: Verdict) => {
    verdicts.push(verdict);
    if (!verdict.right)
      say(`WRONG ${verdict.node} (${verdict.fault}): ${verdict.end}\n${consoleOf(rack, verdict.node)}`);
  };
  const onRetry = (node: string, code: string, explained: boolean) => {
    if (!explained) unexplained.push(`${node} hung, which no load explains: ${code}`);
    retries[code] = (retries[code] ?? 0) + 1;
    say(`${node} hung and is tried again: ${code}`);
  };
  const { alone, once, rest } = shareOut([...rack.machines.values()]);
  const random = createRandom(`${options.seed}/soak`);
  const parts = { rack, operator, ...options, onVerdict, onRetry };
  const makeGroup = (nodes: readonly string[], more: Partial<typeof options> & { readonly twin: string | undefined }) =>
    new SoakGroup({ ...parts, ...more, random: random.fork(nodes[0] ?? ''), nodes });
  const groups: SoakGroup[] = [];
  const onSample = () => {
    keep();
    const armed = groups.reduce((sum, group) => sum + group.armed, 0);
    return { noted: `${armed} under way, ${verdicts.length} ends`, underLoad: armed >= options.width * LOADED };
  };
  const sampler = startSampling({
    program,
    everyMs: options.sampleMs,
    mayBeUnderWay: options.width,
    onSample,
    say,
  });
  await makeGroup(knownNames(rack, operator, once), { faultShare: 0, twin: undefined }).runOnce();
  const marks = new Map(alone.map((machine) => [machine.spec.name, markOf(machine)] as const));
  const disturber = setInterval(() => disturb(rack, alone), 20_000 / Math.max(1, options.speed / 30));
  const names = knownNames(rack, operator, rest);
  const width = Math.max(1, Math.ceil(options.width / options.groups));
  for (let index = 0; index < options.groups; index += 1)
    groups.push(
      makeGroup(
        names.filter((_, at) => at % options.groups === index),
        { width, twin: once[0]?.spec.uuid },
      ),
    );
  const endMs = performance.now() + options.minutes * 60_000;
  await Promise.all(groups.map((group) => group.run(endMs)));
  clearInterval(disturber);
  const sampled = await sampler.stop();
  await sleep(1_000);
  const disturbed = alone.flatMap((one) => (markOf(one) === marks.get(one.spec.name) ? [] : [one.spec.name]));
  const boots = [...rack.machines.values()].reduce((sum, { state }) => sum + state.boots, 0);
  return { ...sampled, verdicts, retries, unexplained, boots, disturbed };
}

function shareOut(machines: readonly SimMachine[]) {
  const alone = machines.filter((_, index) => index % LEFT_ALONE_EVERY === LEFT_ALONE_EVERY - 1);
  const once = alone.filter((_, index) => index % 2 === 0);
  return { alone, once, rest: machines.filter((one) => !alone.includes(one)) };
}

const consoleOf = (rack: SimRack, name: string): string =>
  (rack.machines.get(name)?.console ?? [])
    .slice(-12)
    .map((line) => `      | ${line}`)
    .join('\n');

import { nodesOf } from '../../../src/core/fleet.ts';
import { openOperator, type SoakOperator } from './soak-operator.ts';
import { type SoakProgram, type SoakProgramOptions, startSoakProgram } from './soak-program.ts';
import { MB } from './soak-sampler.ts';

/** A program with nothing to do: what it still holds. */
export interface AtRest {
  readonly sockets: number;
  readonly descriptors: number;
  /** By the role of the thread. */
  readonly heapMb: Readonly<Record<string, number>>;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
/** Simulated machines of a large rack hang up after twenty seconds of silence, and BMCs are read now and then. */
const CALM_MS = 60_000;
const NO_MORE_MS = 60_000;
const COLLECTIONS = 4;

/** Its sockets and files, when they have come down as far as they do, and its heaps after that. */
export async function measureAtRest(program: SoakProgram): Promise<AtRest> {
  let sockets = Number.POSITIVE_INFINITY;
  let descriptors = Number.POSITIVE_INFINITY;
  for (const until = performance.now() + CALM_MS; performance.now() < until; await sleep(1_000)) {
    const open = program.descriptors();
    sockets = Math.min(sockets, open.sockets);
    descriptors = Math.min(descriptors, open.others);
  }
  return { sockets, descriptors, heapMb: await leastHeaps(program) };
}

/** What is held weakly, and code that is not run any more, goes in a later collection than the first. */
async function leastHeaps(program: SoakProgram): Promise<Readonly<Record<string, number>>> {
  const least: Record<string, number> = {};
  for (let turn = 0; turn < COLLECTIONS; turn += 1) {
    for (const { role, heapBytes } of await program.inspector.measure())
      least[role] = Math.min(least[role] ?? Number.POSITIVE_INFINITY, heapBytes / MB);
    await sleep(1_000);
  }
  return least;
}

/** The same state in a program that did nothing but start: what a soaked one holds beyond that is kept for nothing. */
export async function measureFresh(options: SoakProgramOptions): Promise<AtRest> {
  const program = await startSoakProgram(options);
  try {
    const operator = await openOperator(program.socket);
    await untilRead(operator);
    const measured = await measureAtRest(program);
    operator.close();
    return measured;
  } finally {
    await program.stop();
  }
}

/** Every BMC was asked who it is; those that refuse the password or answer nothing are not waited for. */
async function untilRead(operator: SoakOperator): Promise<void> {
  const countUnread = () => {
    const fleet = operator.fleet();
    return nodesOf(fleet).filter(({ spec, seen }) => spec.bmc !== undefined && (seen.bmcAt ?? 0) < fleet.startedAt)
      .length;
  };
  let unread = countUnread();
  for (let until = performance.now() + NO_MORE_MS; unread > 0 && performance.now() < until; await sleep(1_000)) {
    if (countUnread() < unread) until = performance.now() + NO_MORE_MS;
    unread = countUnread();
  }
}

/** Of what a fresh one holds; and below so many megabytes it is code that was compiled and caches of connections. */
const MAY_HOLD_MORE = 0.05;
const FLOOR_MB = 8;
/**
 * Beyond that the engine may hold of each machine what is bounded and cannot be in a program that served nobody: newest
 * lines as bytes, places of kept packets, ids of reports, a token. By heap snapshots 3 to 5 KB; one forgotten version of
 * a machine's state is 8.
 */
const OF_EACH_MACHINE_MB = 3 / 1024;
const MORE_SOCKETS = 30;
const MORE_DESCRIPTORS = 8;
/** In a rack of up to so many, those that are ready stay connected, with their events and their log. */
const STAY_CONNECTED = 250;

export function leaksOf(soaked: AtRest, fresh: AtRest, machines: number): readonly string[] {
  const mayHaveMore = MORE_SOCKETS + (machines > STAY_CONNECTED ? 0 : 2 * machines);
  return [
    ...Object.keys({ engine: 0, ...fresh.heapMb, ...soaked.heapMb }).flatMap((role) =>
      heapLeak(role, soaked, fresh, role === 'engine' ? machines * OF_EACH_MACHINE_MB : 0),
    ),
    ...(soaked.sockets <= fresh.sockets + mayHaveMore
      ? []
      : [`at rest the program has ${soaked.sockets} sockets open, and ${fresh.sockets} started anew`]),
    ...(soaked.descriptors <= fresh.descriptors + MORE_DESCRIPTORS
      ? []
      : [`at rest the program has ${soaked.descriptors} files open, and ${fresh.descriptors} started anew`]),
  ];
}

/** A thread that gave no answer held no number, which is not below any bound. */
function heapLeak(role: string, soaked: AtRest, fresh: AtRest, ofMachinesMb: number): readonly string[] {
  const held = soaked.heapMb[role] ?? Number.NaN;
  const anew = fresh.heapMb[role] ?? Number.NaN;
  return held - anew <= Math.max(FLOOR_MB, anew * MAY_HOLD_MORE) + ofMachinesMb
    ? []
    : [`at rest ${role} holds ${held.toFixed(1)} MB, and ${anew.toFixed(1)} MB started anew on the same state`];
}

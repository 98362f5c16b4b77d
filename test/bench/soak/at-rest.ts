import { nodesOf } from '../../../src/core/fleet.ts';
import { openOperator, type SoakOperator } from './soak-operator.ts';
import { type SoakProgram, type SoakProgramOptions, startSoakProgram } from './soak-program.ts';
import { MB } from './soak-sampler.ts';

/** A program with nothing to do: what it still holds. */
export interface AtRest {
  readonly sockets: number;
  readonly engineHeapMb: number;
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
/** Simulated machines of a large rack hang up after twenty seconds of silence, and BMCs are read now and then. */
const CALM_MS = 60_000;
const NO_MORE_MS = 60_000;

/** Its sockets, when they have come down as far as they do, and its heap after that. */
export async function measureAtRest(program: SoakProgram): Promise<AtRest> {
  let sockets = Number.POSITIVE_INFINITY;
  for (const until = performance.now() + CALM_MS; performance.now() < until; await sleep(1_000))
    sockets = Math.min(sockets, program.descriptors().sockets);
  const engine = (await program.inspector.measure()).find(({ role }) => role === 'engine');
  return { sockets, engineHeapMb: (engine?.heapBytes ?? Number.NaN) / MB };
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
const MORE_SOCKETS = 30;
/** In a rack of up to so many, those that are ready stay connected, with their events and their log. */
const STAY_CONNECTED = 250;

export function leaksOf(soaked: AtRest, fresh: AtRest, machines: number): readonly string[] {
  const more = soaked.engineHeapMb - fresh.engineHeapMb;
  const heap = more > Math.max(FLOOR_MB, fresh.engineHeapMb * MAY_HOLD_MORE);
  return [
    ...(heap
      ? [
          `at rest the engine holds ${soaked.engineHeapMb.toFixed(1)} MB, and ${fresh.engineHeapMb.toFixed(1)} MB started anew on the same state`,
        ]
      : []),
    ...(soaked.sockets > fresh.sockets + MORE_SOCKETS + (machines > STAY_CONNECTED ? 0 : 2 * machines)
      ? [`at rest the program has ${soaked.sockets} sockets open, and ${fresh.sockets} started anew`]
      : []),
  ];
}

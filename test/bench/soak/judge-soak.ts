import { nodeOf } from '../../../src/core/fleet.ts';
import type { SimRack } from '../../../src/sim/rack/sim-rack.ts';
import type { JournalCheck } from './check-journal.ts';
import type { Soaked } from './run-soak.ts';
import type { Verdict } from './soak-group.ts';
import { describeNode, type SoakOperator } from './soak-operator.ts';

const READY_LIMIT_MS = 90_000;
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What a machine is at the very end: `ready`, or it shows the cause of its fault. */
export async function standingAtEnd(
  rack: SimRack,
  operator: SoakOperator,
  verdicts: readonly Verdict[],
): Promise<readonly string[]> {
  const last = new Map(verdicts.map((verdict) => [verdict.node, verdict] as const));
  const wrong = () =>
    [...last.values()].flatMap(({ node, end, right, stays }) => {
      const state = nodeOf(operator.fleet(), node);
      if (!right || !stays) return [];
      if (state === undefined) return [`at the end ${node} is not in the state any more; it was ${end}`];
      const is = 'code' in state.health ? state.health.code : state.phase.is;
      const fits = end === 'ready' ? state.phase.is === 'ready' : is === end;
      const really = rack.machines.get(node)?.state.step;
      return fits ? [] : [`at the end ${describeNode(operator.fleet(), node)}; it was ${end}, and really is ${really}`];
    });
  for (const until = performance.now() + READY_LIMIT_MS; performance.now() < until && wrong().length > 0; )
    await sleep(500);
  return wrong();
}

/** Of a hundred provisionings: what hangs for a reason that a busy host explains, and needs the operator's second try. */
const MAY_RETRY = 0.02;

/** Kept packets, the lines of all machines, buffers of connections; and of each machine which events it told (2,048 ids). */
const mayHoldMb = (machines: number): number => 32 + 48 + 16 + (machines * 2048 * 8) / 1024 / 1024;

/** Everything that is wrong with it, in sentences. */
export function judgeSoak(soaked: Soaked, journal: JournalCheck, machines: number): readonly string[] {
  const { verdicts, flatness, disturbed, retries, unexplained, engineExternalMb } = soaked;
  const wrong = verdicts.filter(({ right }) => !right);
  const again = Object.values(retries).reduce((sum, count) => sum + count, 0);
  return [
    ...(verdicts.some(({ end }) => end === 'ready') ? [] : ['no machine became ready: nothing was soaked']),
    ...unexplained,
    ...(again <= Math.max(2, verdicts.length * MAY_RETRY)
      ? []
      : [`${again} of ${verdicts.length} hung without a fault: ${JSON.stringify(retries)}`]),
    ...wrong.map(({ node, fault, end }) => `${node} with ${fault} ended: ${end}`),
    ...flatness.filter(({ flat }) => !flat).map(({ text }) => text),
    // What was never measured is no number, and held to be too much.
    ...(engineExternalMb <= mayHoldMb(machines)
      ? []
      : [
          `the engine held ${engineExternalMb.toFixed(0)} MB beside its heap, where ${mayHoldMb(machines).toFixed(0)} are bound`,
        ]),
    ...disturbed.map((node) => `the disk of ${node} changed, which nobody had armed`),
    ...journal.unarmed.map(
      ({ machine, disk, content }) => `${disk} of ${machine} was written (${content}) without a job`,
    ),
    ...journal.problems,
    ...(journal.live === journal.replayed ? [] : [`the journal replays to another state (${journal.events} events)`]),
  ];
}

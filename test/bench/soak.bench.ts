import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sayRow } from './bench-row.ts';
import type { AtRest } from './soak/at-rest.ts';
import { runSoak } from './soak/run-soak.ts';

/**
 * 2,000 simulated machines provisioned in waves for ten minutes, one in eight with a fault, against `crashcart serve` in
 * all its threads. Ends with 1 when memory or descriptors grow, a machine ends otherwise than its fault says, something
 * is written unarmed, or the journal gives another state. `node test/bench/soak.bench.ts [machines] [minutes] [speed]`
 */

const MACHINES = Number(process.argv[2] ?? 2000);
const MINUTES = Number(process.argv[3] ?? 10);
const ROOT = join(import.meta.dirname, '../..');

// A copy: somebody may build while this runs.
const bundle = join(ROOT, `.bench/soak-${process.pid}.mjs`);
mkdirSync(join(ROOT, '.bench'), { recursive: true });
copyFileSync(process.env['CRASHCART_BUILD'] ?? join(ROOT, 'dist/crashcart.mjs'), bundle);
process.once('exit', () => rmSync(bundle, { force: true }));
try {
  const began = performance.now();
  const result = await runSoak({
    bundle,
    machines: MACHINES,
    minutes: MINUTES,
    speed: Number(process.argv[4] ?? 30),
    groups: 8,
    width: 160,
    faultShare: 1 / 8,
    slowFaults: true,
    seed: 1,
    sampleMs: 15_000,
    patienceMs: 8 * 60_000,
    rests: true,
    say: (line) => console.log(`  ${line}`),
  });
  const { verdicts, retries, boots, flatness, journal, writes, failures, cpu, rest } = result;
  for (const { text } of flatness) console.log(text);
  console.log(
    `journal: ${journal.events} events, live ${journal.live.slice(0, 12)}, replayed ${journal.replayed.slice(0, 12)}`,
  );
  const heldBy = (one: AtRest | undefined) =>
    `engine ${one?.heapMb['engine']?.toFixed(1)} MB and ${one?.sockets} sockets`;
  const held = `at rest: ${heldBy(rest?.soaked)}, started anew on the same state ${heldBy(rest?.fresh)}`;
  console.log(held);
  console.log(`CPU: program ${cpu.programPercent.toFixed(0)} %, rack ${cpu.rackPercent.toFixed(0)} %`);
  console.log(renderEnds(verdicts));
  for (const [code, count] of Object.entries(retries)) console.log(`hung without a fault: ${count} x ${code}`);
  for (const failure of failures) console.log(`FAILED ${failure}`);
  sayRow({
    series: 'soak',
    what: `${MACHINES} machines in waves, ${((performance.now() - began) / 60_000).toFixed(1)} minutes`,
    unit: 'failures',
    ours: failures.length,
    peers: {},
    better: 'down',
    broken: failures.length > 0 ? [`${failures.length} failures, above`] : [],
    note: [
      `${verdicts.length} provisionings in ${boots} boots, ${verdicts.filter((one) => one.end === 'ready').length} ready`,
      `${writes} writes, ${journal.unarmed.length} unarmed`,
      `journal of ${journal.events} events gives ${journal.live === journal.replayed ? 'the same' : 'ANOTHER'} state`,
      held,
      `at most ${result.engineExternalMb.toFixed(0)} MB beside the heap`,
      ...flatness.filter(({ name }) => /^(engine|program)/.test(name)).map(({ text }) => text),
    ].join('; '),
  });
} finally {
  rmSync(bundle, { force: true });
}

function renderEnds(verdicts: Awaited<ReturnType<typeof runSoak>>['verdicts']): string {
  const rows = Map.groupBy(verdicts, ({ fault, end }) => `${fault} -> ${end.split(':')[0]}`);
  return [...rows]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, ends]) => `${name}: ${ends.length}, median ${median(ends.map((one) => one.seconds)).toFixed(1)} s`)
    .join('\n');
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

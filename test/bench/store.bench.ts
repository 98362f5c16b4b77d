import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { openJournal } from '../../src/store/open-journal.ts';
import { openSnapshot } from '../../src/store/open-snapshot.ts';
import { readJournal } from '../../src/store/read-journal.ts';
import { sayRow } from './bench-row.ts';

/** What saving costs. Run: `node test/bench/store.bench.ts [folder]`; the folder chooses the disk. */

const NODES = 2_000;
const SAVES = 20;
const STALL_LIMIT_MS = 10;

interface Row {
  readonly what: string;
  readonly figure: string;
}

function createFleet(): { nodes: Record<string, unknown>; jobs: Record<string, unknown>; seq: number } {
  const nodes: Record<string, unknown> = {};
  for (let index = 0; index < NODES; index++) {
    const history = Array.from({ length: 16 }, (_, step) => ({
      at: 1_700_000_000_000 + index * 1_000 + step,
      phase: ['off', 'powerOn', 'dhcp', 'loader', 'script', 'kernel', 'install', 'reboot'][step % 8],
      source: 'dhcp',
      text: `DHCPREQUEST from 52:54:00:0a:21:${index.toString(16)} step ${step}`,
    }));
    nodes[`node-${index}`] = { name: `node-${index}`, serial: `CZJ${index}`, history };
  }
  return { nodes, jobs: {}, seq: 1 };
}

/** The longest time in which the event loop did not turn: what a DHCP request on the same thread would have waited. */
function watchLoop(): { stop(): Promise<{ maxMs: number; p99Ms: number }> } {
  const gaps: number[] = [];
  let last = performance.now();
  let watching = true;
  const tick = (): void => {
    const now = performance.now();
    gaps.push(now - last);
    last = now;
    if (watching) setImmediate(tick);
  };
  setImmediate(tick);
  return {
    async stop() {
      await turn();
      watching = false;
      gaps.sort((a, b) => a - b);
      return { maxMs: gaps.at(-1) ?? 0, p99Ms: gaps[Math.floor(gaps.length * 0.99)] ?? 0 };
    },
  };
}

async function benchSnapshot(dir: string): Promise<Row[]> {
  const store = openSnapshot(dir);
  const fleet = createFleet();
  const bytes = JSON.stringify(fleet).length;
  const before = performance.now();
  JSON.stringify(fleet);
  const atOnceMs = performance.now() - before;
  const worst: number[] = [];
  const took: number[] = [];
  for (let round = 0; round < SAVES; round++) {
    const watch = watchLoop();
    const start = performance.now();
    const saved = await store.save(round + 1, fleet);
    took.push(performance.now() - start);
    worst.push((await watch.stop()).maxMs);
    if (!saved.ok) throw new Error(saved.error);
  }
  worst.sort((a, b) => a - b);
  // What the machine does to a loop that has nothing to do: a stall below this says nothing about the store.
  const idle = watchLoop();
  await new Promise((resolve) =>
    setTimeout(
      resolve,
      took.reduce((sum, one) => sum + one, 0),
    ),
  );
  const noise = await idle.stop();
  const stallMs = worst.at(-1) ?? Number.NaN;
  sayRow({
    series: 'store',
    what: `longest stall of the loop, worst of ${SAVES} saves of ${NODES} nodes`,
    unit: 'ms',
    ours: stallMs,
    peers: {},
    better: 'down',
    own: [{ what: 'stall', unit: 'ms', value: stallMs, atMost: STALL_LIMIT_MS }],
    note: `an idle loop ${ms(noise.maxMs)}`,
  });
  const loadStart = performance.now();
  const loaded = await store.load();
  if (!loaded.ok || loaded.value?.seq !== SAVES) throw new Error('the snapshot did not come back');
  return [
    { what: `snapshot of ${NODES} nodes`, figure: `${(bytes / 1e6).toFixed(1)} MB` },
    { what: 'JSON.stringify in one go, for comparison', figure: ms(atOnceMs) },
    { what: `longest stall of the loop, worst of ${SAVES} saves`, figure: ms(stallMs) },
    { what: 'longest stall of the loop, median save', figure: ms(worst[SAVES / 2] ?? 0) },
    { what: 'longest stall of an idle loop in the same time', figure: ms(noise.maxMs) },
    { what: 'one save, start to synced', figure: ms(median(took)) },
    { what: 'load', figure: ms(performance.now() - loadStart) },
  ];
}

const EVENT = {
  type: 'dhcp.requestSeen',
  node: 'node-17',
  mac: '52:54:00:0a:21:11',
  at: 1_700_000_000_000,
  detail: 'PXEClient:Arch:00007',
};

async function benchJournal(dir: string): Promise<Row[]> {
  const opened = await openJournal<typeof EVENT>(dir);
  if (!opened.ok) throw new Error(opened.error);
  const journal = opened.value;
  const count = 200_000;
  const watch = watchLoop();
  const start = performance.now();
  let appendMs = 0;
  for (let done = 0; done < count; done += 1_000) {
    const before = performance.now();
    for (let index = 0; index < 1_000; index++) journal.append(EVENT);
    appendMs += performance.now() - before;
    await turn();
  }
  await journal.durable(journal.lastSeq());
  const totalMs = performance.now() - start;
  const stall = await watch.stop();
  const latencies: number[] = [];
  for (let round = 0; round < 500; round++) {
    const before = performance.now();
    const result = await journal.durable(journal.append(EVENT));
    if (!result.ok) throw new Error(result.error);
    latencies.push(performance.now() - before);
  }
  await journal.close();
  const readStart = performance.now();
  let read = 0;
  for await (const item of readJournal(dir)) if (item.kind === 'record') read += 1;
  latencies.sort((a, b) => a - b);
  return [
    { what: 'append, the call alone', figure: `${((appendMs / count) * 1000).toFixed(2)} us` },
    { what: 'appends until all are synced', figure: `${Math.round(count / (totalMs / 1000)).toLocaleString('en')} /s` },
    { what: 'longest stall meanwhile (1,000 appends a turn)', figure: ms(stall.maxMs) },
    { what: 'durable, one at a time, p50', figure: ms(latencies[250] ?? 0) },
    { what: 'durable, one at a time, p99', figure: ms(latencies[495] ?? 0) },
    {
      what: 'read back',
      figure: `${Math.round(read / ((performance.now() - readStart) / 1000)).toLocaleString('en')} /s`,
    },
  ];
}

const ms = (value: number): string => `${value.toFixed(2)} ms`;
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const dir = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'crashcart-bench-'));
try {
  const rows = [...(await benchSnapshot(join(dir, 'snapshot'))), ...(await benchJournal(join(dir, 'journal')))];
  const width = Math.max(...rows.map((row) => row.what.length));
  console.log(`store, Node ${process.version}, file system type 0x${statfsSync(dir).type.toString(16)}`);
  for (const row of rows) {
    console.log(`  ${row.what.padEnd(width)}  ${row.figure.padStart(12)}`);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}

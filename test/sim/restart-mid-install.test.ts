import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fillSimVault } from '../../src/cli/fill-sim-vault.ts';
import type { Event } from '../../src/core/event.ts';
import { emptyFleet, nodeOf } from '../../src/core/fleet.ts';
import { PHASES } from '../../src/core/phase.ts';
import { reduce } from '../../src/core/reduce.ts';
import { createSimRack, type SimRack } from '../../src/sim/rack/sim-rack.ts';
import { readJournal } from '../../src/store/read-journal.ts';
import { type Bundle, bundleProgram } from '../cli/bundle.ts';
import { SMALL_IMAGES } from './small-images.ts';

/** The program dies in the middle of an install; its machines go on, and tell their whole boot to the next one. */

const WAIT_MS = 60_000;
let program: Bundle;
let folder: string;
let rack: SimRack | undefined;
const children: ChildProcess[] = [];

beforeAll(async () => {
  program = await bundleProgram();
  folder = mkdtempSync(join(tmpdir(), 'crashcart-restart-'));
}, 60_000);
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rack?.stop();
  program.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function createRack(): Promise<SimRack> {
  const made = await createSimRack({
    folder,
    nodes: 4,
    seed: 1,
    speed: 6,
    faults: 'replaysReports:4',
    strangers: 0,
    imageSizes: SMALL_IMAGES,
    onNote: () => undefined,
  });
  if (!made.ok) throw new Error(made.error);
  const filled = await fillSimVault(join(folder, 'assets'), made.value.images);
  if (!filled.ok) throw new Error(filled.error);
  return made.value;
}

interface Serving {
  readonly child: ChildProcess;
  readonly until: (what: RegExp) => Promise<void>;
}

async function serve({ inventoryFolder, env }: SimRack): Promise<Serving> {
  const state = join(folder, 'state');
  const args = ['serve', '--inventory', inventoryFolder, '--state', state, '--assets', join(folder, 'assets')];
  const child = spawn(process.execPath, [program.file, ...args], { env: { ...process.env, ...env } });
  children.push(child);
  let text = '';
  const add = (bytes: Buffer) => {
    text += bytes.toString();
  };
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  const until = async (what: RegExp) => {
    const end = Date.now() + WAIT_MS;
    while (!what.test(text)) {
      if (Date.now() > end || child.exitCode !== null) throw new Error(`no ${what} in\n${text.slice(-4_000)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await until(/"text":"ready"/);
  return { child, until };
}

const worker = (names: Iterable<string>): string => [...names].at(-1) ?? '';

/** What the journal says that was believed of a machine, from one event to the next. */
async function believed(name: string) {
  let fleet = emptyFleet(0);
  const steps: { readonly attempt: number; readonly phase: (typeof PHASES)[number]; readonly by: Event }[] = [];
  for await (const item of readJournal<Event>(join(folder, 'state'))) {
    if (item.kind === 'session') continue;
    if (item.kind !== 'record') throw new Error(JSON.stringify(item));
    [fleet] = reduce(fleet, item.record);
    const node = nodeOf(fleet, name);
    if (node?.attempt !== undefined)
      steps.push({ attempt: node.attempt.number, phase: node.phase.is, by: item.record });
  }
  return { steps, node: nodeOf(fleet, name) };
}

test('killed mid-install and started again: no phase goes back, nothing counts twice, the machine ends ready', {
  timeout: 240_000,
}, async () => {
  rack = await createRack();
  const name = worker(rack.machines.keys());
  const first = await serve(rack);
  const started = await rack.start();
  if (!started.ok) throw new Error(started.error);
  const socket = join(folder, 'state', 'control.sock');
  const armed = await program.run(['provision', name, '--take', '--socket', socket]);
  expect([armed.code, armed.err]).toEqual([0, '']);
  const line = (words: string) => new RegExp(`"node":"${name}"[^\\n]*"text":"[^"\\n]*${words}`);
  await first.until(line('installing /dev/'));
  first.child.kill('SIGKILL');
  await once(first.child, 'close');

  const second = await serve(rack);
  await second.until(line('stage running, ready'));
  await second.until(line('its log says that it is running and ready'));
  // The very first event of its boot came again.
  await second.until(line('phase systemRequirements start'));
  second.child.kill('SIGTERM');
  await once(second.child, 'close');

  const { steps, node } = await believed(name);
  expect([node?.phase.is, node?.health.is, node?.job]).toEqual(['ready', 'ok', undefined]);
  expect(node?.endedJobs).toMatchObject([{ outcome: 'done', attempts: 1 }]);
  const back = steps.flatMap((step, i) => {
    const before = steps[i - 1];
    const isBack =
      before?.attempt === step.attempt &&
      PHASES.indexOf(step.phase) < PHASES.indexOf(before.phase) &&
      step.phase !== 'armed';
    return isBack ? [`${before.phase} -> ${step.phase} by ${step.by.type}`] : [];
  });
  expect(back).toEqual([]);
  const told = steps.flatMap(({ by }) =>
    'told' in by && by.told !== undefined ? [`${by.type} ${JSON.stringify(by.told)}`] : [],
  );
  expect(told.length).toBeGreaterThan(30);
  expect(told.filter((one, i) => told.indexOf(one) !== i)).toEqual([]);
  expect(rack.machines.get(name)?.disks.map((disk) => disk.content.is)).toEqual(['talos', 'blank']);
});

import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { nodesOf } from '../core/fleet.ts';
import type { Played } from '../core/played.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Problem } from '../core/spec.ts';
import { noteRehearsed } from './demo-folders.ts';
import type { SimulationStart } from './engine-messages.ts';
import { fillSimVault } from './fill-sim-vault.ts';
import type { FromSimThread, SimStart, ToSimThread } from './sim-thread.ts';
import { startThread } from './start-thread.ts';
import type { World } from './world.ts';

/** A simulated rack beside the real stack. */
export interface Simulation {
  readonly inventory: string;
  readonly stateDir: string;
  readonly assetsDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly played: Played;
  /** Of the inventory that is rehearsed, as its own files have them. */
  readonly warnings?: readonly Problem[];
  readonly run: (world: World) => void;
  /** Its machines and their BMCs are gone then. */
  readonly stop: () => Promise<void>;
  /** Its folder, once the engine has written its last line there. */
  readonly remove: () => void;
}

export async function prepareSimulation(
  start: SimulationStart,
  inventory: string,
  onStep: (step: string) => void = () => undefined,
): Promise<Result<Simulation>> {
  onStep(start.rehearse ? 'simulated rack of your inventory' : `simulated rack of ${start.nodes} machines`);
  const kept = start.keep === undefined ? ok(undefined) : keepState(start.keep, start.folder);
  if (!kept.ok) return kept;
  mkdirSync(start.folder, { recursive: true, mode: 0o700 });
  if (start.rehearse) noteRehearsed(start.folder, resolve(inventory));
  const data: SimStart = { role: 'sim', start, inventory };
  const worker = startThread(data);
  const tell = (message: ToSimThread) => worker.postMessage(message);
  const built = await new Promise<Extract<FromSimThread, { readonly t: 'built' | 'failed' }>>((resolve) => {
    worker.on('message', (message: FromSimThread) => {
      if (message.t !== 'stopped') resolve(message);
    });
    worker.on('error', (error: Error) => resolve({ t: 'failed', message: error.message }));
  });
  if (built.t === 'failed') {
    await worker.terminate();
    rmSync(start.folder, { recursive: true, force: true });
    return fail(`the simulated rack could not be built: ${built.message}`);
  }
  onStep('images of the simulated rack');
  const assetsDir = join(start.folder, 'assets');
  const filled = await fillSimVault(assetsDir, built.images);
  if (!filled.ok) return filled;
  let obeying: NodeJS.Timeout | undefined;
  let stopping: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    clearInterval(obeying);
    const stopped = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    tell({ t: 'stop' });
    await Promise.race([stopped, new Promise((late) => setTimeout(late, 3000))]);
    await worker.terminate();
  };
  return ok({
    inventory: built.inventory,
    stateDir: start.keep ?? join(start.folder, 'state'),
    assetsDir,
    env: built.env,
    notes: built.notes,
    played: built.played,
    ...(built.warnings === undefined ? {} : { warnings: built.warnings }),
    run: (world) => {
      tell({ t: 'start' });
      const at = Date.now();
      for (const text of built.notes)
        world.log({ at, node: '', source: 'engine', level: 'info', text: `SIMULATED ${text}` });
      const askedSince = new Map<string, number>();
      obeying = setInterval(() => obey(world, askedSince, (node) => tell({ t: 'press', node })), 1000);
    },
    stop: () => {
      stopping ??= end();
      return stopping;
    },
    remove: () => rmSync(start.folder, { recursive: true, force: true }),
  });
}

/** Other commands look for the engine of a demo in its own folder: there is a link to the one that stays. */
function keepState(keep: string, folder: string): Result<void> {
  try {
    mkdirSync(keep, { recursive: true, mode: 0o700 });
    // A rack of its own each time: what another one did would be told of its machines.
    const there = readdirSync(keep);
    if (there.length > 0)
      return fail(`--keep takes an empty folder or a new one, and there is ${whatIsIn(keep, there)}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    symlinkSync(keep, join(folder, 'state'));
    return ok(undefined);
  } catch (error) {
    return fail(`the state cannot be kept in ${keep}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const whatIsIn = (keep: string, files: readonly string[]): string =>
  files.some((name) => name.startsWith('journal-'))
    ? `an earlier journal in ${keep}: \`crashcart replay ${keep}\` shows it, \`crashcart export --state ${keep}\` reports it`
    : `something in ${keep}`;

const OBEYS_AFTER_MS = 4000;

/** The simulated person at the rack does what the screen asks for, a little later, as people do. */
function obey(world: World, askedSince: Map<string, number>, press: (node: string) => void): void {
  const now = Date.now();
  for (const node of nodesOf(world.engine.fleet())) {
    const wanted = node.ask?.includes('power-cycle') === true && node.spec.bmc === undefined;
    if (!wanted) {
      askedSince.delete(node.name);
      continue;
    }
    const first = askedSince.get(node.name) ?? now;
    askedSince.set(node.name, first);
    if (now - first < OBEYS_AFTER_MS) continue;
    askedSince.set(node.name, now + 60_000);
    world.log({
      at: now,
      node: node.name,
      source: 'engine',
      level: 'info',
      text: 'SIMULATED person at the rack: power-cycled it and chose network boot',
    });
    press(node.name);
  }
}

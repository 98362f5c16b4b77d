import { parentPort } from 'node:worker_threads';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import type { Played } from '../core/played.ts';
import { ok } from '../core/result.ts';
import type { Problem } from '../core/spec.ts';
import type { SimImage } from '../sim/rack/fake-images.ts';
import { createSimRack } from '../sim/rack/sim-rack.ts';
import type { SimulationStart } from './engine-messages.ts';
import { readRehearsed } from './read-rehearsed.ts';

/** The simulated rack has a thread of its own: it may load a core without delaying the stack that it tests. */
export interface SimStart {
  readonly role: 'sim';
  readonly start: SimulationStart;
  readonly inventory: string;
}

export type FromSimThread =
  | {
      readonly t: 'built';
      readonly inventory: string;
      readonly env: Readonly<Record<string, string>>;
      readonly images: readonly SimImage[];
      readonly notes: readonly string[];
      readonly played: Played;
      /** Of the inventory that is rehearsed. */
      readonly warnings?: readonly Problem[];
    }
  | { readonly t: 'failed'; readonly message: string }
  | { readonly t: 'stopped' };

export type ToSimThread =
  | { readonly t: 'start' }
  | { readonly t: 'press'; readonly node: string }
  | { readonly t: 'stop' };

const tell = (message: FromSimThread): void => parentPort?.postMessage(message);

export async function runSimThread({ start, inventory }: SimStart): Promise<void> {
  // Two demos share addresses; what the library writes about that would stand in the middle of a screen.
  setLogVerbosity(logVerbosity.NONE);
  const read = start.rehearse ? await readRehearsed(inventory) : ok(undefined);
  if (!read.ok) return tell({ t: 'failed', message: read.error });
  const own = read.value;
  const rack = await createSimRack({
    folder: start.folder,
    nodes: start.nodes,
    seed: start.seed,
    speed: start.speed,
    faults: start.faults,
    ...(own === undefined ? {} : { rehearse: { inventory: own.inventory, folder: inventory }, strangers: 0 }),
  });
  if (!rack.ok) return tell({ t: 'failed', message: rack.error });
  const { value } = rack;
  parentPort?.on('message', (message: ToSimThread) => {
    if (message.t === 'start') {
      void value.start().then((started) => {
        if (!started.ok) tell({ t: 'failed', message: started.error });
      });
    }
    // The person at the rack switches the machine and chooses the network in its boot menu.
    if (message.t === 'press') value.pressPower(message.node, 'network');
    if (message.t === 'stop') {
      void value.stop().finally(() => {
        tell({ t: 'stopped' });
        parentPort?.close();
      });
    }
  });
  tell({
    t: 'built',
    inventory: value.inventoryFolder,
    env: value.env,
    images: value.images,
    notes: value.notes,
    played: value.played,
    ...(own === undefined ? {} : { warnings: own.warnings }),
  });
}

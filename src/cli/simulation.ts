import { fail, type Result } from '../core/result.ts';
import type { SimulationStart } from './engine-messages.ts';
import type { World } from './world.ts';

/** A simulated rack beside the real stack. */
export interface Simulation {
  readonly inventory: string;
  readonly stateDir: string;
  readonly assetsDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly run: (world: World) => void;
  readonly stop: () => Promise<void>;
}

export async function prepareSimulation(_start: SimulationStart, _inventory: string): Promise<Result<Simulation>> {
  return fail('the simulated rack is not there yet');
}

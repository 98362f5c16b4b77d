import { createHash } from 'node:crypto';
import { fillSimVault } from '../../../src/cli/fill-sim-vault.ts';
import { nodeOf } from '../../../src/core/fleet.ts';
import type { SimMachine } from '../../../src/sim/machine/sim-machine.ts';
import { createSimRack, type SimRack } from '../../../src/sim/rack/sim-rack.ts';
import { SMALL_IMAGES } from '../../sim/small-images.ts';
import type { SeenWrite } from './check-journal.ts';
import type { SoakOptions } from './run-soak.ts';
import type { SoakOperator } from './soak-operator.ts';

export async function buildRack(
  { machines, seed, speed }: SoakOptions,
  folder: string,
  writes: SeenWrite[],
): Promise<SimRack> {
  const made = await createSimRack({
    folder,
    nodes: machines,
    seed,
    speed,
    faults: 'none',
    strangers: 2,
    imageSizes: SMALL_IMAGES,
    onWrite: (write) => writes.push({ atMs: Date.now(), ...write }),
  });
  if (!made.ok) throw new Error(made.error);
  return made.value;
}

export async function fillVault({ images }: SimRack, assetsDir: string): Promise<void> {
  const filled = await fillSimVault(assetsDir, images);
  if (!filled.ok) throw new Error(filled.error);
}

/** Protected machines take no reinstall, and control planes go one at a time: neither makes a wave. */
export function knownNames(
  { bmcs }: SimRack,
  operator: SoakOperator,
  machines: readonly SimMachine[],
): readonly string[] {
  const fleet = operator.fleet();
  return machines.flatMap(({ spec }) => {
    const node = nodeOf(fleet, spec.name);
    return node === undefined || node.spec.role === 'controlplane' || !bmcs.has(spec.name) ? [] : [spec.name];
  });
}

export const markOf = ({ disks }: SimMachine): string =>
  createHash('sha256')
    .update(JSON.stringify(disks.map(({ info, content }) => [info.name, content])))
    .digest('hex');

/** People push buttons and choose the network on machines that nobody armed; they must come back from their disks. */
export function disturb(rack: SimRack, alone: readonly SimMachine[]): void {
  for (const [index, { spec }] of alone.entries())
    if (index % 4 === Math.floor(Date.now() / 1000) % 4) rack.pressPower(spec.name, 'network');
}

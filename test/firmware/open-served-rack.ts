import { join } from 'node:path';
import { expect } from 'vitest';
import { fillVault, openProgram, type Program } from './crashcart-program.ts';
import type { MachineWish } from './machine-spec.ts';
import { openRack, type Rack } from './open-rack.ts';
import { missingHere, prepareImages } from './prepare-images.ts';
import { createChecks, type RackChecks } from './rack-checks.ts';
import type { RackNetKind } from './rack-network.ts';
import { writeInventory } from './write-inventory.ts';

const WORK = join(import.meta.dirname, '../../.bench/firmware');
const ARCHS = ['amd64', 'arm64'] as const;

export interface ServedRack {
  readonly rack: Rack;
  readonly program: Program;
  readonly checks: RackChecks;
  readonly close: () => Promise<void>;
}

const missing = await missingHere();
const isCi = process.env['CI'] === 'true';
if (missing !== '' && !isCi) console.log(`firmware tests are skipped here: ${missing}`);

/** In CI what is missing is a failure: the tests run and say so. */
export const skipsFirmware = missing !== '' && !isCi;

/** A rack in a folder of its own, all its machines off, and the program that serves it. */
export async function openServedRack(
  folder: string,
  wishes: readonly MachineWish[],
  kind?: RackNetKind,
): Promise<ServedRack> {
  if (missing !== '') throw new Error(missing);
  const images = await prepareImages(ARCHS);
  const rack = await openRack(join(WORK, folder), wishes, kind);
  try {
    const program = await openProgram(rack);
    const checks = createChecks(rack, program);
    await writeInventory(rack);
    expect(await program.cli('check')).toMatchObject({ code: 0 });
    await fillVault(program, images, ARCHS);
    await program.start();
    const close = async () => {
      await program.stop();
      await rack.close();
    };
    return { rack, program, checks, close };
  } catch (error) {
    await rack.close();
    throw error;
  }
}

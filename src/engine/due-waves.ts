import type { Fleet } from '../core/fleet.ts';
import type { TimeMs } from '../core/time.ts';
import { nextOfWave } from '../core/wave.ts';

/** Room on an uplink comes with time alone; a look at thousands that wait takes milliseconds. */
const LOOK_EVERY_MS = 5_000;

/**
 * Could a wave go on? Reading the inventory arms nothing, also where it ended a machine of a wave: without a tick the next
 * one would be armed by whatever comes next, such as an order to somebody else.
 */
export function createWaveWatch(): (fleet: Fleet, at: TimeMs) => boolean {
  let waves: Fleet['waves'] = {};
  let inventory: Fleet['inventory'] | undefined;
  let lookAt = 0;
  return (fleet, at) => {
    if (fleet.waves === waves && fleet.inventory === inventory && at < lookAt) return false;
    ({ waves, inventory } = fleet);
    lookAt = at + LOOK_EVERY_MS;
    return Object.values(waves).some((wave) => nextOfWave(fleet, wave, at).length > 0);
  };
}

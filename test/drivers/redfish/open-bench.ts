import { afterEach } from 'vitest';
import { type Bench, openSim } from './sim-port.ts';

/** For the tests of one file: simulated BMCs with their drivers, closed after each test. */
export function benchOfTest(): typeof openSim {
  let bench: Bench | undefined;
  afterEach(async () => {
    await bench?.close();
    bench = undefined;
  });
  return async (...args) => {
    bench = await openSim(...args);
    return bench;
  };
}

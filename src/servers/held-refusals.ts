import type { RefusedRequest } from './http-question.ts';
import { createRateGate } from './rate-gate.ts';

/** A machine that boots is refused once or twice; who shouts is counted. */
const TOLD = { burst: 4, perSecond: 0.1, totalBurst: 200, totalPerSecond: 20 };
const COUNT_MS = 5_000;

/** Refused requests of one thread, on their way to the engine: shown are a few of each address, the others come as one figure. */
export function createHeldRefusals(
  tell: (count: number, first?: RefusedRequest) => void,
): (refused: RefusedRequest) => void {
  const gate = createRateGate(TOLD);
  let held = 0;
  const tellHeld = (): void => {
    const count = held;
    held = 0;
    tell(count);
  };
  return (refused) => {
    if (gate.pass(refused.address, performance.now())) {
      tell(1, refused);
      return;
    }
    if (held === 0) setTimeout(tellHeld, COUNT_MS).unref();
    held += 1;
  };
}

import { expect, test } from 'vitest';
import { createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import { PERSONALITIES } from '../../../src/sim/bmc/personalities.ts';
import { createSimBmc, type SimBmc } from '../../../src/sim/bmc/sim-bmc.ts';
import { fastTimings, TIME_SCALE, targetFor } from './sim-port.ts';

const LOGIN = 'POST /redfish/v1/SessionService/Sessions';
/** What a cut costs in requests: its repetition, and the search for a session that nobody was told the name of. */
const MORE = 7;

interface Danced {
  readonly requests: readonly string[];
  /** Logins that were carried out, and of whose answers nothing came. */
  readonly lostLogins: number;
  readonly left: number;
  /** What the registry still holds for open. */
  readonly noted: readonly string[];
  readonly unsure: boolean;
}

/** One visit, from login to logout, while the answers to these of its requests are cut. */
async function visit(sim: SimBmc, cuts: readonly number[], where: 'before' | 'inside'): Promise<Danced> {
  const first = sim.requests.count;
  sim.setFaults({ cutAt: { requests: new Set(cuts.map((cut) => first + cut)), where } });
  const noted = new Set<string>();
  const notes: string[] = [];
  const drivers = createBmcDrivers({
    timings: fastTimings,
    onNote: (_node, text) => notes.push(text),
    onSession: (what, { location }) => void (what === 'opened' ? noted.add(location) : noted.delete(location)),
  });
  const port = drivers.openBmc(targetFor(sim));
  await port.readPower();
  await port.close();
  const requests = sim.requests.seen.slice(first);
  const left = sim.sessions.list().length;
  sim.sessions.expireAll();
  return {
    requests,
    lostLogins: cuts.filter((cut) => requests[cut] === LOGIN).length,
    left,
    noted: [...noted],
    unsure: notes.some((note) => note.includes('may be ours or not')),
  };
}

test.each(PERSONALITIES.map(({ name, session }) => [name, session.shows.length > 0] as const))(
  'whatever answer of a visit a BMC cuts, no session of ours is left on it (%s)',
  { timeout: 120_000 },
  async (personality, tellsWhose) => {
    const sim = await createSimBmc({ personality, timeScale: TIME_SCALE, keepsRequests: 100_000 });
    try {
      const whole = await visit(sim, [], 'before');
      const login = whole.requests.indexOf(LOGIN);
      const ends = whole.requests.length;
      expect([login >= 0, whole.left, whole.noted]).toEqual([true, 0, []]);
      const alone = Array.from({ length: ends }, (_, at) => [at]);
      const then = Array.from({ length: ends + MORE - login }, (_, at) => login + 1 + at);
      const withLogin = then.flatMap((at) => [
        [login, at],
        // What is asked beside the search takes turns with it: its question and the repetition are cut.
        [login, at, at + 2],
      ]);
      for (const where of ['before', 'inside'] as const)
        for (const cuts of [...alone, ...withLogin]) {
          const { requests, lostLogins, left, noted, unsure } = await visit(sim, cuts, where);
          // Where nothing tells ours from one of somebody else it ends by itself, and that is said.
          const lost = tellsWhose ? 0 : lostLogins;
          expect([where, cuts, left, noted, unsure], requests.join('\n')).toEqual([where, cuts, lost, [], lost > 0]);
        }
    } finally {
      await sim.close();
    }
  },
);

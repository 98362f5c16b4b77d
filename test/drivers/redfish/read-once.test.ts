import { expect, test } from 'vitest';
import { readBmcWhole } from '../../../src/drivers/read-bmc-whole.ts';
import type { PersonalityName } from '../../../src/sim/bmc/personality.ts';
import { mustBe, openSim } from './sim-port.ts';

const twice = (requests: readonly string[]): readonly string[] => [
  ...new Set(requests.filter((one, at) => requests.indexOf(one) !== at)),
];

/** Each request is a new TLS connection: of 2,000 BMCs at a start they are most of the work. */
test.each<PersonalityName>(['dell-idrac9-7', 'hpe-ilo6', 'supermicro-x11', 'lenovo-xcc', 'ami-megarac', 'openbmc'])(
  'who a BMC is and whether its machine is on is one look, which asks for nothing twice (%s)',
  async (personality) => {
    const bench = await openSim({ personality, power: 'On' });
    try {
      const { identity, power } = await mustBe(readBmcWhole(bench.port));
      expect([power, identity.macs.length > 0]).toEqual(['on', true]);
      expect(twice(bench.sim.requests.seen)).toEqual([]);
    } finally {
      await bench.close();
    }
  },
);

test('a reading of the power is five requests, its session among them, and the next one of this port is one', async () => {
  const bench = await openSim({ personality: 'dell-idrac9-7' });
  try {
    await mustBe(bench.port.readPower());
    const first = bench.sim.requests.seen.length;
    expect([first, twice(bench.sim.requests.seen)]).toEqual([5, []]);
    bench.sim.state.power = 'On';
    expect(await mustBe(bench.port.readPower())).toBe('on');
    expect(bench.sim.requests.seen).toHaveLength(first + 1);
  } finally {
    await bench.close();
  }
});

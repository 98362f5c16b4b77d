import { afterEach, expect, test } from 'vitest';
import type { SimFaults } from '../../../src/sim/bmc/faults.ts';
import { PERSONALITIES } from '../../../src/sim/bmc/personalities.ts';
import { type Bench, openSim } from './sim-port.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const faults: readonly (readonly [string, SimFaults])[] = [
  ['none', {}],
  ['wrongPassword', { wrongPassword: true, echoesSecrets: true }],
  ['passwordChange', { passwordChange: true }],
  ['html', { html: true }],
  ['cut', { cutMidBody: 3 }],
  ['deaf', { deafOverride: true }],
];

test.each(PERSONALITIES.flatMap((one) => faults.map(([name, fault]) => [one.name, name, fault] as const)))(
  'no password and no token is in any problem, note or session event (%s, %s)',
  async (personality, _, fault) => {
    const tokens = new Set<string>();
    bench = await openSim({ personality, faults: fault });
    const { port, sim, notes, sessions, target } = bench;
    const create = sim.sessions.create;
    sim.sessions.create = (body, base) => {
      const answer = create(body, base);
      const token = answer.headers?.['x-auth-token'];
      if (token !== undefined) tokens.add(token);
      return answer;
    };
    const results = [
      await port.readPower(),
      await port.overrideOnce('pxe', 'uefi', true),
      await port.setLocate(true),
      await port.insertMedia('http://127.0.0.1/x.iso'),
      await port.setPower('on'),
    ];
    await port.close();
    const everything = JSON.stringify([results, notes, sessions]);
    const password = target.password;
    const basic = Buffer.from(`${target.spec.username}:${password}`).toString('base64');
    for (const secret of [password, basic, ...tokens]) {
      expect(secret.length).toBeGreaterThan(8);
      expect(everything).not.toContain(secret);
    }
    if (Object.keys(fault).length === 0) expect(tokens.size).toBe(1);
    expect(notes.length + results.filter((one) => !one.ok).length).toBeGreaterThan(0);
  },
);

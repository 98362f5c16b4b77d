import { afterEach, expect, test } from 'vitest';
import { type Bench, mustBe, openSim, targetFor } from './sim-port.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

test('a session whose end could not be told, for the certificate had changed, goes when the new one is trusted', async () => {
  bench = await openSim({ personality: 'dell-idrac9-6', tls: true });
  const { sim, port, drivers, sessions } = bench;
  await mustBe(port.readPower());
  const [old] = sim.sessions.list();
  sim.changeCertificate();
  sim.setFaults({ flapping: 1 });
  await port.close();
  expect(sim.sessions.list()).toEqual([old]);
  expect(sessions.filter((line) => line.startsWith('closed') && line.endsWith(`/${old}`))).toEqual([]);
  sim.setFaults({});
  const again = drivers.openBmc(targetFor(sim));
  await mustBe(again.readPower());
  await again.close();
  expect(sim.sessions.list()).toEqual([]);
  expect(sessions.filter((line) => line.startsWith('closed') && line.endsWith(`/${old}`))).toHaveLength(1);
});

test('one that is left and one whose making was cut off both go: what has a name is not taken for the other', async () => {
  bench = await openSim({ personality: 'dell-idrac9-6', tls: true });
  const { sim, port, drivers } = bench;
  await mustBe(port.readPower());
  sim.changeCertificate();
  await port.close();
  expect(sim.sessions.list()).toHaveLength(1);
  sim.setFaults({ cutLogin: 1 });
  const again = drivers.openBmc(targetFor(sim));
  await mustBe(again.readPower());
  expect(sim.sessions.counts.created).toBe(3);
  await again.close();
  expect(sim.sessions.list()).toEqual([]);
});

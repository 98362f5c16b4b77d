import { expect, test } from 'vitest';
import { createSimBmc, type SimBmc } from '../../../src/sim/bmc/sim-bmc.ts';
import { mustBe, openSim } from '../../drivers/redfish/sim-port.ts';

test('firmware that hangs off the power button is started, asks what to boot, and is stopped', async () => {
  const heard: string[] = [];
  let sim: SimBmc | undefined;
  const machine = {
    powerOn: () => heard.push(`on: ${sim?.takeBoot().target}`),
    powerOff: (how: string) => heard.push(`off: ${how}`),
  };
  const bench = await openSim({ personality: 'dell-idrac9-6', machine });
  sim = bench.sim;
  await mustBe(bench.port.overrideOnce('pxe', 'uefi', false));
  await mustBe(bench.port.setPower('on'));
  await mustBe(bench.port.setPower('off'));
  await mustBe(bench.port.setPower('on'));
  await mustBe(bench.port.setPower('reset'));
  await mustBe(bench.port.setPower('forceOff'));
  expect(heard).toEqual(['on: pxe', 'off: graceful', 'on: disk', 'off: force', 'on: disk', 'off: force']);
  await bench.close();
});

test('a virtual CD that is booted once comes with the address of its image', async () => {
  const { port, sim, close } = await openSim({ personality: 'supermicro-x11' });
  await mustBe(port.insertMedia('http://127.0.0.1:8080/talos.iso'));
  await mustBe(port.overrideOnce('cd', 'uefi', false));
  expect(sim.takeBoot()).toEqual({ target: 'cd', mode: 'UEFI', imageUrl: 'http://127.0.0.1:8080/talos.iso' });
  expect(sim.takeBoot()).toEqual({ target: 'disk' });
  await close();
});

test('each machine has an identity of its own', async () => {
  const sims = await Promise.all([1, 2, 70, 300].map((index) => createSimBmc({ personality: 'openbmc', index })));
  const macs = sims.flatMap((sim) => sim.identity.macs);
  expect(new Set(macs).size).toBe(macs.length);
  expect(new Set(sims.map((sim) => sim.identity.uuid)).size).toBe(sims.length);
  await Promise.all(sims.map((sim) => sim.close()));
});

test('nothing but the root is told without a login', async () => {
  const sim = await createSimBmc({ personality: 'hpe-ilo5', timeScale: 0.001 });
  expect((await fetch(`${sim.url}/redfish/v1/`)).status).toBe(200);
  expect((await fetch(`${sim.url}/redfish/v1/Systems`)).status).toBe(401);
  await sim.close();
});

test.each([
  ['hpe-ilo5', 'PowerOff', 'InPost'],
  ['supermicro-x11', 'None', 'MemoryInitializationStarted'],
  ['dell-idrac9-6', undefined, undefined],
] as const)('%s tells its boot progress as %s when off and %s in POST', async (personality, off, post) => {
  const { port, close } = await openSim({ personality, faults: { postMinutes: 60 } });
  expect(await mustBe(port.readBootProgress())).toBe(off);
  await mustBe(port.setPower('on'));
  expect(await mustBe(port.readBootProgress())).toBe(post);
  await close();
});

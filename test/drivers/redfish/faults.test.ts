import { describe, expect, test } from 'vitest';
import { PERSONALITIES } from '../../../src/sim/bmc/personalities.ts';
import { benchOfTest } from './open-bench.ts';
import { fastTimings, mustBe, openSim, problemOf } from './sim-port.ts';

const open = benchOfTest();

describe('a BMC with a fault', () => {
  test('that is slow is waited for', async () => {
    const { port } = await open({ personality: 'hpe-ilo5', faults: { slowS: 30 } });
    expect(await mustBe(port.readPower())).toBe('off');
  });

  test('that cuts every third connection is asked again', async () => {
    const { port } = await open({ personality: 'dell-idrac9-6', faults: { flapping: 0.34 } });
    expect(await mustBe(port.readPower())).toBe('off');
    expect(await mustBe(port.setPower('on'))).toEqual({ power: 'on', did: 'on' });
  });

  test('that answers 503 for a while is waited for, reads and writes alike', async () => {
    const { port, sim } = await open({ personality: 'ami-megarac', faults: { unavailable: 4 } });
    expect(await mustBe(port.readPower())).toBe('off');
    sim.setFaults({ unavailable: 3 });
    expect(await mustBe(port.overrideOnce('pxe', 'uefi', false))).toMatchObject({ target: 'pxe', enabled: 'once' });
  });

  test.each(['hpe-ilo5', 'lenovo-xcc', 'supermicro-x11', 'ami-megarac'] as const)(
    'that refuses every If-Match still takes the override (%s)',
    async (personality) => {
      const { port, notes } = await open({ personality, faults: { wrongEtag: true } });
      await mustBe(port.overrideOnce('pxe', 'uefi', false));
      expect(notes.some((note) => note.includes('PATCH'))).toBe(true);
    },
  );

  test('that lies about the override boots the disk until the full payload comes while it is off', async () => {
    const { port, sim } = await open({
      personality: 'dell-idrac9-6',
      power: 'On',
      faults: { lyingOverride: 'untilFullAndOff' },
    });
    await mustBe(port.overrideOnce('pxe', 'uefi', false));
    expect(sim.takeBoot().target).toBe('disk');
    await mustBe(port.setPower('forceOff'));
    await mustBe(port.overrideOnce('pxe', 'uefi', true));
    expect(sim.takeBoot().target).toBe('pxe');
  });

  test('that accepts the override and keeps the old one is found out', async () => {
    const { port } = await open({ personality: 'supermicro-x11', faults: { deafOverride: true } });
    for (const full of [false, true]) {
      const problem = await problemOf(port.overrideOnce('pxe', 'uefi', full));
      expect(problem.code).toBe('notTaken');
      expect(problem.message).toMatch(/accepted the boot override, but reads back none/);
    }
  });

  test.each(['dell-idrac9-6', 'hpe-ilo6', 'supermicro-x11', 'ami-megarac', 'openbmc'] as const)(
    'that boots from the network for ever since somebody set it so is set to once, or it is told (%s)',
    async (personality) => {
      const { port, sim } = await open({ personality });
      const forever = () => Object.assign(sim.state.boot, { enabled: 'Continuous', target: 'Pxe', mode: 'UEFI' });
      forever();
      expect((await mustBe(port.readIdentity())).leftover).toBe('Continuous/Pxe');
      expect(await mustBe(port.overrideOnce('pxe', 'uefi', false))).toMatchObject({
        target: 'pxe',
        enabled: 'once',
        replaced: 'Continuous/Pxe',
      });
      expect((await mustBe(port.readIdentity())).leftover).toBeUndefined();
      expect((await mustBe(port.overrideOnce('pxe', 'uefi', false))).replaced).toBeUndefined();
      Object.assign(sim.state.pending, { enabled: 'Disabled', target: 'None' });
      forever();
      sim.setFaults({ deafOverride: true });
      const problem = await problemOf(port.overrideOnce('pxe', 'uefi', false));
      expect(problem.message).toMatch(/accepted the boot override, but reads back pxe, continuous/);
    },
  );

  test.each(['hpe-ilo5', 'hpe-ilo6'] as const)(
    'that gives a key of the registry alone is told in words, with the key behind them (%s)',
    async (personality) => {
      const { port } = await open({ personality, faults: { sessionLimit: true } });
      const problem = await problemOf(port.readPower());
      expect(problem).toMatchObject({ code: 'sessionLimit' });
      expect(problem.message).toMatch(/all its sessions are taken \(Base:CreateLimitReachedForResource\)/);
    },
  );

  test('that has no free session says so, and gets one when one is free', async () => {
    const { port, sim } = await open({ personality: 'dell-idrac9-6', faults: { sessionLimit: true } });
    expect((await problemOf(port.readPower())).code).toBe('sessionLimit');
    sim.setFaults({});
    expect(await mustBe(port.readPower())).toBe('off');
  });

  test('that is in POST for minutes takes the override when POST is over', async () => {
    const { port, sim } = await open({ personality: 'hpe-ilo5', faults: { postMinutes: 5 } });
    await mustBe(port.setPower('on'));
    expect(sim.state.inPost).toBe(true);
    expect(await mustBe(port.overrideOnce('pxe', 'uefi', false))).toMatchObject({ enabled: 'once' });
    expect(sim.state.inPost).toBe(false);
  });

  test('whose POST outlasts all patience is called busy', async () => {
    const { port } = await open(
      { personality: 'hpe-ilo5', faults: { postMinutes: 500 } },
      { timings: { ...fastTimings, busyMs: 1_000 } },
    );
    await mustBe(port.setPower('on'));
    expect((await problemOf(port.overrideOnce('pxe', 'uefi', false))).code).toBe('busy');
  });

  test('whose power never changes is told as such after the wait', async () => {
    const { port } = await open(
      { personality: 'openbmc', faults: { powerStuck: true } },
      { timings: { ...fastTimings, powerWaitMs: 2_000 } },
    );
    const problem = await problemOf(port.setPower('on'));
    expect(problem).toMatchObject({ code: 'notTaken' });
    expect(problem.message).toMatch(/still off, not on/);
  });

  test('that cuts an answer in the middle is asked some times more, and no oftener', async () => {
    const { port, sim } = await open({ personality: 'hpe-ilo6' });
    await mustBe(port.readPower());
    sim.setFaults({ cutMidBody: 1 });
    expect(await mustBe(port.readPower())).toBe('off');
    sim.setFaults({ cutMidBody: 100 });
    const before = sim.requests.count;
    expect((await problemOf(port.readPower())).code).toBe('unreachable');
    expect(sim.requests.count - before).toBe(4);
  });

  test('whose machine refuses to be switched on for a while after off is asked until it does', async () => {
    const { port, notes } = await open({ personality: 'dell-idrac9-7', power: 'On' });
    expect(await mustBe(port.setPower('cycle'))).toEqual({ power: 'on', did: 'cut' });
    expect(notes.filter((note) => note.startsWith('POST On')).length).toBeGreaterThanOrEqual(1);
  });

  test('whose task fails tells why, and not only that the power did not change', async () => {
    const personality = PERSONALITIES.find((one) => one.reset.answer === 202)?.name;
    if (personality === undefined) throw new Error('no personality answers with a task');
    const { port } = await open({ personality, faults: { taskFails: true } });
    const problem = await problemOf(port.setPower('on'));
    expect(problem).toMatchObject({ code: 'notTaken' });
    expect(problem.message).toMatch(/as a task, which ended as exception: The PSU did not start/);
  });

  test('whose job queue blocks the boot settings names the queue', async () => {
    const { port } = await open(
      { personality: 'dell-idrac9-6', faults: { jobQueued: true } },
      { timings: { ...fastTimings, busyMs: 100 } },
    );
    expect(await problemOf(port.overrideOnce('pxe', 'uefi', false))).toMatchObject({
      code: 'busy',
      advice: expect.stringContaining('job queue'),
    });
  });

  test('with an old address for HTTP boot has it taken out: DHCP gives the right one', async () => {
    const { port, sim } = await open({ personality: 'dell-idrac9-6' });
    sim.state.httpBootUri = 'http://192.0.2.1/old.efi';
    await mustBe(port.overrideOnce('uefiHttp', 'uefi', false));
    expect(sim.state.httpBootUri).toBe('');
    expect(sim.takeBoot().target).toBe('uefiHttp');
  });

  test('that does not let the old address go takes the override all the same', async () => {
    const { port, sim } = await open({ personality: 'ami-megarac' });
    sim.state.httpBootUri = 'http://192.0.2.1/old.efi';
    await mustBe(port.overrideOnce('uefiHttp', 'uefi', true));
    expect(sim.takeBoot().target).toBe('uefiHttp');
  });

  test('with a system that is no machine beside the real one is not confused', async () => {
    const { port } = await open({ personality: 'ami-megarac' });
    expect((await mustBe(port.readIdentity())).model).toBe('H262-Z63-00');
  });

  test('that does not serve the system which the inventory names says what it has', async () => {
    const target = { spec: { url: '', username: '', password: { from: 'env', name: 'x' } as const, system: 'Node7' } };
    const { sim, drivers, close } = await openSim({ personality: 'openbmc' });
    const spec = { ...target.spec, url: sim.url, username: sim.credentials.username };
    const port = drivers.openBmc({ node: 'x', spec, password: sim.credentials.password });
    const problem = await problemOf(port.readPower());
    expect(problem).toMatchObject({ code: 'noSystem' });
    expect(problem.message).toContain('system');
    await close();
  });
});

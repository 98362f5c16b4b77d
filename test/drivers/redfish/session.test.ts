import { afterEach, describe, expect, test } from 'vitest';
import { createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import { type Bench, fastTimings, mustBe, openSim, problemOf, targetFor } from './sim-port.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

async function open(...args: Parameters<typeof openSim>): Promise<Bench> {
  bench = await openSim(...args);
  return bench;
}

describe('a session', () => {
  test('is made once, used by every request and deleted at the end', async () => {
    const { port, sim, sessions } = await open({ personality: 'hpe-ilo5' });
    await mustBe(port.readIdentity());
    await mustBe(port.setPower('on'));
    expect(sim.sessions.counts).toMatchObject({ created: 1, deleted: 0, rejected: 0, basic: 0 });
    await port.close();
    expect(sim.sessions.counts.deleted).toBe(1);
    expect(sessions.map((line) => line.split(' ')[0])).toEqual(['opened', 'closed']);
  });

  test.each(['hpe-ilo5', 'lenovo-xcc'] as const)('that the BMC forgot is renewed once (%s)', async (personality) => {
    const { port, sim, sessions } = await open({ personality });
    await mustBe(port.readPower());
    sim.sessions.expireAll();
    expect(await mustBe(port.readPower())).toBe('off');
    expect(sim.sessions.counts.created).toBe(2);
    await port.close();
    expect(sim.sessions.list()).toEqual([]);
    expect(sessions.map((line) => line.split(' ')[0])).toEqual(['opened', 'closed', 'opened', 'closed']);
  });

  test('is shared by all ports of one BMC, and ends with the last of them', async () => {
    const { port, drivers, sim, target } = await open({ personality: 'hpe-ilo5' });
    const second = drivers.openBmc(target);
    await Promise.all([mustBe(port.readPower()), mustBe(second.readIdentity())]);
    expect(sim.sessions.counts.created).toBe(1);
    await port.close();
    expect(sim.sessions.list()).toHaveLength(1);
    expect(await mustBe(second.readPower())).toBe('off');
    await second.close();
    expect(sim.sessions.list()).toEqual([]);
    expect(await mustBe(drivers.openBmc(target).readPower())).toBe('off');
  });

  test('is deleted when everything is closed in the middle of a long operation', async () => {
    const { port, drivers, sim } = await open({ personality: 'dell-idrac9-6', faults: { powerStuck: true } });
    const running = port.setPower('on');
    while (sim.sessions.list().length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await drivers.closeAll();
    expect(await running).toMatchObject({ ok: false, error: { code: 'stopped' } });
    expect(sim.sessions.list()).toEqual([]);
  });

  test('is deleted even when the close comes while the BMC is making it', async () => {
    const { port, drivers, sim } = await open({ personality: 'dell-idrac9-6', faults: { slowS: 60 } });
    const running = port.readPower();
    while (!sim.requests.seen.some((line) => line.startsWith('POST')))
      await new Promise((resolve) => setTimeout(resolve, 1));
    await drivers.closeAll();
    expect(await running).toMatchObject({ ok: false, error: { code: 'stopped' } });
    expect(sim.sessions.counts.created).toBe(1);
    expect(sim.sessions.list()).toEqual([]);
  });

  test('that a crash left behind is deleted at the next start, even when the BMC is full', async () => {
    const left: { bmcUrl: string; location: string }[] = [];
    const { port, sim } = await open({ personality: 'hpe-ilo5' }, { onSession: (_, session) => left.push(session) });
    await mustBe(port.readPower());
    expect(sim.sessions.list()).toHaveLength(1);
    sim.setFaults({ sessionLimit: true });
    const closed: string[] = [];
    const next = createBmcDrivers({
      timings: fastTimings,
      onSession: (what, session) => closed.push(`${what} ${session.location}`),
    });
    const target = targetFor(sim);
    expect(await next.deleteStaleSessions(left, () => target)).toEqual([]);
    expect(sim.sessions.list()).toEqual([]);
    expect(closed).toEqual([`closed ${left[0]?.location}`]);
    expect(await next.deleteStaleSessions(left, () => target)).toEqual([]);
  });

  test('in the registry under another address than the inventory is left alone: no password goes there', async () => {
    const { sim, drivers } = await open({ personality: 'openbmc' });
    const before = sim.requests.count;
    const stale = [{ bmcUrl: sim.url, location: '/redfish/v1/SessionService/Sessions/x' }];
    const target = { ...targetFor(sim), spec: { ...targetFor(sim).spec, url: 'http://127.0.0.1:9' } };
    expect(await drivers.deleteStaleSessions(stale, () => target)).toEqual(stale);
    expect(sim.requests.count).toBe(before);
  });
});

describe('HTTP Basic', () => {
  test('is used where there is no session service, and said so', async () => {
    const { port, sim, notes } = await open({ personality: 'supermicro-x10', faults: { noSessions: true } });
    expect(await mustBe(port.readPower())).toBe('off');
    expect(sim.sessions.counts).toMatchObject({ created: 0, rejected: 0 });
    expect(sim.sessions.counts.basic).toBeGreaterThan(0);
    expect(notes.filter((note) => note.includes('HTTP Basic'))).toHaveLength(1);
  });

  test('is never used once a session has worked', async () => {
    const { port, sim } = await open({ personality: 'openbmc' });
    await mustBe(port.readPower());
    sim.sessions.expireAll();
    sim.setFaults({ noSessions: true });
    expect((await problemOf(port.readPower())).code).toBe('unsupported');
    expect(sim.sessions.counts.basic).toBe(0);
  });

  test('with a wrong password is not tried twice', async () => {
    const { drivers, sim, target } = await open({
      personality: 'openbmc',
      faults: { noSessions: true, wrongPassword: true },
    });
    for (let round = 0; round < 4; round += 1) {
      expect((await problemOf(drivers.openBmc(target).readPower())).code).toBe('credentials');
    }
    expect(sim.sessions.counts.rejected).toBe(2);
  });
});

describe('a password', () => {
  test('that is wrong is sent twice at most, however many ports are opened', async () => {
    const { drivers, sim, target } = await open({ personality: 'dell-idrac9-6', faults: { wrongPassword: true } });
    for (let round = 0; round < 5; round += 1) {
      const port = drivers.openBmc(target);
      for (let call = 0; call < 3; call += 1) expect((await problemOf(port.readPower())).code).toBe('credentials');
      await port.close();
    }
    expect(sim.sessions.counts.rejected).toBe(2);
    expect(sim.sessions.counts.basic).toBe(0);
    sim.setFaults({});
    drivers.forgetRejection(sim.url);
    expect(await mustBe(drivers.openBmc(target).readPower())).toBe('off');
  });

  test('that was corrected is tried at once', async () => {
    const { drivers, sim, target } = await open({ personality: 'openbmc' });
    const wrong = { ...target, password: 'not-it' };
    for (let round = 0; round < 3; round += 1) await problemOf(drivers.openBmc(wrong).readPower());
    expect(sim.sessions.counts.rejected).toBe(2);
    expect(await mustBe(drivers.openBmc(target).readPower())).toBe('off');
  });

  test('that must be changed first is told as such, without a retry', async () => {
    const { port, sim } = await open({ personality: 'supermicro-x11', faults: { passwordChange: true } });
    const problem = await problemOf(port.readPower());
    expect(problem.code).toBe('passwordChangeRequired');
    expect(problem.advice).toMatch(/new password/);
    expect(sim.sessions.counts.created).toBe(1);
    await port.close();
  });

  test('does not go over the network in clear text', async () => {
    const { drivers, target } = await open({ personality: 'openbmc' });
    const port = drivers.openBmc({ ...target, spec: { ...target.spec, url: 'http://192.0.2.1' } });
    expect(await problemOf(port.readPower())).toMatchObject({ code: 'tls' });
  });
});

import { afterEach, describe, expect, test } from 'vitest';
import { createBmcDrivers } from '../../../src/drivers/bmc-open.ts';
import type { OnSession } from '../../../src/drivers/redfish/session-name.ts';
import type { PersonalityName } from '../../../src/sim/bmc/personality.ts';
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

/** What was noted of sessions that have a name. */
const named = (lines: readonly string[]) =>
  lines.filter((line) => !line.includes(' ?')).map((line) => line.split(' ')[0]);

/** What the registry would hold after these notes. */
function openIn(lines: readonly string[]): readonly string[] {
  const open = new Set<string>();
  for (const [what = '', location = ''] of lines.map((line) => line.split(' '))) {
    if (what === 'opened') open.add(location);
    else open.delete(location);
  }
  return [...open];
}

describe('a session', () => {
  test('is made once, used by every request and deleted at the end', async () => {
    const { port, sim, sessions } = await open({ personality: 'hpe-ilo5' });
    await mustBe(port.readIdentity());
    await mustBe(port.setPower('on'));
    expect(sim.sessions.counts).toMatchObject({ created: 1, deleted: 0, rejected: 0, basic: 0 });
    await port.close();
    expect(sim.sessions.counts.deleted).toBe(1);
    expect(named(sessions)).toEqual(['opened', 'closed']);
  });

  test.each(['hpe-ilo5', 'lenovo-xcc'] as const)('that the BMC forgot is renewed once (%s)', async (personality) => {
    const { port, sim, sessions } = await open({ personality });
    await mustBe(port.readPower());
    sim.sessions.expireAll();
    expect(await mustBe(port.readPower())).toBe('off');
    expect(sim.sessions.counts.created).toBe(2);
    await port.close();
    expect(sim.sessions.list()).toEqual([]);
    expect(named(sessions)).toEqual(['opened', 'closed', 'opened', 'closed']);
    expect(openIn(sessions)).toEqual([]);
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

  test('whose BMC goes away while it is let go of was stopped, and its BMC did not fail', async () => {
    const { port, drivers, sim } = await open({ personality: 'dell-idrac9-6', faults: { slowS: 60 } });
    const running = port.readPower();
    while (!sim.requests.seen.some((line) => line.startsWith('POST')))
      await new Promise((resolve) => setTimeout(resolve, 1));
    // A login is not broken off, for its session must be known: it fails by itself.
    const closing = drivers.closeAll();
    await sim.close();
    expect(await running).toMatchObject({ ok: false, error: { code: 'stopped' } });
    await closing;
  });

  test('that a crash left behind is deleted at the next start, even when the BMC is full', async () => {
    const left: { bmcUrl: string; location: string }[] = [];
    const onSession: OnSession = (what, session) => {
      if (what === 'opened' && !session.location.startsWith('?')) left.push(session);
    };
    const { port, sim } = await open({ personality: 'hpe-ilo5' }, { onSession });
    await mustBe(port.readPower());
    expect(sim.sessions.list()).toHaveLength(1);
    sim.setFaults({ sessionLimit: true });
    const closed: string[] = [];
    const next = createBmcDrivers({
      timings: fastTimings,
      onSession: (what, session) => {
        closed.push(`${what} ${session.location}`);
      },
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

describe('a session whose making was cut off', () => {
  test.each(['dell-idrac9-6', 'hpe-ilo5', 'lenovo-xcc', 'ami-megarac', 'openbmc'] as const)(
    'is found at the next contact and ended; those of others stay (%s)',
    async (personality) => {
      const { port, sim, sessions, notes, credentials } = await openCut(personality);
      // The operator's own page, from his own desk; and a program of another account from this very host.
      const page = sim.sessions.addForeign({ username: credentials.username, origin: '192.0.2.7' });
      const other = sim.sessions.addForeign({ username: 'monitor', origin: '127.0.0.1', type: 'Redfish' });
      // Their clocks are those of the moment too: what tells them apart is account and origin, where that is shown.
      const aside = sim.state.personality.session.shows.some((what) => what === 'origin' || what === 'hpe');
      if (!aside) sim.sessions.drop(page);
      expect(await mustBe(port.readPower())).toBe('off');
      expect(sim.sessions.counts.created).toBe(2);
      await port.close();
      expect(sim.sessions.list()).toEqual(aside ? [page, other] : [other]);
      expect(openIn(sessions)).toEqual([]);
      expect(notes.some((note) => note.includes('whose making was cut off'))).toBe(true);
    },
  );

  test('is left alone where nothing tells it from one of somebody else', async () => {
    const { port, sim, notes } = await openCut('supermicro-x11');
    await mustBe(port.readPower());
    await port.close();
    expect(sim.sessions.list()).toHaveLength(1);
    expect(notes.some((note) => note.includes('may be ours or not'))).toBe(true);
  });

  test('is left alone where more fit than were lost', async () => {
    const { port, sim, credentials } = await openCut('openbmc');
    sim.sessions.addForeign({ username: credentials.username, origin: '127.0.0.1', type: 'Redfish' });
    await mustBe(port.readPower());
    await port.close();
    expect(sim.sessions.list()).toHaveLength(2);
  });

  test('stays noted while the BMC cuts everything, and is found when it is well again', async () => {
    const { port, sim, drivers, target, sessions } = await open({ personality: 'hpe-ilo6', faults: { cutLogin: 4 } });
    expect((await problemOf(port.readPower())).code).toBe('unreachable');
    await port.close();
    expect(openIn(sessions)).toHaveLength(4);
    expect(sim.sessions.list()).toHaveLength(4);
    const later = drivers.openBmc(target);
    expect(await mustBe(later.readPower())).toBe('off');
    await later.close();
    expect(sim.sessions.list()).toEqual([]);
    expect(openIn(sessions)).toEqual([]);
  });

  test('before a crash is found by the next run, from the time that was noted alone', async () => {
    const { port, sim, sessions } = await open({ personality: 'dell-idrac9-7', faults: { cutLogin: 4 } });
    await problemOf(port.readPower());
    const stale = openIn(sessions).map((location) => ({ bmcUrl: sim.url, location }));
    expect(stale).toHaveLength(4);
    const next = createBmcDrivers({ timings: fastTimings });
    const target = targetFor(sim);
    expect(await next.deleteStaleSessions(stale, () => target)).toEqual([]);
    expect(sim.sessions.list()).toEqual([]);
  });

  async function openCut(personality: PersonalityName) {
    const bench = await open({ personality, faults: { cutLogin: 1 } });
    return { ...bench, credentials: bench.sim.credentials };
  }
});

test('a session of a dead run is deleted with a new one where Basic is turned off', async () => {
  const { port, sim, sessions } = await open({ personality: 'openbmc', faults: { noBasic: true } });
  await mustBe(port.readPower());
  const stale = openIn(sessions).map((location) => ({ bmcUrl: sim.url, location }));
  expect(stale).toHaveLength(1);
  const next = createBmcDrivers({ timings: fastTimings });
  expect(await next.deleteStaleSessions(stale, () => targetFor(sim))).toEqual([]);
  expect(sim.sessions.list()).toEqual([]);
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

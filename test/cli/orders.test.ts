import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Command } from '../../src/cli/command.ts';
import { cancelCommand } from '../../src/cli/commands/cancel.ts';
import { holdCommand, retryCommand, unholdCommand } from '../../src/cli/commands/hold.ts';
import { jobKindCommands } from '../../src/cli/commands/job-kinds.ts';
import { protectCommand } from '../../src/cli/commands/protect.ts';
import { provisionCommand } from '../../src/cli/commands/provision.ts';
import { trustCommand } from '../../src/cli/commands/trust.ts';
import { waveCommand } from '../../src/cli/commands/wave.ts';
import type { Effect } from '../../src/core/effect.ts';
import type { EventBody } from '../../src/core/event.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import type { Plan } from '../../src/core/job.ts';
import { fail } from '../../src/core/result.ts';
import { createSimBmc, type SimBmc } from '../../src/sim/bmc/sim-bmc.ts';
import { planOf, specOf } from '../core/kit.ts';
import { type HostedEngine, hostEngine, type Ran, run, willing } from './hosted-engine.ts';
import { load, NODES } from './recorded-site.ts';

const COMMANDS: readonly Command[] = [
  provisionCommand,
  ...jobKindCommands,
  waveCommand,
  cancelCommand,
  retryCommand,
  holdCommand,
  unholdCommand,
  protectCommand,
  trustCommand,
];
const [one, two] = NODES;
if (one === undefined || two === undefined) throw new Error('two machines are needed');

let host: HostedEngine;
let clearing: 'does' | 'refuses' | 'says nothing' = 'does';
beforeEach(async () => {
  clearing = 'does';
  host = await hostEngine(answer);
});
afterEach(() => host.stop());

/** A BMC that takes and gives back the override, as told. */
function answer(effect: Effect): EventBody | undefined {
  if (effect.type === 'bmc.bootFromNetwork') {
    const read = { target: 'pxe', enabled: 'once' } as const;
    return { type: 'bmc.overrideSet', node: effect.node, job: effect.job, read };
  }
  if (effect.type !== 'bmc.clearOverride') return willing(effect);
  if (clearing === 'says nothing') return undefined;
  if (clearing === 'does') return { type: 'bmc.overrideCleared', node: effect.node, job: effect.job };
  const problem = { code: 'notTaken', message: 'It still shows Pxe.', advice: 'Look at it.' } as const;
  return { type: 'bmc.failed', node: effect.node, job: effect.job, step: 'clearOverride', problem };
}

const cli = (...argv: readonly string[]): Promise<Ran> => run(COMMANDS, argv, { CRASHCART_SOCKET: host.socket });
const jobOf = (name: string) => nodeOf(host.live.engine.fleet(), name)?.job;

async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 30_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function armed(): Promise<void> {
  expect((await cli('provision', one?.name ?? '')).code).toBe(0);
  await until(() => jobOf(one?.name ?? '')?.override === 'set');
}

describe('an order that is still planned', () => {
  /** As far as the plan of what is looked at first, or as that of the order itself. */
  async function ordered(nth: 1 | 2): Promise<{ readonly done: Promise<Ran>; readonly plan: () => void }> {
    const { promise, resolve: plan } = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    let plans = 0;
    host.planSlowly(async () => {
      plans += 1;
      if (plans < nth) return;
      reached.resolve();
      await promise;
    });
    const done = cli('provision', one?.name ?? '', '--reinstall', '--confirm', one?.name ?? '');
    await reached.promise;
    return { done, plan };
  }
  const none = async (plan: () => void): Promise<void> => {
    plan();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(jobOf(one.name)).toBeUndefined();
  };

  describe.each([1, 2] as const)('for the %d. time', (nth) => {
    test.each([['--all'], [one.name]])('is refused by `cancel %s`, which says so', async (whom) => {
      const { done, plan } = await ordered(nth);
      const { code, out } = await cli('cancel', whom, '--take');
      expect([code, out]).toEqual([
        0,
        expect.stringMatching(
          /^reinstall of \S+, ordered by .+, was being planned: it is refused, and nothing of it is/,
        ),
      ]);
      expect(out).not.toContain('nothing runs');
      const { code: refused, err } = await done;
      expect([refused, err]).toEqual([
        1,
        expect.stringMatching(
          /refused, nothing was armed:\nit was (withdrawn by .+ while it was planned|interrupted before it was ordered)\n$/,
        ),
      ]);
      await none(plan);
    });

    test.each<[string, readonly string[]]>([
      ['cancel --all', ['cancel', '--all']],
      ['cancel', ['cancel', one.name]],
      ['hold', ['hold', one.name, '--why', 'fan']],
      ['protect', ['protect', one.name]],
    ])('is refused by a plain `%s`, which waits for no order', async (_, words) => {
      const { done, plan } = await ordered(nth);
      const { code, err: said } = await cli(...words);
      expect([code, said]).toEqual([0, '']);
      const { code: refused, err } = await done;
      expect([refused, err]).toEqual([1, expect.stringMatching(/(withdrawn|forbidden) .+ while it was planned\n$/)]);
      await none(plan);
    });

    test('goes on beside a plain `hold` of another machine, and what lets machines go waits for its end', async () => {
      const { done, plan } = await ordered(nth);
      expect((await cli('hold', two.name, '--why', 'fan')).code).toBe(0);
      const released = cli('unhold', two.name);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(nodeOf(host.live.engine.fleet(), two.name)?.intent.is).toBe('hold');
      plan();
      expect([(await done).code, (await released).code]).toEqual([0, 0]);
      expect(jobOf(one.name)).toBeDefined();
    });

    test('is refused when another took the write side, also where that is gone again', async () => {
      const { done, plan } = await ordered(nth);
      expect((await cli('hold', two.name, '--why', 'fan', '--take')).code).toBe(0);
      plan();
      const { code, err } = await done;
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(/\(hold, since .*\) took the write side while it was planned\n$/),
      ]);
      await none(plan);
    });

    test('is taken back by ctrl-C, which says so', async () => {
      const { done, plan } = await ordered(nth);
      process.emit('SIGINT');
      const { code, err } = await done;
      expect([code, err]).toEqual([
        1,
        expect.stringMatching(
          /interrupted: .*\n.*refused, nothing was armed:\nit was (withdrawn by .+ while it was planned|interrupted before it was ordered)\n$/,
        ),
      ]);
      expect(process.listenerCount('SIGINT')).toBe(0);
      await none(plan);
    });
  });

  test('is refused when the connection of who ordered it ends, and of that nobody says that nothing was armed', async () => {
    const { done, plan } = await ordered(2);
    host.hangUp();
    const { code, err } = await done;
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(
        /^crashcart: it is not known whether anything was armed: look with `crashcart status`:\nthe engine is gone: .*; nobody knows whether it took this order\n$/,
      ),
    ]);
    await none(plan);
  });
});

describe('cancel', () => {
  test('ends the job, and says that the override was cleared and read back', async () => {
    await armed();
    const { code, out } = await cli('cancel', one.name);
    expect([code, out]).toEqual([0, `${one.name}: cancelled, boot override cleared and read back\n`]);
    expect(jobOf(one.name)).toBeUndefined();
    expect(host.effects.map((effect) => effect.type)).toContain('bmc.clearOverride');
  });

  test('says that the machine is off now, where the end of its order left it so', async () => {
    await armed();
    host.live.engine.emit({ type: 'bmc.powerRead', node: one.name, power: 'off' });
    const { code, out } = await cli('cancel', one.name);
    expect(code).toBe(0);
    expect(out).toBe(
      `${one.name}: cancelled, boot override cleared and read back; it is off now: crashcart power ${one.name} on\n`,
    );
  });

  test('tells of a disk that is written, that may be, and of an own script of which nothing was heard since', async () => {
    const emit = (event: EventBody): void => host.live.engine.emit(event);
    const said = async (foreign: Partial<Plan>, ...then: readonly EventBody[]) => {
      const kind = foreign.foreign === true ? 'reinstall' : 'install';
      const plan = planOf(kind, { kernelArgs: ['talos.halt_if_installed=1'], ...foreign });
      const expiresAt = Date.now() + 600_000;
      const by = { user: 'ada', from: 'tty1' };
      emit({ type: 'operator.armed', node: one.name, job: 'j', kind, plan, confirmed: one.name, expiresAt, by });
      emit({ type: 'job.stored', node: one.name, job: 'j' });
      const asked = {
        type: 'http.scriptAsked',
        node: one.name,
        address: '10.77.0.1',
        reason: '',
        hardware: {},
      } as const;
      for (const event of [{ ...asked, answer: 'install', job: 'j' } as const, ...then]) emit(event);
      return (await cli('cancel', one.name)).out;
    };
    const own = { foreign: true, profile: 'own', templateHash: 't' } as const;
    expect(await said(own)).toMatch(
      /; its own script went out \d s ago, and nothing was heard of it since: if it took that, its disk may be written, and the machine goes on by itself: power it off now to stop that; its disk is to be taken as erased until a system is seen to run from it\n$/,
    );
    expect(await said(own, { type: 'http.handedOff', node: one.name })).toMatch(
      /; its disk may be written, and the machine goes on by itself: power it off now to stop that; its disk is to be taken as erased until a system is seen to run from it\n$/,
    );
    expect(await said({}, { type: 'talos.installing', node: one.name, percent: 4 })).toMatch(
      /; its disk is already being written, and the machine goes on by itself: power it off now to stop that; /,
    );
  });

  test('says when the override is not cleared, and that is a no', async () => {
    await armed();
    clearing = 'refuses';
    const { code, out } = await cli('cancel', one.name);
    expect(code).toBe(1);
    expect(out).toContain('NOT cleared: It still shows Pxe. Look at it.');
    expect(jobOf(one.name)).toBeUndefined();
  });

  test('says when the BMC did not read back in time', async () => {
    await armed();
    clearing = 'says nothing';
    const { code, out } = await cli('cancel', one.name, '--timeout', '1');
    expect([code, out]).toEqual([
      1,
      `${one.name}: cancelled, but its BMC has not read back yet that the boot override is cleared\n`,
    ]);
  });

  test('of a machine without a job changes nothing', async () => {
    expect(await cli('cancel', one.name)).toEqual({ code: 0, out: `${one.name}: has no job\n`, err: '' });
  });

  test('of all ends waves and jobs, and is JSON for scripts', async () => {
    expect((await cli('provision', one.name, two.name, '--canary', '0', '--width', '1')).code).toBe(0);
    await until(() => jobOf(one.name)?.override === 'set');
    const { code, out } = await cli('cancel', '--all', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ cancelled: [{ name: one.name, override: { is: 'cleared' } }], idle: [] });
    expect(jobOf(two.name)).toBeUndefined();
    expect((await cli('cancel', '--all')).out).toBe('nothing runs\n');
  });

  test('of all cancels every wave and every machine where nothing of it can be saved', async () => {
    const three = specOf('r07-u04');
    await host.live.engine.emitDurably([load(one, two, three)]);
    expect((await cli('provision', one.name, two.name, '--canary', '0', '--width', '1')).code).toBe(0);
    expect((await cli('provision', three.name)).code).toBe(0);
    await until(() => [one, three].every(({ name }) => jobOf(name)?.override === 'set'));
    const { engine } = host.live;
    vi.spyOn(engine, 'emitDurably').mockImplementation(async (bodies) => {
      for (const body of bodies) engine.emit(body);
      return fail('the disk hangs');
    });
    const { code, out, err } = await cli('cancel', '--all');
    expect([code, [one, two, three].map(({ name }) => jobOf(name))]).toEqual([1, [undefined, undefined, undefined]]);
    expect(Object.values(engine.fleet().waves).map(({ state }) => state)).toEqual(['cancelled']);
    for (const { name } of [one, three])
      expect(out).toContain(`${name}: cancelled, boot override cleared and read back\n`);
    expect(err).toBe(
      'crashcart: wave cancelled: what runs goes on, but NOT SAVED: the disk hangs\n' +
        'crashcart: 2 machines cancelled, but NOT SAVED: the disk hangs\n',
    );
  });

  describe('of more than one wave, or of one, when a wave arms its next machine between the look and the order', () => {
    const three = specOf('r07-u04');
    const four = specOf('r07-u05');
    const erasing = async (...names: readonly string[]): Promise<string> => {
      const before = Object.keys(host.live.engine.fleet().waves);
      const typed = names.flatMap((name) => ['--confirm', name]);
      const { code } = await cli('provision', ...names, '--reinstall', ...typed, '--canary', '0', '--width', '1');
      expect(code).toBe(0);
      return Object.keys(host.live.engine.fleet().waves).find((id) => !before.includes(id)) ?? '';
    };
    /** In the moment in which this wave is cancelled, a machine of another one is ready, and the next is armed. */
    const endsJobAt = (wave: string, name: string) => {
      const { engine } = host.live;
      const real = engine.emitDurably;
      vi.spyOn(engine, 'emitDurably').mockImplementation(async (bodies) => {
        const [first] = bodies;
        if (first?.type === 'site.waveCancelled' && first.wave === wave)
          engine.emit({ type: 'operator.cancelled', node: name, by: { user: 'ada', from: 'tty1' } });
        return real(bodies);
      });
    };
    const jobs = (...names: readonly string[]) => names.map((name) => jobOf(name)?.kind);

    beforeEach(() => host.live.engine.emitDurably([load(one, two, three, four)]));

    test('--all ends what the wave that came last armed since, and says so', async () => {
      const first = await erasing(one.name, two.name);
      await erasing(three.name, four.name);
      await until(() => [one, three].every(({ name }) => jobOf(name)?.override === 'set'));
      endsJobAt(first, three.name);
      const { code, out } = await cli('cancel', '--all');
      expect(jobs(one.name, two.name, three.name, four.name)).toEqual([undefined, undefined, undefined, undefined]);
      expect([code, out]).toEqual([0, expect.stringContaining(`${four.name}: cancelled`)]);
    });

    test('--wave ends what it armed since', async () => {
      const wave = await erasing(one.name, two.name);
      await until(() => jobOf(one.name)?.override === 'set');
      endsJobAt(wave, one.name);
      const { code, out } = await cli('cancel', '--wave', wave);
      expect(jobs(one.name, two.name)).toEqual([undefined, undefined]);
      expect([code, out]).toEqual([0, expect.stringContaining(`${two.name}: cancelled`)]);
    });

    test('--wave ends the job of a machine that the wave has given up', async () => {
      const wave = await erasing(one.name, two.name);
      await until(() => jobOf(one.name)?.override === 'set');
      const problem = { code: 'unreachable', message: 'It is silent.', advice: 'Look at it.' } as const;
      const job = jobOf(one.name)?.id ?? '';
      host.live.engine.emit({ type: 'bmc.failed', node: one.name, job, step: 'power', problem });
      expect(host.live.engine.fleet().waves[wave]?.ended[one.name]?.outcome).toBe('failed');
      expect((await cli('cancel', '--wave', wave)).out).toContain(`${one.name}: cancelled`);
      expect(jobs(one.name, two.name)).toEqual([undefined, undefined]);
    });

    test('--all of which nothing is taken, as the write side is gone, ends with a no', async () => {
      await erasing(one.name, two.name);
      await until(() => jobOf(one.name)?.override === 'set');
      host.refuse('somebody else holds the write side');
      const { code, err } = await cli('cancel', '--all');
      expect([code, err]).toEqual([1, 'crashcart: somebody else holds the write side\n']);
    });
  });

  test.each([
    ['nothing named', ['cancel'], /one of the three/],
    ['two ways at once', ['cancel', 'r07-u01', '--all'], /one of the three/],
    ['a machine that is not there', ['cancel', 'r99'], /no machine named r99/],
    ['a wave that is not there', ['cancel', '--wave', 'zz'], /no wave "zz"/],
  ])('with %s is wrong usage', async (_, argv, message) => {
    const { code, err } = await cli(...argv);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});

describe('wave', () => {
  test('starts by provision with a width, is listed, paused, resumed and cancelled', async () => {
    const started = await cli('provision', one.name, two.name, '--canary', '1', '--width', '8', '--stop-after', '3');
    expect(started.out).toMatch(/^wave of 2 started: 1 first, then 8 at a time \(wave \S+\)\n$/);
    expect([jobOf(one.name)?.kind, jobOf(two.name)]).toEqual(['install', undefined]);
    expect((await cli('wave', 'list')).out).toMatch(/install running: 0 done, 0 failed, 1 running, 1 waiting\n$/);
    expect((await cli('wave', 'pause')).out).toContain('wave paused');
    expect((await cli('wave')).out).toContain('install paused');
    expect((await cli('wave', 'resume')).out).toContain('wave goes on');
    const [row] = JSON.parse((await cli('wave', '--json')).out) as [{ id: string }];
    expect(row).toMatchObject({ state: 'running', canary: 1, width: 8, stopAfterFailures: 3, waiting: [two.name] });
    expect((await cli('wave', 'cancel', row.id)).out).toContain('wave cancelled');
    expect(jobOf(one.name)?.kind).toBe('install');
    expect((await cli('cancel', '--wave', row.id.slice(0, 4))).out).toContain(`${one.name}: cancelled`);
    expect((await cli('wave', 'pause')).err).toContain('no wave is under way');
  });

  test('that is waited for ends with its machines, and a cancelled one is a no', async () => {
    const waiting = cli('provision', one.name, two.name, '--width', '2', '--wait', '--timeout', '60');
    await until(() => jobOf(one.name) !== undefined);
    expect((await cli('cancel', '--all', '--take')).code).toBe(0);
    const { code, out } = await waiting;
    expect(code).toBe(1);
    expect(out).toMatch(/wave \S+ install (stopped|cancelled)/);
  });

  test('says which machine was not armed, and why, from its beginning to its end', async () => {
    await host.live.engine.emitDurably([load({ ...one, role: 'controlplane' }, { ...two, role: 'controlplane' })]);
    const quorum = `${two.name} waits for another control-plane node of ${one.cluster}`;
    const started = await cli('provision', one.name, two.name, '--canary', '2', '--width', '2');
    expect(started.out).toMatch(/^wave of 2 started: 2 first, then 2 at a time \(wave \S+\)\n/);
    expect(started.out.split('\n').slice(1)).toEqual([quorum, '']);
    expect(jobOf(two.name)).toBeUndefined();
    const [wave] = Object.keys(host.live.engine.fleet().waves);
    const { out } = await cli('cancel', one.name);
    const why = `${one.name}, which went first, was cancelled; the rest is not started`;
    expect(out.split('\n').slice(1)).toEqual([
      `wave ${wave} stopped: ${why}; crashcart wave resume ${wave} starts it`,
      '',
    ]);
    expect((await cli('wave')).out).toMatch(new RegExp(`0 running, 1 waiting \\(${two.name}\\): ${why}\n$`));
    expect((await cli('wave', 'resume', wave ?? '')).code).toBe(0);
    await until(() => jobOf(two.name) !== undefined);
  });

  test('that erases goes on when what waits is confirmed once more, and not before', async () => {
    const names = [one.name, two.name].flatMap((name) => ['--confirm', name]);
    const begun = await cli('provision', one.name, two.name, '--reinstall', ...names, '--canary', '0', '--width', '1');
    expect(begun.code).toBe(0);
    const [wave] = Object.keys(host.live.engine.fleet().waves);
    await cli('wave', 'pause');
    const asked = await cli('wave', 'resume');
    expect([asked.code, host.live.engine.fleet().waves[wave ?? '']?.state]).toEqual([2, 'paused']);
    expect(asked.err).toMatch(
      new RegExp(
        `wave ${wave} \\(reinstall, begun \\d+ s ago by \\S+.*\\) ERASES the disks of ${two.name}: to resume it, --confirm "ERASE 1"`,
      ),
    );
    expect((await cli('wave', 'resume', '--confirm', 'ERASE 2')).code).toBe(2);
    const panic = (on: boolean): EventBody => ({ type: 'site.panicSwitched', on, by: { user: 'ada', from: 'tty1' } });
    host.live.engine.emit(panic(true));
    const under = await cli('wave', 'resume', '--confirm', 'ERASE 1');
    expect([under.code, under.err]).toEqual([1, expect.stringContaining('the panic key is pressed: release it first')]);
    host.live.engine.emit(panic(false));
    expect((await cli('wave', 'resume', '--confirm', 'ERASE 1')).out).toContain('wave goes on');
  });

  test('a machine that waits in it is taken out by its name, and is not armed when its turn comes', async () => {
    await cli('provision', one.name, two.name, '--canary', '0', '--width', '1');
    await until(() => jobOf(one.name)?.override === 'set');
    const [wave] = Object.keys(host.live.engine.fleet().waves);
    expect(await cli('cancel', two.name)).toEqual({
      code: 0,
      out: `${two.name}: out of wave ${wave} (install), in which it waited\n`,
      err: '',
    });
    expect((await cli('cancel', one.name, '--json')).code).toBe(0);
    expect(jobOf(two.name)).toBeUndefined();
    expect(host.live.engine.fleet().waves[wave ?? '']?.state).toBe('done');
    expect((await cli('cancel', two.name)).out).toBe(`${two.name}: has no job\n`);
  });

  test('of which a machine that did not go first is cancelled goes on, and nothing is said of it', async () => {
    await cli('provision', one.name, two.name, '--canary', '0', '--width', '1');
    await until(() => jobOf(one.name)?.override === 'set');
    expect((await cli('cancel', one.name, '--json')).out).toContain('"stopped":[]');
    await until(() => jobOf(two.name) !== undefined);
    expect((await cli('cancel', two.name)).out).not.toContain('wave');
  });

  test('tells a script for what its machines wait', async () => {
    await host.live.engine.emitDurably([load({ ...one, role: 'controlplane' }, { ...two, role: 'controlplane' })]);
    const { out } = await cli('provision', one.name, two.name, '--canary', '2', '--json');
    expect(JSON.parse(out)).toMatchObject({
      waits: [`${two.name} waits for another control-plane node of ${one.cluster}`],
    });
  });

  test.each([
    ['half a machine', ['provision', 'r07-u01', '--width', '1.5'], /whole number/],
    ['no place at all', ['provision', 'r07-u01', '--width', '0'], /from 1 to/],
    ['another word', ['wave', 'stop'], /none of list, pause, resume, cancel/],
  ])('with %s is wrong usage', async (_, argv, message) => {
    const { code, err } = await cli(...argv);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });
});

describe('hold', () => {
  test('keeps a machine from being armed until it is let go', async () => {
    await armed();
    expect((await cli('hold', one.name, '--why', 'DIMM B4')).code).toBe(0);
    expect(jobOf(one.name)).toBeUndefined();
    expect((await cli('provision', one.name)).err).toContain('on hold: DIMM B4');
    expect((await cli('unhold', one.name)).code).toBe(0);
    expect((await cli('provision', one.name)).code).toBe(0);
  });

  test('without a reason is wrong usage', async () => {
    expect((await cli('hold', one.name)).err).toContain('--why');
  });
});

test.each(['inspect', 'rescue'] as const)('%s arms that kind of job', async (kind) => {
  expect((await cli(kind, one.name)).code).toBe(0);
  expect(jobOf(one.name)?.kind).toBe(kind);
});

test('wipe wants the host name once more', async () => {
  expect((await cli('wipe', one.name)).err).toContain(`--confirm ${one.name}`);
  expect(jobOf(one.name)).toBeUndefined();
  expect((await cli('wipe', one.name, '--confirm', one.name)).code).toBe(0);
  expect(jobOf(one.name)?.kind).toBe('wipe');
});

test('arming a machine whose BMC lists none of its network cards warns of that, and goes', async () => {
  const spec = { ...one, identity: { macs: one.identity.macs } };
  await host.live.engine.emitDurably([load(spec, two)]);
  const macs = [{ mac: '52:54:00:99:99:01', from: 'x' }];
  const identity = { vendor: 'x', macs, drives: [], bootTargets: [], canInsertMedia: false };
  host.live.engine.emit({ type: 'bmc.identityRead', node: one.name, identity });
  const { code, err } = await cli('provision', one.name);
  expect(err).toMatch(/warning: the BMC of \S+ lists the MACs 52:54:00:99:99:01, and none of/);
  expect(code).toBe(0);
});

test('retry orders the boot of the job again', async () => {
  await armed();
  const before = host.effects.filter((effect) => effect.type === 'bmc.bootFromNetwork').length;
  expect((await cli('retry', one.name)).out).toBe(`${one.name} retried\n`);
  expect(host.effects.filter((effect) => effect.type === 'bmc.bootFromNetwork')).toHaveLength(before + 1);
});

describe('trust', () => {
  let bmc: SimBmc;
  beforeEach(async () => {
    bmc = await createSimBmc({ personality: 'hpe-ilo6', tls: true });
    const spec = { ...one, bmc: { url: bmc.url, username: 'x', password: { from: 'env', name: 'X' } as const } };
    const { bmc: _none, ...bare } = two;
    await host.live.engine.emitDurably([load(spec, bare)]);
  });
  afterEach(() => bmc.close());
  const trusted = () => host.live.engine.fleet().fingerprints[one.name];

  test('shows the certificate, and confirms nothing by itself', async () => {
    const { code, out } = await cli('trust', one.name);
    expect(code).toBe(1);
    expect(out).toContain(bmc.fingerprint);
    expect(out).toContain('nobody has confirmed it yet');
    expect(trusted()).toBeUndefined();
    expect(bmc.requests.count).toBe(0);
  });

  test('confirms the one that was compared, and no other', async () => {
    expect((await cli('trust', one.name, '--fingerprint', 'ab'.repeat(32))).code).toBe(1);
    expect(trusted()).toBeUndefined();
    const plain = bmc.fingerprint?.replaceAll(':', '').toLowerCase() ?? '';
    expect((await cli('trust', one.name, '--fingerprint', plain)).code).toBe(0);
    expect(trusted()).toBe(bmc.fingerprint);
    expect((await cli('trust', one.name)).out).toContain('; confirmed');
  });

  test('takes on first use what is shown, and never one that changed', async () => {
    expect((await cli('trust', one.name, '--first-use')).code).toBe(0);
    const first = trusted();
    expect(first).toBe(bmc.fingerprint);
    bmc.changeCertificate();
    const changed = await cli('trust', one.name, '--first-use');
    expect(changed.code).toBe(1);
    expect(changed.out).toContain('CHANGED');
    expect(trusted()).toBe(first);
  });

  test('of a machine without a BMC says so', async () => {
    expect((await cli('trust', two.name)).err).toContain('has no BMC');
  });
});

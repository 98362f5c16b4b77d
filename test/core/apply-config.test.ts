import { describe, expect, test } from 'vitest';
import { mayApply } from '../../src/core/apply-config.ts';
import type { Effect } from '../../src/core/effect.ts';
import type { EventBody } from '../../src/core/event.ts';
import { emptyFleet, type Fleet, nodeOf } from '../../src/core/fleet.ts';
import type { Job } from '../../src/core/job.ts';
import type { NodeState } from '../../src/core/node.ts';
import { reduce } from '../../src/core/reduce.ts';
import { shardMapOf } from '../../src/core/shard-map.ts';
import { ACTOR, at, attemptOf, jobOf, nodeWith, phaseOf, planOf } from './kit.ts';

/** A machine whose boot takes no arguments (a UKI) gets its configuration by its API, once in each boot. */

const node = 'node-01';
const uki = (changes: Partial<Job> = {}): Job =>
  jobOf('install', { plan: planOf('install', { uki: true }), ...changes });
const machine = (changes: Partial<NodeState> = {}): NodeState =>
  nodeWith(phaseOf('up', { by: 'wire' }, at(-2)), {
    attempt: attemptOf(),
    job: uki(),
    seen: { address: '10.77.0.1' },
    ...changes,
  });
const fleetWith = (one: NodeState): Fleet => ({ ...emptyFleet(at(-90)), at: at(-1), nodes: shardMapOf([[node, one]]) });
const maintenance: EventBody = { type: 'talos.maintenanceEntered', node };
const probed: EventBody = { type: 'probe.opened', node, address: '10.77.0.1', certificate: 'maintenance' };
const tell = (fleet: Fleet, body: EventBody, seconds = 0): readonly [Fleet, readonly Effect[]] =>
  reduce(fleet, { ...body, time: at(seconds) });
const applies = (effects: readonly Effect[]) => effects.filter((one) => one.type === 'talos.apply');
const ORDER = { type: 'talos.apply', node, address: '10.77.0.1', configHash: 'config-1', job: 'job-1', attempt: 4 };
const WISH = { node, job: 'job-1', attempt: 4, configHash: 'config-1' };

describe('in maintenance mode the configuration is ordered', () => {
  test.each<readonly [string, EventBody]>([
    ['when Talos reports it', maintenance],
    ['when its stage is told', { type: 'talos.stageChanged', node, stage: 'maintenance', ready: true, unmet: [] }],
    ['when its API shows it', probed],
  ])('%s', (_name, body) => {
    expect(applies(tell(fleetWith(machine()), body)[1])).toEqual([ORDER]);
  });

  test('once in a boot, however often it says so; the next boot may take it again', () => {
    const [first, effects] = tell(fleetWith(machine()), maintenance);
    expect(applies(effects)).toHaveLength(1);
    const [second, more] = tell(
      first,
      { type: 'talos.stageChanged', node, stage: 'maintenance', ready: true, unmet: [] },
      1,
    );
    expect(applies(more)).toEqual([]);
    const third = {
      type: 'http.scriptAsked',
      node,
      address: '10.77.0.1',
      answer: 'local',
      reason: '',
      hardware: {},
    } as const;
    const [booted] = tell(second, third, 60);
    expect(nodeOf(booted, node)?.attempt).toMatchObject({ number: 5, job: 'job-1' });
    expect(nodeOf(booted, node)?.attempt?.configAskedAt).toBeUndefined();
  });

  test.each<readonly [string, Partial<NodeState>]>([
    ['to a job that boots with arguments', { job: jobOf('install') }],
    ['to an inspection', { job: jobOf('inspect', { plan: planOf('inspect', { uki: true }) }) }],
    ['to an arming that is not on disk', { job: uki({ stored: false }) }],
    ['to a job whose install began', { job: uki({ spentAt: at(-9) }) }],
    ['to a job that is suspended', { job: uki({ suspended: { at: at(-9), code: 'LOOP' } }) }],
    ['to a job that expired', { job: uki({ expiresAt: at(-1) }) }],
    ['to a boot of another job', { attempt: attemptOf({ job: 'job-0' }) }],
    ['to a boot that has it', { attempt: attemptOf({ configServedAt: at(-3) }) }],
    ['to a machine on hold', { intent: { is: 'hold', since: at(-9), why: 'smoke' } }],
    ['to a machine in conflict', { health: { is: 'conflict', code: 'IDENTITY_CONFLICT', since: at(-9), detail: '' } }],
    ['to a protected machine', { guard: { since: at(-9), by: 'eva' } }],
    ['to a machine whose address nobody knows', { seen: {} }],
  ])('but not %s', (_name, changes) => {
    expect(applies(tell(fleetWith(machine(changes)), maintenance)[1])).toEqual([]);
  });

  test('again after a restart of the program that lost the answer, and not after one that did not', () => {
    const started: EventBody = { type: 'engine.started', version: 'x', simulated: false };
    const [asked] = tell(fleetWith(machine()), maintenance);
    expect(applies(tell(asked, started, 5)[1])).toEqual([ORDER]);
    const [taken] = tell(asked, { type: 'talos.configApplied', ...WISH }, 3);
    expect(applies(tell(taken, started, 5)[1])).toEqual([]);
  });
});

describe('how it ended', () => {
  const [asked] = tell(fleetWith(machine()), maintenance);
  const ended = (body: EventBody) => nodeOf(tell(asked, body, 3)[0], node);

  test('taken: the job is spent, and the boot goes on as after one that was fetched', () => {
    expect(ended({ type: 'talos.configApplied', ...WISH })).toMatchObject({
      phase: { is: 'config', servedAt: at(3) },
      job: { spentAt: at(3), configServedAt: at(3) },
      attempt: { configServedAt: at(3) },
    });
  });

  test('refused: the reason is on the machine, and its job is not spent', () => {
    const refused = ended({ type: 'talos.configApplied', ...WISH, problem: 'Talos refuses it: no disk' });
    expect(refused).toMatchObject({ phase: { is: 'maintenance' }, health: { is: 'failed', code: 'CONFIG_BAD' } });
    expect(refused?.job?.spentAt).toBeUndefined();
  });

  test('of a boot before: it says nothing about this one', () => {
    expect(ended({ type: 'talos.configApplied', ...WISH, attempt: 3 })).toMatchObject({ phase: { is: 'maintenance' } });
    expect(ended({ type: 'talos.configApplied', ...WISH, attempt: 3, problem: 'x' })?.health.is).toBe('ok');
  });
});

describe('just before it is sent', () => {
  const fleet = fleetWith(machine({ phase: phaseOf('maintenance', { api: true }, at(-2)) }));
  const panic = { ...fleet, switches: { panic: { since: at(-1), by: ACTOR } } };

  test.each<readonly [string, Fleet, Partial<typeof WISH>, RegExp | undefined]>([
    ['it may go', fleet, {}, undefined],
    ['another job', fleet, { job: 'job-2' }, /not armed for it any more/],
    ['another boot', fleet, { attempt: 3 }, /booted again/],
    ['another configuration', fleet, { configHash: 'config-2' }, /another configuration was confirmed/],
    ['no such machine', fleet, { node: 'node-77' }, /not armed/],
    ['the panic key', panic, {}, /panic key/],
    ['protected since', fleetWith(machine({ guard: { since: at(-1), by: 'eva' } })), {}, /protected/],
    ['spent since', fleetWith(machine({ job: uki({ spentAt: at(-1) }) })), {}, /spent/],
  ])('%s', (_name, known, wish, reason) => {
    const may = mayApply(known, { ...WISH, ...wish }, at(1));
    if (reason === undefined) expect(may.ok).toBe(true);
    else expect(may).toMatchObject({ ok: false, error: expect.stringMatching(reason) });
  });
});

describe('the certificate of its maintenance mode', () => {
  const api: EventBody = { type: 'talos.hardwareRead', node, disks: [], fingerprint: 'from-api' };
  const log: EventBody = { type: 'talos.certificateLogged', node, fingerprint: 'from-log' };
  const known = (...bodies: readonly EventBody[]) =>
    nodeOf(
      bodies.reduce((fleet, body) => tell(fleet, body)[0], fleetWith(machine())),
      node,
    )?.attempt?.certificate;

  test('is that which its API showed first, until its log tells', () => {
    expect(known(api)).toEqual({ fingerprint: 'from-api', by: 'api' });
    expect(known(api, { ...api, fingerprint: 'other' })).toEqual({ fingerprint: 'from-api', by: 'api' });
    expect(known(api, log)).toEqual({ fingerprint: 'from-log', by: 'log' });
    expect(known(log, api)).toEqual({ fingerprint: 'from-log', by: 'log' });
  });

  test('is forgotten with its boot', () => {
    const asked: EventBody = {
      type: 'http.scriptAsked',
      node,
      address: '10.77.0.1',
      answer: 'local',
      reason: '',
      hardware: {},
    };
    expect(known(api, { ...asked })).toBeUndefined();
  });
});

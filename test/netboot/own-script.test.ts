import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import { answerGate, type GateAnswer, type GateQuestion } from '../../src/netboot/gate.ts';
import { resolveIdentity } from '../../src/netboot/identity.ts';
import {
  ACTOR,
  apply,
  armed,
  at,
  EVENT_SAMPLES,
  fleetOf,
  planOf,
  specOf,
  stored,
  type Timed,
  uuidOf,
} from '../core/kit.ts';

/**
 * An own script that writes disks is spent by going out. The one answer that may be given twice is one that was lost, to the
 * boot that asked for it: everything else would install a machine twice by one arming.
 */

const SPEC = specOf('node-01');
const node = 'node-01';
const mac = SPEC.identity.macs[0] ?? '';
const HOME = '10.77.0.1';
const PLAN = planOf('reinstall', { foreign: true, profile: 'own', templateHash: 'b'.repeat(64), kernelArgs: [] });

const firmware = (xid: number): EventBody => ({
  type: 'dhcp.firmwareAsked',
  node,
  mac,
  arch: 7,
  firmware: 'uefi',
  xid,
  secs: 0,
  variant: 0,
  offered: 'ipxe.efi',
  reason: '',
});
const ipxe: EventBody = { type: 'dhcp.ipxeAsked', node, mac, address: HOME, xid: 5 };
const given = (address = HOME, answer: 'install' | 'local' = 'install'): EventBody => ({
  type: 'http.scriptAsked',
  node,
  mac,
  address,
  answer,
  reason: 'r',
  job: 'job-1',
  hardware: {},
});
const OPENED: EventBody = { type: 'probe.opened', node, address: HOME, certificate: 'none' };
const ARMED: readonly Timed[] = [
  [1, armed('reinstall', { plan: PLAN, confirmed: node })],
  [1, stored()],
];
const OUT: readonly Timed[] = [...ARMED, [5, firmware(1)], [8, ipxe], [9, given()]];

function answer(events: readonly Timed[], seconds: number, more: Partial<GateQuestion> = {}): GateAnswer {
  const fleet = apply(fleetOf(SPEC, specOf('node-02')), ...events);
  return answerGate({
    fleet,
    route: 'script',
    at: at(seconds),
    identity: resolveIdentity(fleet, { macs: SPEC.identity.macs, uuid: uuidOf(1), serial: 'CZJ0140K' }),
    token: 'absent',
    arch: 'amd64',
    from: HOME,
    now: { planHash: PLAN.hash, configHash: PLAN.configHash, artefactsProven: true },
    ...more,
  });
}

describe('an own script whose answer was lost', () => {
  test('goes out again to the same boot and address, within seconds of the first time', () => {
    expect(answer(OUT, 10)).toMatchObject({ give: 'write', stage: 'install', reason: expect.stringContaining('lost') });
    expect(answer(OUT, 29)).toMatchObject({ give: 'write' });
    // As often as its iPXE tries, and always counted from the first time.
    const tried: readonly Timed[] = [...OUT, [11, given()], [14, given()], [19, given()]];
    expect(answer(tried, 28)).toMatchObject({ give: 'write' });
    expect(answer(tried, 30)).toMatchObject({ give: 'local', rule: 'unspent' });
  });

  test('is no other attempt, and its job stays spent from the first time on', () => {
    const first = nodeOf(apply(fleetOf(SPEC), ...OUT), node);
    const again = nodeOf(apply(fleetOf(SPEC), ...OUT, [11, given()]), node);
    expect(first?.job).toMatchObject({ spentAt: at(9), attempts: 1 });
    expect(again?.job).toMatchObject({ spentAt: at(9), attempts: 1, handedOver: first?.attempt?.number });
    expect(again?.attempt?.number).toBe(first?.attempt?.number);
  });

  test.each<readonly [string, readonly Timed[], number, Partial<GateQuestion>]>([
    ['from another address', [], 10, { from: '10.77.0.99' }],
    ['from an address that is not told', [], 10, { from: '' }],
    ['more than 20 s after the first time', [], 29.1, {}],
    ['before the clock was set back', [], 8, {}],
    ['on another route', [], 10, { route: 'config', token: 'match' }],
    ['once firmware asked again', [[10, firmware(2)]], 11, {}],
    ['once firmware asked again with the transaction of before', [[10, firmware(1)]], 11, {}],
    ['once iPXE asked for an address again', [[10, ipxe]], 11, {}],
    ['once a system asked for an address', [[10, { type: 'dhcp.osAsked', node, mac, address: HOME }]], 11, {}],
    [
      'once another server answered it',
      [[10, { type: 'dhcp.rivalAnswered', node, server: '10.9.9.9', ack: true }]],
      11,
      {},
    ],
    [
      'once it fetched a loader',
      [[10, { type: 'loader.requested', node, file: 'a', totalBytes: 9, by: 'tftp' }]],
      11,
      {},
    ],
    ['once it asked for its beacon', [[10, { type: 'http.handedOff', node }]], 11, {}],
    ['once its port was seen open', [[10, OPENED]], 11, {}],
    ['once a local answer went out', [[10, given(HOME, 'local')]], 11, {}],
    ['once its BMC told that it is on', [[10, { type: 'bmc.powerRead', node, power: 'on' }]], 11, {}],
    ['once its BMC told of POST', [[10, { type: 'bmc.progressRead', node, progress: 'InPost' }]], 11, {}],
    [
      'once somebody ordered its power',
      [[10, { type: 'operator.poweredBy', node, action: 'cycle', by: ACTOR }]],
      11,
      {},
    ],
    ['once it is on hold', [[10, { type: 'operator.held', node, why: 'stop', by: ACTOR }]], 11, {}],
    ['once it was cancelled', [[10, { type: 'operator.cancelled', node, by: ACTOR }]], 11, {}],
    ['while panic is on', [[10, { type: 'site.panicSwitched', on: true, by: ACTOR }]], 11, {}],
    ['while nothing can be stored', [[10, { type: 'store.failed', reason: 'disk full' }]], 11, {}],
    ['after a sleep of the host', [[10, { type: 'clock.slept', forMs: 6_000 }]], 11, {}],
    ['after a start of the program', [[10, { type: 'engine.started', version: '1', simulated: false }]], 11, {}],
  ])('does not go out again %s', (_name, since, seconds, more) => {
    expect(answer([...OUT, ...since], seconds, more).give).not.toBe('write');
  });

  /** We sent or asked in vain, or its BMC told of something else than its power: none of it is of another boot. */
  const TELL_OF_NO_BOOT = [
    'bmc.overrideSet',
    'bmc.orderRead',
    'bmc.identityRead',
    'bmc.logRead',
    'bmc.failed',
    'bmc.overrideCleared',
    'bmc.mediaInserted',
    'bmc.mediaEjected',
    'bmc.located',
    'loader.firstBlockLost',
    'http.answerWithheld',
    'http.answerSent',
    'talos.checked',
    'talos.configApplied',
  ];
  const HEARD = Object.values(EVENT_SAMPLES)
    .flat()
    .filter((event) => event.type !== 'http.scriptAsked' || event.answer !== 'install');

  test('does not go out again once anything else was heard of it, whatever that is', () => {
    const stillOut = new Set<string>();
    for (const event of HEARD) if (answer([...OUT, [10, event]], 11).give === 'write') stillOut.add(event.type);
    expect([...stillOut]).toEqual(TELL_OF_NO_BOOT);
  });

  test('does not go out again to a boot of which nothing was heard before: that of the next one would not be heard either', () => {
    expect(answer([...ARMED, [9, given()]], 10)).toMatchObject({ give: 'local', rule: 'unspent' });
  });

  test('does not go out again by a snapshot of an older version, which does not say where to it went', () => {
    const fleet = apply(fleetOf(SPEC), ...OUT);
    const known = nodeOf(fleet, node) ?? expect.fail();
    const { scriptOut: _new, ...job } = known.job ?? expect.fail();
    const old = { ...known, job };
    expect(answer(OUT, 10, { identity: { is: 'node', node: old, sure: true, matched: [], why: '' } }).give).toBe(
      'local',
    );
  });
});

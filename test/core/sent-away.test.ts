import { describe, expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { bodiesOf } from './bodies.ts';
import { ACTOR, apply, armed, fleetOf, reduceAt, specOf, stateOf, stored, type Timed, withoutBmc } from './kit.ts';

/** Armed, sent to its disk, and nothing keeps it from its job any more: it does not wait for that without a word. */

const node = 'node-01';
const e = bodiesOf(node);
const spec = specOf(node, { place: { rack: 'r07', unit: 6, height: 1 } });
const byHand = withoutBmc(spec);
const POWER_CYCLE = 'power-cycle r07 U6 (node-01) now, F12 for network';
const RETRY = 'it was sent to its disk meanwhile: `crashcart retry node-01` orders its network boot again';
const local = (more: Partial<Extract<EventBody, { type: 'http.scriptAsked' }>> = {}): EventBody => ({
  type: 'http.scriptAsked',
  node,
  address: '10.77.0.1',
  answer: 'local',
  reason: 'held',
  hardware: {},
  ...more,
});
const conflict = local({ conflict: 'two names' });
const panic = (on: boolean): EventBody => ({ type: 'site.panicSwitched', on, by: ACTOR });
const live = (of: NodeSpec, ...events: readonly Timed[]): Fleet =>
  apply(fleetOf(of), [1, armed('install')], [2, stored()], ...events);
const begun: readonly Timed[] = [
  [10, e.discover(1)],
  [11, e.took()],
];
const asksInVain = (conflicts?: string): EventBody => {
  const { offered: _none, ...body } = e.discover(1) as Extract<EventBody, { type: 'dhcp.firmwareAsked' }>;
  return { ...body, ...(conflicts === undefined ? {} : { conflict: conflicts }) };
};

describe('a conflict that is over', () => {
  const sent: readonly Timed[] = [...begun, [20, conflict], [60, e.release()]];

  test('leaves a person to power-cycle the machine, or a retry to order that from its BMC', () => {
    const released = live(byHand, ...sent);
    expect(stateOf(released)).toMatchObject({ phase: { is: 'script' }, health: { is: 'ok' }, ask: POWER_CYCLE });
    expect(stateOf(live(spec, ...sent))).toMatchObject({ health: { is: 'ok' }, ask: RETRY });
    // It is told as long as it is true.
    expect(stateOf(apply(released, [1500, e.tick()]))).toMatchObject({ health: { is: 'ok' }, ask: POWER_CYCLE });
    expect(stateOf(apply(released, [1500, e.discover(2)])).ask).toBeUndefined();
  });

  test('in firmware that was offered nothing, and in one that was switched off meanwhile, does so too', () => {
    const inFirmware: readonly Timed[] = [
      [10, asksInVain('two names')],
      [60, e.release()],
    ];
    expect(stateOf(live(byHand, ...inFirmware))).toMatchObject({ phase: { is: 'firmware' }, ask: POWER_CYCLE });
    const off: EventBody = { type: 'bmc.resetDone', node, action: 'off', power: 'off', askedAt: 0 };
    const down = stateOf(live(spec, ...begun, [20, conflict], [30, off], [60, e.release()]));
    expect([down.phase.is, down.ask]).toEqual([
      'down',
      'its job waits for a network boot: `crashcart retry node-01` orders it',
    ]);
  });

  test('asks for nothing where its boot is on its way, or its job is done or gone', () => {
    const onItsWay: readonly Timed[] = [
      [10, e.discover(1)],
      [11, { ...e.discover(1), conflict: 'two names' } as EventBody],
      [12, e.took()],
      [60, e.release()],
    ];
    expect(stateOf(live(byHand, ...onItsWay)).ask).toBeUndefined();
    expect(stateOf(live(byHand, ...begun, [20, conflict], [50, e.cancel()], [60, e.release()])).ask).toBeUndefined();
    const unarmed = apply(fleetOf(byHand), [20, conflict], [60, e.release()], [5000, e.tick()]);
    expect(stateOf(unarmed)).toMatchObject({ health: { is: 'ok' } });
    expect(stateOf(unarmed).ask).toBeUndefined();
  });
});

test('who was kept from what was confirmed, and is released, is to be booted as well', () => {
  const kept = [...begun, [20, local({ held: true, reason: 'no disk' })]] as const;
  expect(stateOf(live(byHand, ...kept)).health).toMatchObject({ code: 'SENT_TO_DISK' });
  expect(stateOf(live(byHand, ...kept, [60, e.release()])).ask).toBe(POWER_CYCLE);
});

test('a plan that is again the one that was confirmed leaves whom it sent to its disk with that word', () => {
  const compared = (differs?: string): EventBody => ({
    type: 'job.compared',
    node,
    job: 'job-1',
    ...(differs === undefined ? {} : { differs }),
  });
  const changed: readonly Timed[] = [...begun, [20, local({ held: true })], [21, compared('another image')]];
  expect(stateOf(live(byHand, ...changed)).health).toMatchObject({ code: 'PLAN_CHANGED' });
  expect(stateOf(live(byHand, ...changed, [60, compared()]))).toMatchObject({ health: { is: 'ok' }, ask: POWER_CYCLE });
  expect(stateOf(live(spec, ...changed, [60, compared()])).ask).toBe(RETRY);
  const early: readonly Timed[] = [
    [5, compared('another image')],
    [6, compared()],
  ];
  expect(stateOf(live(spec, ...early)).ask).toBeUndefined();
});

describe('whatever else sends an armed machine to its disk', () => {
  const under: readonly Timed[] = [...begun, [15, panic(true)], [20, local({ reason: 'the panic key was pressed' })]];

  test('is told after five minutes of silence, with the reason of the answer', () => {
    expect(stateOf(live(spec, ...under, [319, e.tick()])).health).toEqual({ is: 'ok' });
    const late = live(spec, ...under, [320, e.tick()]);
    expect(stateOf(late).health).toMatchObject({
      is: 'stalled',
      code: 'HELD_BACK',
      detail: 'it was answered `local` (the panic key was pressed), and is silent for 300 s',
    });
    expect(stateOf(apply(late, [400, panic(false)])).health).toMatchObject({ code: 'HELD_BACK' });
    expect(stateOf(apply(late, [400, e.os()])).health).toEqual({ is: 'ok' });
  });

  test('by finding no loader as well', () => {
    const withheld: EventBody = { type: 'loader.withheld', node, file: 'snponly.efi', reason: 'no longer proven' };
    expect(stateOf(live(spec, ...begun, [20, withheld], [320, e.tick()])).health).toMatchObject({
      code: 'HELD_BACK',
      detail: expect.stringContaining('(no longer proven)'),
    });
  });

  test('is nothing to tell without a job that waits', () => {
    const unarmed = apply(fleetOf(spec), [20, local()], [5000, e.tick()]);
    expect(stateOf(unarmed).health).toEqual({ is: 'ok' });
  });

  test('in iPXE that was offered nothing is told when PANIC ends', () => {
    const rom: EventBody = { type: 'dhcp.ipxeAsked', node, mac: '52:54:00:00:00:01', xid: 5 };
    expect(stateOf(live(spec, [15, panic(true)], [20, rom], [40, panic(false)])).health).toMatchObject({
      code: 'HELD_BACK',
    });
  });
});

test('a retry of a machine without BMC asks for a person, since a wake-up packet alone rarely boots it', () => {
  const held = live(byHand, ...begun, [15, panic(true)], [20, local()], [40, panic(false)]);
  const [again, effects] = reduceAt(held, 50, e.retry());
  expect(effects).toMatchObject([{ type: 'wake.send' }]);
  expect(stateOf(again)).toMatchObject({ phase: { is: 'armed' }, ask: POWER_CYCLE });
});

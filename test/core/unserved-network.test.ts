import { describe, expect, test } from 'vitest';
import { dueAt } from '../../src/core/deadline.ts';
import type { EventBody } from '../../src/core/event.ts';
import { askOf } from '../../src/core/health.ts';
import { reasonOf } from '../../src/ui/select/node-look.ts';
import { bodiesOf } from './bodies.ts';
import { apply, armed, at, fleetOf, specOf, stateOf, stored, type Timed, withoutBmc } from './kit.ts';

/** A machine asks for its network boot from where DHCP is not served: what was believed to be silence was none. */

const node = 'node-01';
const e = bodiesOf(node);
const WHY = 'its request came by relay 10.99.9.1, which is in no network of `_site.yaml`';
const lost: EventBody = { type: 'dhcp.leftUnanswered', node, mac: '52:54:00:00:00:01', why: WHY };
const atHand = apply(fleetOf(withoutBmc(specOf(node))), [0, armed('install')], [0, stored()]);
const powered = apply(
  fleetOf(specOf(node)),
  [0, armed('install')],
  [0, stored()],
  [2, e.overrideSet()],
  [5, e.reset(at(4))],
);
const of = (from: typeof atHand, ...events: readonly Timed[]) => stateOf(apply(from, ...events));
const told = ({ health, phase }: ReturnType<typeof of>) =>
  'code' in health ? `${phase.is}: ${health.is} ${health.code}: ${health.detail}` : `${phase.is}: ${health.is}`;
const asked: readonly Timed[] = [
  [60, lost],
  [64, lost],
  [72, lost],
];

describe('an armed machine that is waited for', () => {
  test('is told so, though it fell silent, 40 s after it asked first; nobody is sent to power-cycle it', () => {
    const waits = of(atHand, ...asked, [99, e.tick()]);
    expect([told(waits), dueAt(waits)]).toEqual(['armed: ok', at(100)]);
    const node = of(atHand, ...asked, [100, e.tick()]);
    expect(told(node)).toBe(`armed: stalled UNSERVED_NETWORK: ${WHY}`);
    expect(askOf(stateOf(atHand))).toMatch('power-cycle');
    expect([askOf(waits), reasonOf(waits), askOf(node)]).toEqual([undefined, WHY, undefined]);
  });

  test('after power it is not said to be silent', () => {
    expect(told(of(powered, ...asked, [110, e.tick()], [1000, e.tick()]))).toBe(
      `powering: stalled UNSERVED_NETWORK: ${WHY}`,
    );
  });

  test('and was said to be: that is taken back at once', () => {
    const silent = apply(powered, [906, e.tick()]);
    expect(told(stateOf(silent))).toMatch('powering: stalled NO_PXE: ');
    expect(told(of(silent, [950, lost]))).toBe(`powering: stalled UNSERVED_NETWORK: ${WHY}`);
  });

  test('and boots its disk then: its boot order was obeyed, and is not given again', () => {
    expect(told(of(powered, ...asked, [90, e.os()]))).toBe(
      `powering: stalled UNSERVED_NETWORK: ${WHY}; the system on its disk runs now`,
    );
    expect(told(of(powered, [90, e.os()]))).toMatch('BMC_OVERRIDE_IGNORED');
  });

  test('and its job expires: it had come', () => {
    const expired = 'idle: failed JOB_EXPIRED: ';
    expect(told(of(atHand, ...asked, [1800, e.tick()]))).toBe(`${expired}${WHY}: it got no answer`);
    expect(told(of(atHand, [1800, e.tick()]))).toMatch(expired);
  });

  test('what is said is cured by its boot, and by a retry; then it is no longer true', () => {
    const stalled = apply(atHand, ...asked, [100, e.tick()]);
    const boots = apply(stalled, [130, e.discover(7)]);
    expect(told(stateOf(boots))).toBe('firmware: ok');
    expect(told(stateOf(apply(boots, [134, e.took()], [140, e.tick()])))).toBe('requesting: ok');
  });
});

describe('a request in the name of a machine', () => {
  test('that asks by another NIC before the time is over changes nothing', () => {
    expect(told(of(atHand, ...asked, [90, e.discover(7)], [101, e.tick()]))).toBe('firmware: ok');
  });

  test('that boots well moves nothing of it, and keeps no limit from it', () => {
    const boots = apply(atHand, [60, e.discover(7)], [61, e.took()]);
    const { evidence: _a, attempt: _b, seen: _c, ...before } = stateOf(boots);
    const { evidence: _d, attempt: _e, seen, ...after } = of(boots, [62, lost], [63, lost]);
    expect(after).toEqual(before);
    expect(seen.unanswered).toBeUndefined();
    expect(told(of(boots, [62, lost], [91, e.tick()]))).toMatch('requesting: stalled NO_LOADER');
  });

  test('that is not armed says nothing', () => {
    expect(told(of(fleetOf(specOf(node)), [60, lost], [200, e.tick()]))).toBe('idle: ok');
  });
});

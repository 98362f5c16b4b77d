import { describe, expect, test } from 'vitest';
import { renderRows, toRow } from '../../src/cli/node-rows.ts';
import { endingDoubt } from '../../src/core/disk-doubt.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { refusalByBoots } from '../../src/core/next-script.ts';
import { bodiesOf } from './bodies.ts';
import { apply, armed, at, fleetOf, planOf, specOf, stateOf, stored, type Timed } from './kit.ts';

/** What writes is noted first and leaves then: where the program ends in between, nobody knows whether it left. */

const node = 'node-01';
const e = bodiesOf(node);
const own = { foreign: true, profile: 'own', templateHash: 'b'.repeat(64), kernelArgs: [] } as const;
const noted = (answer: 'install' | 'wipe'): EventBody => ({ ...e.script(answer), noted: true }) as EventBody;
const sent = (seconds: number): EventBody => ({ type: 'http.answerSent', node, job: 'job-1', askedAt: at(seconds) });
const withheld = (seconds: number): EventBody => ({
  type: 'http.answerWithheld',
  node,
  job: 'job-1',
  what: 'script',
  askedAt: at(seconds),
  reason: 'why',
});
const arm = (change: Parameters<typeof planOf>[1] = {}): readonly Timed[] => [
  [0, armed('reinstall', { plan: planOf('reinstall', change) })],
  [0, stored()],
  [5, e.discover(1)],
];
const told = (...events: readonly Timed[]): Fleet => apply(fleetOf(specOf(node)), ...events);
const rowAt = (fleet: Fleet, seconds: number) => toRow(stateOf(fleet), { fleet, nowMs: at(seconds) });
const start = (seconds: number): Timed => [seconds, e.startEngine()];
const NEVER = 'was noted just before this program ended, and may never have left';
const LOCAL = { ...e.script('local', undefined), held: true, reason: `its own script ${NEVER}` } as EventBody;

describe('an own script', () => {
  const ownNoted = told(...arm(own), [10, noted('install')]);

  test('has not gone out while its note is not on disk', () => {
    const { job, waitsFor } = rowAt(ownNoted, 12);
    expect(job).toMatchObject({ spent: false });
    expect(job).not.toHaveProperty('scriptOut');
    expect(waitsFor).toBe('its own script goes out when our disk has the note of it, 2 s');
    expect(endingDoubt(stateOf(ownNoted), at(12))).toBe(
      'its script had not left yet, and does not any more: nothing is written',
    );
  });

  test('has when that is told, and has not when it is withheld', () => {
    const { job, waitsFor } = rowAt(apply(ownNoted, [11, sent(10)]), 12);
    expect(job).toMatchObject({ spent: true, scriptOut: true });
    expect(waitsFor).toBe('its own script went out, and since then nothing was heard of it, 2 s');
    const back = stateOf(apply(ownNoted, [11, withheld(10)])).job;
    expect([back?.leavingAt, back?.spentAt]).toEqual([undefined, undefined]);
  });

  test('that went out before, and is withheld when it is asked for again, went out', () => {
    const again = apply(ownNoted, [11, sent(10)], [15, noted('install')]);
    expect(rowAt(again, 16).job).toMatchObject({ scriptOut: true });
    const { job } = stateOf(apply(again, [17, { ...withheld(15), again: true } as EventBody]));
    expect([job?.leavingAt, job?.spentAt]).toEqual([undefined, at(10)]);
    expect(stateOf(apply(again, start(20))).job?.leftUnsure).toBeUndefined();
  });

  test('in the journal of an older version went out', () => {
    const fleet = told(...arm(own), [10, e.script('install')], start(20));
    expect(stateOf(fleet).job?.leftUnsure).toBeUndefined();
    expect(rowAt(fleet, 30).waitsFor).toBe('its own script went out, and since then nothing was heard of it, 20 s');
  });

  test('may never have left where the program ended in between: who asks again is refused, and that is told', () => {
    const fleet = apply(ownNoted, start(30));
    expect(rowAt(fleet, 40).waitsFor).toBe(`its own script ${NEVER}, and since then nothing was heard of it, 30 s`);
    const { job } = stateOf(fleet);
    expect(job === undefined ? [] : refusalByBoots(job)).toEqual([
      'unspent',
      `its own script ${NEVER}, and goes out once: see on its console whether it runs; where it does not, cancel its job and arm it again`,
    ]);
    const asked = apply(fleet, [45, LOCAL]);
    expect(stateOf(asked).health).toMatchObject({ is: 'failed', code: 'SENT_TO_DISK' });
    expect(renderRows([rowAt(asked, 500)])).toMatch(/FAILED SENT_TO_DISK .*may never have left/);
  });

  test('of which nobody knows whether it left has installed nothing when its machine boots its disk', () => {
    const fleet = apply(
      ownNoted,
      start(30),
      [45, LOCAL],
      [60, { type: 'dhcp.osAsked', node, mac: '52:54:00:00:00:01', address: '10.77.0.1' } as EventBody],
    );
    const { endedJobs, health, phase, seen } = stateOf(fleet);
    expect([phase.is, endedJobs.at(-1)?.outcome, seen.installedAt]).toEqual(['diskBoot', 'failed', undefined]);
    expect(health).toMatchObject({
      code: 'SENT_TO_DISK',
      detail: expect.stringMatching(/it booted its disk: see what runs/),
    });
  });

  test('whose hand-off is fetched after the start had left', () => {
    const fleet = apply(ownNoted, start(30), [32, { type: 'http.handedOff', node }]);
    expect(stateOf(fleet).job?.leftUnsure).toBeUndefined();
  });
});

describe('a wipe', () => {
  const wipeNoted = told(...arm(), [10, noted('wipe')]);

  test('has not gone out while its note is not on disk', () => {
    expect(rowAt(wipeNoted, 12).waitsFor).toBe('its wipe script goes out when our disk has the note of it, 2 s');
    expect(rowAt(apply(wipeNoted, [11, sent(10)]), 12)).not.toHaveProperty('waitsFor');
  });

  test('that may never have left counts as sent, which is told beside the install, and where Talos halts', () => {
    const fleet = apply(wipeNoted, start(40), [50, e.script('install')]);
    expect(rowAt(fleet, 60).waitsFor).toBe(`its wipe ${NEVER}; it counts as sent, 50 s`);
    const halted = stateOf(apply(fleet, [90, { type: 'talos.halted', node }]));
    expect(halted.health).toMatchObject({
      code: 'HALTED',
      detail: `Talos is on a disk of this machine; nothing was written: the wipe of its job ${NEVER}; cancel its job and arm it again`,
    });
  });

  test('whose images were asked for had left', () => {
    const kernel: EventBody = { type: 'image.requested', node, image: 'kernel', totalBytes: 9 };
    expect(rowAt(apply(wipeNoted, start(20), [22, kernel]), 23)).not.toHaveProperty('waitsFor');
  });
});

describe('a machine that our disk kept waiting', () => {
  const FULL = 'no space left on device';
  const waiting = told(
    ...arm(),
    [8, { type: 'store.failed', reason: FULL }],
    [9, { type: 'http.scriptPutOff', node, address: '10.77.0.1', unsaved: true, reason: `not saving (${FULL})` }],
  );

  test('is told by that only until it saves again', () => {
    expect(rowAt(waiting, 20)).toMatchObject({ code: 'NOT_NOTED', detail: `not saving (${FULL})` });
    const saves = apply(waiting, [60, { type: 'store.recovered' }]);
    expect(rowAt(saves, 1200)).toMatchObject({
      health: 'stalled',
      code: 'NOT_ASKED_AGAIN',
      detail:
        'our disk saves again, and it has not asked since: where it does not go on by itself, retry it or power-cycle it',
    });
    expect(stateOf(saves).health).toMatchObject({ since: at(60) });
    expect(stateOf(apply(saves, [70, noted('wipe')])).health).toEqual({ is: 'ok' });
  });

  test('is told by that only until the program was started again', () => {
    expect(rowAt(apply(waiting, start(60)), 70)).toMatchObject({ code: 'NOT_ASKED_AGAIN' });
  });

  test('is to be power-cycled again by whoever was asked to', () => {
    const ask = { ...stateOf(waiting), ask: 'power-cycle it' };
    expect(toRow(ask, { fleet: waiting, nowMs: at(20) })).not.toHaveProperty('ask');
    const saves = apply(waiting, [60, { type: 'store.recovered' }]);
    expect(toRow({ ...stateOf(saves), ask: 'power-cycle it' }, { fleet: saves, nowMs: at(70) }).ask).toBe(
      'power-cycle it',
    );
  });
});

import { describe, expect, test } from 'vitest';
import { renderRows, toRow } from '../../src/cli/node-rows.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { createDisarmLog } from '../../src/engine/disarm-log.ts';
import { reasonOf } from '../../src/ui/select/node-look.ts';
import { ACTOR, apply, armed, at, fleetOf, reduceAt, specOf, stateOf, stored, type Timed } from './kit.ts';

/** An edit of the inventory that ends a job is told: in the log, in the timeline, and until the machine is armed again. */

const spec = specOf('node-01', { identity: { macs: ['52:54:00:00:00:01'], serial: 'SN1' } });
const renamed: NodeSpec = { ...spec, identity: { ...spec.identity, serial: 'SN2' } };
const loaded = (...nodes: readonly NodeSpec[]): Timed => [
  5,
  { type: 'inventory.loaded', nodes, site: 'lab', hash: 'x', warnings: [] },
];
const base = apply(fleetOf(spec), [1, armed('install')], [1, stored()]);
const NOTE =
  'its install job was ended: its identity in the inventory changed; arm it again if it is the machine that is meant';
const rowOf = (fleet: Fleet) => toRow(stateOf(fleet), { fleet, nowMs: at(9) });

function logged(...events: readonly Timed[]): readonly string[] {
  const lines: string[] = [];
  const look = createDisarmLog(base, ({ node, level, text }) => lines.push(`${node} ${level}: ${text}`));
  let fleet = base;
  for (const [seconds, body] of events) {
    fleet = reduceAt(fleet, seconds, body)[0];
    look({ ...body, time: at(seconds) }, fleet);
  }
  return lines;
}

describe('an armed machine whose identity changes in its file', () => {
  test('says so in its timeline, its row, the table and on its page', () => {
    const fleet = apply(base, loaded(renamed));
    expect(stateOf(fleet).evidence.at(-1)).toEqual({
      at: at(5),
      from: 'operator',
      text: 'inventory: its identity changed (serial): its install job is ended',
    });
    expect(rowOf(fleet)).toMatchObject({ health: 'ok', disarmed: NOTE });
    expect(renderRows([rowOf(fleet)])).toMatch(/node-01 .* disarmed .*its install job was ended/);
    expect(reasonOf(stateOf(fleet))).toBe(NOTE);
  });

  test('until it is armed again, and not when that job ends', () => {
    const again = apply(apply(base, loaded(renamed)), [6, armed('install', { job: 'job-2' })]);
    expect(rowOf(again).disarmed).toBeUndefined();
    const cancelled = apply(again, [7, { type: 'operator.cancelled', node: 'node-01', by: ACTOR }]);
    expect(rowOf(cancelled).disarmed).toBeUndefined();
  });

  test('is told in its log, and so is one that leaves; other edits and machines without a job are not', () => {
    expect(logged(loaded(renamed))).toEqual([
      'node-01 warn: inventory: its identity changed (serial): its install job is ended',
    ]);
    expect(logged(loaded())).toEqual([
      'node-01 warn: inventory: it is not in it any more: its install job (armed by ada) is ended; it is a stranger now',
    ]);
    expect(logged(loaded({ ...spec, place: { ...spec.place, rack: 'r09' } }))).toEqual([]);
    expect(logged([4, { type: 'operator.cancelled', node: 'node-01', by: ACTOR }], loaded(renamed))).toEqual([]);
  });
});

describe('a hold', () => {
  const held = apply(base, [3, { type: 'operator.held', node: 'node-01', why: 'DIMM', by: ACTOR }]);

  test('is in the table, with who and why, and in the row', () => {
    expect(rowOf(held).hold).toEqual({ by: 'ada', why: 'DIMM', since: at(3) });
    expect(renderRows([rowOf(held)])).toMatch(/ on hold .*on hold by ada: DIMM/);
  });

  test('of an older snapshot has nobody, and a released machine has none', () => {
    const old = { ...stateOf(held), intent: { is: 'hold', since: at(3), why: 'DIMM' } as const };
    expect(renderRows([toRow(old, { fleet: held, nowMs: at(9) })])).toMatch(/ on hold: DIMM/);
    expect(rowOf(apply(held, [4, { type: 'operator.released', node: 'node-01', by: ACTOR }])).hold).toBeUndefined();
  });

  test('does not hide what failed, and is not hidden by it', () => {
    const health = { is: 'failed', code: 'NO_PXE', since: at(2), detail: 'nothing was seen' } as const;
    const table = renderRows([toRow({ ...stateOf(held), health }, { fleet: held, nowMs: at(9) })]);
    expect(table).toMatch(/FAILED NO_PXE .*nothing was seen; on hold by ada: DIMM/);
  });
});

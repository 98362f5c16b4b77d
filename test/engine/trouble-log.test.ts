import { expect, test } from 'vitest';
import { type Fleet, putNode } from '../../src/core/fleet.ts';
import type { Health } from '../../src/core/node.ts';
import type { LogLine } from '../../src/core/ports.ts';
import { createTroubleLog } from '../../src/engine/trouble-log.ts';
import { bodiesOf } from '../core/bodies.ts';
import { apply, at, fleetOf, reduceAt, specOf, stateOf, type Timed } from '../core/kit.ts';

const spec = specOf('node-01');
const e = bodiesOf(spec.name);

/** What is told while these events happen, one after the other. */
function toldOf(start: Fleet, events: readonly Timed[]): readonly LogLine[] {
  const lines: LogLine[] = [];
  const look = createTroubleLog(start, (line) => lines.push(line));
  let fleet = start;
  for (const [seconds, body] of events) {
    fleet = reduceAt(fleet, seconds, body)[0];
    look({ ...body, time: at(seconds) }, fleet);
  }
  return lines;
}

const told = (start: Fleet, ...events: readonly Timed[]): readonly string[] =>
  toldOf(start, events).map(({ at: time, node, level, text }) => `${(time - at(0)) / 1000} ${node} ${level}: ${text}`);

const ignored: readonly Timed[] = [
  [10, e.discover(7)],
  [14, e.discover(7)],
  [22, e.discover(7)],
  [40, e.tick()],
  [50, e.tick()],
];
const STALLED =
  'STALLED OFFER_IGNORED: It asks again and again for an address and takes none of our offers. 3 requests in 40 s, offered ipxe.efi';

test('a cause is told once when it begins, and once when it is over', () => {
  const more: readonly Timed[] = [
    [51, e.tick()],
    [54, e.discover(7, 2)],
    [60, e.took()],
    [61, e.tick()],
  ];
  expect(told(fleetOf(spec), ...ignored, ...more)).toEqual([
    `50 node-01 warn: ${STALLED}`,
    '60 node-01 info: no longer OFFER_IGNORED, after 10 s; it is in requesting',
  ]);
});

test('what is failed or in conflict is an error, and no other machine is named', () => {
  const conflict: Timed = [5, { ...e.script('local'), conflict: 'serial of another' } as Timed[1]];
  const [line, ...more] = toldOf(fleetOf(spec, specOf('node-02')), [conflict, [6, e.tick()]]);
  expect(line).toMatchObject({ node: 'node-01', source: 'engine', level: 'error' });
  expect(line?.text).toMatch(/^CONFLICT IDENTITY_CONFLICT: .* serial of another$/);
  expect(more).toEqual([]);
});

test('what was so when the program started was told before', () => {
  const start = apply(fleetOf(spec), ...ignored);
  expect(told(start, [52, e.tick()])).toEqual([]);
  expect(told(start, [60, e.took()])).toEqual([
    '60 node-01 info: no longer OFFER_IGNORED, after 10 s; it is in requesting',
  ]);
});

test('a machine that comes and goes fills no log, and how it stands is told in the end', () => {
  const lines: string[] = [];
  const fleet = fleetOf(spec);
  const look = createTroubleLog(fleet, ({ text }) => lines.push(text));
  const bad = (second: number): Health => ({ is: 'stalled', code: 'DL_STALL', since: at(second), detail: '' });
  const tick = (second: number, health: Health): void =>
    look({ type: 'clock.ticked', time: at(second) }, putNode(fleet, { ...stateOf(fleet), health }));
  for (let second = 0; second < 590; second += 1) tick(second, second % 2 === 0 ? bad(second) : { is: 'ok' });
  expect(lines).toHaveLength(6);
  tick(599, { is: 'ok' });
  expect(lines).toHaveLength(6);
  tick(600, { is: 'ok' });
  tick(601, { is: 'ok' });
  expect(lines.slice(6)).toEqual([
    'nothing is wrong with it any more; it is in idle (584 changes before that not told)',
  ]);
  tick(1300, { is: 'ok' });
  tick(1301, bad(1301));
  expect(lines.slice(7)).toEqual([
    'STALLED DL_STALL: The download of the kernel or initramfs stopped: no bytes for 15 s.',
  ]);
});

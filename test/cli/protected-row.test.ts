import { expect, test } from 'vitest';
import { renderRows, toRow } from '../../src/cli/node-rows.ts';
import type { EventBody } from '../../src/core/event.ts';
import { ACTOR, apply, at, fleetOf, specOf, stateOf } from '../core/kit.ts';

/** Whoever is about to arm it looks at its row. */

const PROTECTED: EventBody = { type: 'operator.protected', node: 'node-01', by: ACTOR, why: 'runs the database' };
const noteOf = (...events: readonly EventBody[]): string => {
  const fleet = apply(fleetOf(specOf('node-01')), ...events.map((body) => [1, body] as const));
  return renderRows([toRow(stateOf(fleet), { fleet, nowMs: at(5) })]);
};

test('a protection is told, also beside whatever else there is to say', () => {
  const words = 'protected by ada: runs the database';
  expect(noteOf(PROTECTED)).toMatch(new RegExp(` {2}${words}$`));
  const declined: EventBody = { type: 'address.contested', node: 'node-01', address: '10.77.0.9', how: 'declined' };
  expect(noteOf(PROTECTED, declined)).toMatch(new RegExp(`it declined 10.77.0.9, .*; ${words}$`));
  expect(noteOf(declined)).not.toContain('protected');
});

import { expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { recentLineOf } from '../../src/link/recent-lines.ts';
import { ACTOR, at } from '../core/kit.ts';

const lineOf = (body: EventBody) => recentLineOf({ ...body, time: at(1) });

test('who ordered what is a line, live and in a replay', () => {
  const held: EventBody = { type: 'operator.held', node: 'node-01', why: 'DIMM', by: ACTOR };
  expect(lineOf(held)).toEqual({ at: at(1), node: 'node-01', text: 'ada: held: DIMM' });
});

test('what anybody on the wire causes is told where it is new, and by no line each time', () => {
  expect(lineOf({ type: 'stranger.seen', mac: '52:54:00:99:00:01', asked: 'firmware' })).toBeUndefined();
  expect(lineOf({ type: 'address.contested', node: 'node-01', address: '10.77.0.1', how: 'lease' })).toBeUndefined();
});

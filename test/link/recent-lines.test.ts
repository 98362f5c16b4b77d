import { expect, test } from 'vitest';
import type { EventBody, ServiceState } from '../../src/core/event.ts';
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

test.each<readonly [ServiceState, string]>([
  [{ is: 'ok', listens: '10.0.0.1:69' }, 'TFTP ok'],
  [
    { is: 'ok', listens: '10.0.0.1:69', warning: '1851 transfers run to nobody on record' },
    'TFTP WARNS: 1851 transfers run to nobody on record',
  ],
  [{ is: 'off', why: 'no network has it' }, 'TFTP off: no network has it'],
  [{ is: 'failed', why: 'port 69 is taken', advice: 'stop dnsmasq' }, 'TFTP FAILED: port 69 is taken: stop dnsmasq'],
])('of a service it is told what it is, and why', (state, text) => {
  expect(lineOf({ type: 'service.changed', service: 'TFTP', state })?.text).toBe(text);
});

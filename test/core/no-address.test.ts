import { describe, expect, test } from 'vitest';
import { dueAt } from '../../src/core/deadline.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Beside } from '../../src/core/phase.ts';
import { bodiesOf } from './bodies.ts';
import { apply, armed, at, fleetOf, specOf, stateOf, stored, type Timed } from './kit.ts';

/** Beside `dhcp: proxy` a machine may take no offer because nobody offers it an address: that is another trouble. */

const node = 'node-01';
const mac = '52:54:00:00:00:01';
const e = bodiesOf(node);
const asks = (beside: Beside | undefined, variant = 0): EventBody => ({
  ...e.discover(7, variant),
  ...(beside === undefined ? {} : { beside }),
});
const ipxeAsks: EventBody = { type: 'dhcp.ipxeAsked', node, mac, xid: 1, offered: 'a', beside: 'heard' };
const offer: EventBody = { type: 'dhcp.addressOffered', node, server: '10.9.9.9', address: '10.9.9.50' };
const base = apply(fleetOf(specOf(node)), [0, armed('install')], [0, stored()]);
const at4 = (body: EventBody, from = 10): readonly Timed[] =>
  [0, 4, 12].map((second) => [from + second, body] as const);
const healthOf = (...events: readonly Timed[]) => {
  const { health } = stateOf(apply(base, ...events));
  return 'code' in health ? [health.code, health.detail] : [health.is];
};
const IGNORED = '3 requests in 40 s, offered ipxe.efi';

describe('who asks again and again', () => {
  test.each<readonly [string, readonly Timed[], readonly string[]]>([
    [
      'and was offered no address that was heard has none to take',
      at4(asks('heard')),
      ['NO_ADDRESS', `${IGNORED}; no offer of an address to it was heard`],
    ],
    [
      'is told so with a doubt where such an offer is not heard',
      at4(asks('unheard')),
      [
        'NO_ADDRESS',
        `${IGNORED}; no offer of an address to it was heard (one that goes to it alone, or to its relay, is not heard here)`,
      ],
    ],
    [
      'and was offered one takes no offer',
      [...at4(asks('heard')), [23, offer]],
      ['OFFER_IGNORED', `${IGNORED}; 10.9.9.9 offered it the address 10.9.9.50`],
    ],
    [
      'also where that was heard a moment before its request was told',
      [[9, offer], ...at4(asks('heard'))],
      ['OFFER_IGNORED', `${IGNORED}; 10.9.9.9 offered it the address 10.9.9.50`],
    ],
    [
      'but not by an offer of an earlier boot',
      [[5, offer], ...at4(asks('heard'))],
      ['NO_ADDRESS', `${IGNORED}; no offer of an address to it was heard`],
    ],
    [
      'where the addresses are ours, or in an older journal, is told as ever',
      at4(asks(undefined)),
      ['OFFER_IGNORED', IGNORED],
    ],
    [
      'in iPXE as well',
      at4(ipxeAsks),
      ['NO_ADDRESS', '3 requests in 40 s, offered a; no offer of an address to it was heard'],
    ],
  ])('%s', (_, events, expected) => {
    expect(healthOf(...events, [50, e.tick()])).toEqual(expected);
  });
});

test('its requests are counted on, and no other offer is tried: that would give it no address', () => {
  const told = apply(base, ...at4(asks('heard')), [50, e.tick()]);
  const named = apply(told, [54, asks('heard')]);
  expect([stateOf(told).offerVariant, stateOf(named).offerVariant]).toEqual([0, 0]);
  expect(stateOf(named).health).toMatchObject({ detail: expect.stringMatching(/^4 requests in 44 s/) });
  const doubted = apply(base, ...at4(asks('unheard')), [50, e.tick()]);
  expect(stateOf(doubted).offerVariant).toBe(1);
  expect(stateOf(apply(doubted, [54, asks('unheard', 1)])).health).toEqual({ is: 'ok' });
});

test.each([
  ['firmware', asks('heard'), '7 requests in 87 s, offered ipxe.efi'],
  ['iPXE', ipxeAsks, '3 requests in 40 s, offered a'],
] as const)('what is offered it after that takes it back, and has a time of its own: %s', (_, ask, told) => {
  const offered = apply(base, ...at4(ask), [50, e.tick()], [56, ask], [57, offer]);
  expect(stateOf(offered).health).toEqual({ is: 'ok' });
  const ignores = apply(offered, ...at4(ask, 60), [97, e.tick()]);
  expect(stateOf(ignores).health).toMatchObject({
    code: 'OFFER_IGNORED',
    detail: `${told}; 10.9.9.9 offered it the address 10.9.9.50`,
  });
});

test('a restart names it with the word that nobody listened meanwhile', () => {
  const fleet = apply(base, ...at4(asks('heard')), [100, e.startEngine()]);
  expect(dueAt(stateOf(fleet))).toBe(at(140));
  expect(stateOf(apply(fleet, [140, e.tick()])).health).toMatchObject({
    code: 'NO_ADDRESS',
    detail: expect.stringMatching(/no offer of an address to it was heard; this program was away in between/),
  });
});

describe('who took its address beside a proxy and fetched nothing', () => {
  const took = (more: object): EventBody => ({
    type: 'dhcp.firmwareTook',
    node,
    mac,
    address: '10.9.9.50',
    firmware: 'uefi',
    via: 'proxy',
    ...more,
  });
  const FILE = { bootFile: 'snponly.efi' };
  const CAME = 'address taken, answered on port 4011, no loader fetched for 30 s';
  test.each<readonly [string, readonly Timed[], string]>([
    [
      'never came to port 4011',
      [[10, took({ ...FILE, port4011: false })]],
      'address taken, nothing that we answer came to port 4011, no loader fetched for 30 s',
    ],
    [
      'was answered there',
      [
        [10, took({ ...FILE, port4011: false })],
        [12, took({ ...FILE, port4011: true })],
      ],
      CAME,
    ],
    [
      'was answered there, and its REQUEST comes again',
      [
        [10, took({ ...FILE, port4011: true })],
        [12, took({ ...FILE, port4011: false })],
      ],
      CAME,
    ],
    [
      'got no file there',
      [[10, took({ port4011: true })]],
      'address taken, no boot file for it on port 4011, no loader fetched for 30 s',
    ],
    ['is firmware that need not come there', [[10, took(FILE)]], 'address taken, no loader fetched for 30 s'],
  ])('%s', (_, events, detail) => {
    expect(healthOf(...events, [40, e.tick()])).toEqual(['NO_LOADER', detail]);
  });
});

import { expect, test } from 'vitest';
import { passTime } from '../../src/core/deadline.ts';
import { PHASES } from '../../src/core/phase.ts';
import { bodiesOf } from './bodies.ts';
import {
  apply,
  armed,
  at,
  fleetOf,
  jobOf,
  nodeWith,
  PHASE_SAMPLES,
  phaseOf,
  planOf,
  specOf,
  stateOf,
  stored,
  type Timed,
} from './kit.ts';

const spec = specOf('node-01');
const e = bodiesOf(spec.name);
const script: readonly Timed[] = [
  [0, armed('install')],
  [0, stored()],
  [10, e.script('install')],
];
const health = (...events: readonly Timed[]) => stateOf(apply(fleetOf(spec), ...events)).health;

test('a kernel that nobody fetched is told after half a minute, and is lifted by its fetch', () => {
  expect(health(...script, [39, e.tick()])).toEqual({ is: 'ok' });
  const late = [...script, [41, e.tick()]] as const;
  expect(health(...late)).toMatchObject({
    is: 'stalled',
    code: 'NO_KERNEL',
    detail: 'script sent, no kernel fetched for 31 s',
  });
  expect(health(...late, [42, e.kernel()])).toEqual({ is: 'ok' });
});

test.each(['install', 'rescue'] as const)('that holds for a system that reports nothing as well: %s', (kind) => {
  const { version: _none, ...plan } = planOf(kind);
  const node = nodeWith(phaseOf('script', { answer: kind, reason: '' }), { job: jobOf(kind, { plan }) });
  expect(passTime(node, at(60)).node.health).toMatchObject({ code: 'NO_KERNEL' });
});

test('what an own script fetches is its own affair', () => {
  const job = jobOf('rescue', { plan: planOf('rescue', { templateHash: 't' }) });
  const node = nodeWith(phaseOf('script', { answer: 'rescue', reason: '' }), { job });
  expect(passTime(node, at(60)).node.health).toEqual({ is: 'ok' });
});

test('requests that are made after the clock gave up are counted', () => {
  const asks = [0, 4, 12, 28].map((second): Timed => [second, e.discover(7)]);
  const silent = apply(fleetOf(spec), ...asks, [40, e.tick()]);
  expect(stateOf(silent).health).toMatchObject({ code: 'OFFER_IGNORED', detail: expect.stringMatching(/^4 requests/) });
  const held = apply(silent, [44, e.discover(7, 2)]);
  expect(stateOf(held).health).toMatchObject({ detail: '5 requests in 44 s, offered ipxe.efi' });
  // Another offer has its own time; how often and how long it asked is one count.
  const next = apply(silent, ...[44, 60, 76].map((second): Timed => [second, e.discover(7, 1)]));
  expect(stateOf(next).health).toEqual({ is: 'ok' });
  expect(stateOf(apply(next, [85, e.tick()])).health).toMatchObject({
    code: 'OFFER_IGNORED',
    detail: '7 requests in 85 s, offered ipxe.efi',
  });
  const rom = { type: 'dhcp.ipxeAsked', node: spec.name, mac: '52:54:00:00:00:01', xid: 1, offered: 'a' } as const;
  const inRom = [0, 4, 12].map((second): Timed => [second, rom]);
  expect(health(...inRom, [40, e.tick()], [44, rom])).toMatchObject({ detail: '4 requests in 44 s, offered a' });
});

test.each(PHASES)('what is late is told in words, not by the name of a phase: %s', (is) => {
  for (const facts of PHASE_SAMPLES[is]) {
    const node = nodeWith(phaseOf(is, facts as never), { job: jobOf('install') });
    const { health: told } = passTime(node, at(1200)).node;
    if (told.is !== 'ok' && told.is !== 'conflict') expect(told.detail).not.toMatch(/^in \w+ for/);
  }
});

import { expect, test } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import type { JobKind } from '../../src/core/job.ts';
import type { Rendered } from '../../src/core/ports.ts';
import { decideScript } from '../../src/netboot/answer-script.ts';
import { ALL_LOADERS, arm, createTestEngine, nodeSpec, planOf, renderedOf, uuidOf } from './boot-fixture.ts';

const MAC = '52:54:00:00:00:01';
const BY = { user: 'test', from: 'tty1' };

/** Armed as it was confirmed; `now` is what would be served instead. */
function machine(kind: JobKind = 'install', now?: Rendered) {
  const engine = createTestEngine([nodeSpec('n1', MAC)]);
  const confirmed = arm(engine, 'n1', kind);
  let rendered = now;
  const ask = (more: Readonly<Record<string, string>> = {}) => {
    const of = (name: string) => rendered ?? confirmed.of(name);
    const view = { fleet: engine.fleet(), at: engine.now(), rendered: { of }, artefacts: ALL_LOADERS };
    const said = { mac: MAC, uuid: uuidOf(MAC), serial: 'SN-n1', buildarch: 'x86_64', platform: 'efi', ...more };
    const { answer, event } = decideScript(view, new Map(Object.entries(said)), '10.77.0.50');
    if (event !== undefined) engine.emit(event);
    return answer;
  };
  const node = () => nodeOf(engine.fleet(), 'n1') ?? expect.unreachable();
  const serve = (another: Rendered | undefined) => {
    rendered = another;
  };
  const emit = (...events: readonly EventBody[]) => events.forEach(engine.emit);
  return { engine, ask, node, health: () => node().health, serve, emit };
}

const CHANGED = renderedOf('n1', planOf('install', undefined, { hash: 'another' }));
const KEPT = { is: 'failed', code: 'SENT_TO_DISK' };
const FAILING = { type: 'store.failed', reason: 'no space left' } as const;

test.each<readonly [string, Rendered, string]>([
  ['its plan changed', CHANGED, 'the plan is no longer the one that was confirmed; cancel it and arm it again'],
  [
    'its configuration changed',
    renderedOf('n1', planOf('install'), { configText: 'another' }),
    'the machine configuration changed after it was confirmed; cancel its job and arm it again',
  ],
  [
    'an image is not what it was',
    renderedOf('n1', planOf('install'), { artefactsProven: false }),
    'kernel, initramfs or loader do not match their SHA-256',
  ],
])('an armed machine that is kept from its job says so at once: %s', (_, now, reason) => {
  const { ask, health } = machine('install', now);
  expect(ask()).toBe('local');
  expect(health()).toMatchObject({ ...KEPT, detail: reason });
});

test('of another architecture than its plan is, it says so too', () => {
  const { ask, health } = machine();
  expect(ask({ buildarch: 'arm64' })).toBe('local');
  expect(health()).toMatchObject({ ...KEPT, detail: 'the machine is arm64, the plan is for amd64' });
});

test.each(['install', 'wipe'] as const)('%s: what cannot be noted is told, and goes out when it can be', (kind) => {
  const { engine, ask, node, health, emit } = machine(kind);
  emit({ type: 'dhcp.ipxeAsked', node: 'n1', mac: MAC, address: '10.77.0.50', xid: 5 }, FAILING);
  const told = () => node().evidence.filter(({ text }) => text.includes('it is to ask again'));
  for (let asked = 0; asked < 60; asked++) {
    expect(ask()).toBe('wait');
    engine.advance(3_000);
  }
  const detail = 'not saving (no space left): it goes on when its script can be noted';
  expect(health()).toMatchObject({ is: 'stalled', code: 'NOT_NOTED', detail });
  expect(told()).toHaveLength(1);
  emit({ type: 'store.recovered' });
  expect(ask()).toBe(kind);
  expect(health()).toEqual({ is: 'ok' });
  expect(node()).toMatchObject({ phase: { is: 'script' }, attempt: { number: 1 }, job: { attempts: 1 } });
});

test('who waits for our disk and whose job is cancelled boots its own, and is in no trouble', () => {
  const { ask, health, emit } = machine('wipe');
  emit(FAILING);
  expect(ask()).toBe('wait');
  emit({ type: 'operator.cancelled', node: 'n1', by: BY });
  expect(health()).toEqual({ is: 'ok' });
  expect(ask()).toBe('local');
});

test('that stays while its disk boots, and is over when it gets what its job is for', () => {
  const { engine, ask, node, health, serve, emit } = machine('install', CHANGED);
  ask();
  engine.advance(20_000);
  emit({ type: 'dhcp.osAsked', node: 'n1', mac: MAC, address: '10.77.0.50' });
  expect(node().phase.is).toBe('diskBoot');
  expect(health()).toMatchObject(KEPT);
  engine.advance(60_000);
  serve(undefined);
  expect(ask()).toBe('install');
  expect(health()).toEqual({ is: 'ok' });
});

test('and when nothing waits for it any more', () => {
  const { ask, health, emit } = machine('install', CHANGED);
  ask();
  emit({ type: 'operator.cancelled', node: 'n1', by: BY });
  expect(health()).toEqual({ is: 'ok' });
});

test('sent to its disk by PANIC meanwhile, it is still kept from its job', () => {
  const { engine, ask, health, emit } = machine('install', CHANGED);
  ask();
  emit({ type: 'site.panicSwitched', on: true, by: BY });
  engine.advance(60_000);
  expect(ask()).toBe('local');
  expect(health()).toMatchObject(KEPT);
});

test('armed again with the plan of now, it is well, and installs', () => {
  const { engine, ask, health, emit, serve } = machine('install', CHANGED);
  ask();
  emit({ type: 'operator.cancelled', node: 'n1', by: BY });
  serve(arm(engine, 'n1', 'install', CHANGED.plan).of('n1'));
  expect(ask()).toBe('install');
  expect(health()).toEqual({ is: 'ok' });
});

test('who was sent to its disk by a person, or has had what its job is for, is not kept from it', () => {
  const held = machine();
  held.emit({ type: 'operator.held', node: 'n1', why: 'disk swap', by: BY });
  expect(held.ask()).toBe('local');
  expect(held.health()).toEqual({ is: 'ok' });

  const panic = machine();
  panic.emit({ type: 'site.panicSwitched', on: true, by: BY });
  expect(panic.ask()).toBe('local');
  expect(panic.health()).not.toMatchObject(KEPT);

  const wiped = machine('wipe');
  expect(wiped.ask()).toBe('wipe');
  wiped.emit({ type: 'image.requested', node: 'n1', image: 'kernel', totalBytes: 1000 });
  wiped.engine.advance(60_000);
  expect(wiped.ask()).toBe('local');
  expect(wiped.health()).not.toMatchObject(KEPT);
});

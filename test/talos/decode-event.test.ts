import { describe, expect, test } from 'vitest';
import { decodeEvent, EVENT_MAX_BYTES } from '../../src/talos/decode-event.ts';
import { encodeEvent } from '../../src/talos/encode-event.ts';
import { REBOOT_COMMANDS, type TalosEventBody } from '../../src/talos/talos-event.ts';
import { renderXid, timeOfXid } from '../../src/talos/xid.ts';
import { createNoise, damaged } from './noise.ts';

const ID = renderXid(Date.UTC(2026, 7, 21, 10, 30, 15), Uint8Array.of(1, 2, 3, 4, 5), 77);

const BODIES: readonly TalosEventBody[] = [
  { type: 'sequence', sequence: 'boot', action: 'start' },
  { type: 'sequence', sequence: 'boot', action: 'noop', error: { code: 'fatal', message: 'unix.Reboot(45584543)' } },
  { type: 'sequence', sequence: 'boot', action: 'noop', error: { code: 'canceled', message: '' } },
  { type: 'phase', phase: 'install', action: 'start' },
  { type: 'phase', phase: 'install', action: 'stop' },
  { type: 'task', task: 'runningMaintenance', action: 'start' },
  { type: 'service', service: 'apid', action: 'initialized', message: '' },
  {
    type: 'service',
    service: 'etcd',
    action: 'starting',
    message: 'Starting',
    health: { unknown: false, healthy: true, lastMessage: 'up' },
  },
  { type: 'restart', cmd: REBOOT_COMMANDS.kexec },
  { type: 'restart', cmd: REBOOT_COMMANDS.halt },
  { type: 'configLoadError', message: 'unknown keys found' },
  { type: 'configValidationError', message: 'bad' },
  { type: 'address', hostName: 'node-01', addresses: ['10.77.0.33', 'fd00::33'] },
  {
    type: 'machineStatus',
    stage: 'booting',
    ready: false,
    unmet: [{ name: 'network', reason: 'waiting on: connectivity' }],
  },
  { type: 'machineStatus', stage: 'running', ready: true, unmet: [] },
];

test.each(BODIES.map((body) => [JSON.stringify(body), body] as const))(
  '%s comes back as it was sent',
  (_name, body) => {
    const result = decodeEvent(encodeEvent({ id: ID, body }));
    expect(result).toEqual({ ok: true, value: { id: ID, atMs: Date.UTC(2026, 7, 21, 10, 30, 15), body } });
  },
);

describe('on the wire', () => {
  test('a phase START is what Talos sends: no field 2', () => {
    const bytes = encodeEvent({ id: 'x', body: { type: 'phase', phase: 'env', action: 'start' } });
    const url = 'type.googleapis.com/machine.PhaseEvent';
    expect(Buffer.from(bytes).toString('latin1')).toBe(
      `\n${String.fromCharCode(2 + url.length + 2 + 5)}\n${String.fromCharCode(url.length)}${url}\x12\x05\n\x03env\x12\x01x`,
    );
  });

  test('the type URL of the Events stream is the same message', () => {
    const bytes = encodeEvent({ id: ID, body: { type: 'other', typeUrl: 'talos/runtime/machine.TaskEvent' } });
    expect(decodeEvent(bytes)).toMatchObject({
      ok: true,
      value: { body: { type: 'task', task: '', action: 'start' } },
    });
  });

  test('a message of a newer Talos is no error', () => {
    const bytes = encodeEvent({ id: ID, body: { type: 'other', typeUrl: 'type.googleapis.com/machine.FutureEvent' } });
    expect(decodeEvent(bytes)).toMatchObject({ ok: true, value: { body: { type: 'other' } } });
  });

  test('escape sequences do not survive in any text', () => {
    const message = 'bad\u001b[2J\u001b]0;title\u0007 config\nline\u202e';
    const result = decodeEvent(encodeEvent({ id: ID, body: { type: 'configLoadError', message } }));
    expect(result).toMatchObject({ value: { body: { message: 'bad config line' } } });
  });
});

describe('broken bytes', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /without data/],
    ['a cut field', Uint8Array.of(0x0a, 0xff), /not a EventRequest/],
    ['field number zero', Uint8Array.of(0, 0), /not a EventRequest/],
    ['an id that is no UTF-8', Uint8Array.of(0x0a, 0, 0x12, 2, 0xff, 0xfe), /not a EventRequest/],
    ['no id', Uint8Array.of(0x0a, 0), /without id/],
    ['too much', new Uint8Array(EVENT_MAX_BYTES + 1), /too large/],
  ])('%s is a reason, not a throw', (_name, bytes, reason) => {
    const result = decodeEvent(bytes);
    expect(result.ok ? 'accepted' : result.error).toMatch(reason);
  });

  test('a broken message inside a good envelope is told as such', () => {
    const bytes = encodeEvent({ id: ID, body: { type: 'phase', phase: 'abc', action: 'start' } });
    const at = Buffer.from(bytes).lastIndexOf('abc') - 1;
    bytes[at] = 0x7f;
    const result = decodeEvent(bytes);
    expect(result.ok ? 'accepted' : result.error).toMatch(/not a PhaseEvent/);
  });

  test('seeded noise never throws, and whatever is accepted has an id', () => {
    const noise = createNoise(5);
    let accepted = 0;
    for (let round = 0; round < 6000; round += 1) {
      const body = BODIES[noise.below(BODIES.length)] ?? { type: 'restart', cmd: 0 };
      const bytes = round % 4 === 0 ? noise.bytes(noise.below(80)) : damaged(encodeEvent({ id: ID, body }), noise);
      const result = decodeEvent(bytes);
      if (result.ok) {
        accepted += 1;
        expect(result.value.id).not.toBe('');
      }
    }
    expect(accepted).toBeGreaterThan(300);
  });
});

describe('xid', () => {
  test('known id of the reference implementation', () => {
    expect(timeOfXid('9m4e2mr0ui3e8a215n4g')).toBe(1300816219_000);
  });
  test.each(['', 'short', '9m4e2mr0ui3e8a215n4z', '9M4E2MR0UI3E8A215N4G'])('%j is none', (id) => {
    expect(timeOfXid(id)).toBeUndefined();
  });
});

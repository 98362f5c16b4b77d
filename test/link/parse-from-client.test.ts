import { describe, expect, test } from 'vitest';
import type { OperatorAction } from '../../src/core/operator-action.ts';
import { parseAction } from '../../src/link/parse-action.ts';
import { parseAsk, parseFromClient } from '../../src/link/parse-from-client.ts';

const nodes = ['n1'];
const planHashes = { n1: 'abc' };

const ORDERS: readonly OperatorAction[] = [
  { type: 'arm', kind: 'install', nodes, planHashes },
  { type: 'arm', kind: 'wipe', nodes, planHashes, confirmed: 'n1', together: true },
  { type: 'wave', kind: 'reinstall', nodes, planHashes, confirmed: 'n1', canary: 0, width: 8, stopAfterFailures: 3 },
  { type: 'wavePause', wave: 'w' },
  { type: 'waveResume', wave: 'w' },
  { type: 'waveResume', wave: 'w', confirmed: 'ERASE 2' },
  { type: 'waveCancel', wave: 'w' },
  { type: 'retry', nodes },
  { type: 'cancel', nodes },
  { type: 'release', nodes },
  { type: 'bootDisk', nodes },
  { type: 'readBmc', nodes, order: 'o' },
  { type: 'hold', nodes, why: 'smoke' },
  { type: 'protect', nodes },
  { type: 'unprotect', nodes },
  { type: 'power', nodes, action: 'forceOff', confirmed: 'n1' },
  { type: 'locate', nodes, on: false },
  { type: 'talosReboot', nodes },
  { type: 'talosCheck', nodes },
  { type: 'applyConfig', nodes, configHashes: { n1: 'abc' }, confirmed: 'n1' },
  { type: 'adoptDrift', node: 'n1', field: 'serial' },
  { type: 'ignoreDrift', node: 'n1', field: 'serial', ignored: true },
  { type: 'bootstrap', node: 'n1', confirmed: 'n1' },
  { type: 'trustFingerprint', node: 'n1', fingerprint: 'ab' },
  { type: 'panic', on: true },
  { type: 'breakGlass', reason: 'the cluster is down', phrase: 'BREAK GLASS' },
  { type: 'mendGlass' },
  { type: 'discovery', on: true, forMs: 0 },
  { type: 'adopt', macs: ['52:54:00:00:00:01'] },
  { type: 'ignoreStranger', mac: '52:54:00:00:00:01', ignored: false },
  { type: 'restartService', service: 'DHCP' },
];

describe('an order', () => {
  test.each(ORDERS.map((order) => [order.type, order] as const))(
    '%s is taken as it is, and not without one of its fields',
    (_type, order) => {
      expect(parseAction(order)).toEqual({ ok: true, value: order });
      const optional = ['confirmed', 'together', 'order'];
      for (const name of Object.keys(order)) {
        const { [name]: _gone, ...rest } = order as unknown as Record<string, unknown>;
        if (!optional.includes(name)) expect([name, parseAction(rest).ok]).toEqual([name, false]);
        expect([name, parseAction({ ...order, [name]: { evil: 1 } }).ok]).toEqual([name, false]);
      }
    },
  );

  test.each<readonly [string, unknown, RegExp]>([
    // `reinstal` is in no list of what erases, and would need no confirmation.
    ['of a kind of job that nobody knows', { type: 'arm', kind: 'reinstal', nodes, planHashes }, /no valid "kind"/],
    ['of a kind that every object has', { type: 'arm', kind: 'constructor', nodes, planHashes }, /no valid "kind"/],
    ['that every object has', { type: 'toString' }, /knows no such order/],
    ['of nobody', { type: 'explode', nodes }, /knows no such order/],
    ['for machines that are no names', { type: 'cancel', nodes: ['n1', 7] }, /no valid "nodes"/],
    ['with a power that is none', { type: 'power', nodes, action: 'explode' }, /no valid "action"/],
    ['with a reason without end', { type: 'hold', nodes, why: 'x'.repeat(5_000) }, /no valid "why"/],
    ['with a field from elsewhere', Object.create({ type: 'mendGlass' }), /this is no order|knows no such order/],
    ['that is nothing', null, /this is no order/],
    ['that is a text', 'panic', /this is no order/],
    ['that is a list', [], /this is no order/],
  ])('%s is refused', (_name, raw, why) => {
    expect(parseAction(raw)).toMatchObject({ ok: false, error: expect.stringMatching(why) });
  });
});

describe('a question', () => {
  test.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['a word', 'services'],
    ['no kind', { type: 'everything' }],
    ['an order without one', { type: 'act' }],
    ['a preview of no known kind', { type: 'preview', nodes, kind: 'reinstal' }],
    ['a preview of all', { type: 'preview', nodes: 'all', kind: 'install' }],
    ['lines of no log', { type: 'log', source: 7, fromLine: 0 }],
    ['a machine that is an object', { type: 'console', node: {} }],
  ])('of %s is answered with why not', (_name, raw) => {
    expect(parseAsk(raw)).toMatchObject({ ok: false, error: expect.stringMatching(/\w/) });
  });
});

describe('a greeting', () => {
  const hello = { t: 'hello', version: 1, user: 'ada', from: 'tty1', screen: 'attach', write: true };
  test('is taken, and its words are clean', () => {
    expect(parseFromClient({ ...hello, user: 'a\u001b[31mda', screen: 'x'.repeat(200) })).toMatchObject({
      ok: true,
      value: { user: expect.not.stringContaining('\u001b'), screen: expect.stringMatching(/^x{1,119}/) },
    });
  });

  test('of another version is taken, so that it can be told', () => {
    expect(parseFromClient({ t: 'hello', version: 999 })).toMatchObject({
      ok: true,
      value: { version: 999, write: false },
    });
  });

  test.each<readonly [string, unknown]>([
    ['null', null],
    ['a number', 42],
    ['a list', []],
    ['no greeting', {}],
    ['a greeting without a version', { t: 'hello' }],
    ['a question without a number', { t: 'ask', ask: { type: 'services' } }],
    ['a wish for state at no speed', { t: 'follow', everyMs: 'fast' }],
    ['a message of an older release', { t: 'events' }],
  ])('that is %s ends the connection', (_name, raw) => {
    expect(parseFromClient(raw).ok).toBe(false);
  });
});

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import { attemptToken, createTokenBook, sameToken } from '../../src/netboot/attempt-token.ts';
import { arm, createTestEngine, nodeSpec } from './boot-fixture.ts';

const secret = Buffer.from('secret');

describe('tokens of attempts', () => {
  test('hold 160 bits and depend on secret, node, job and attempt', () => {
    const token = attemptToken(secret, 'n1', 'j1', 1);
    expect(token).toMatch(/^[a-z2-7]{32}$/);
    const others = [
      attemptToken(Buffer.from('other'), 'n1', 'j1', 1),
      attemptToken(secret, 'n2', 'j1', 1),
      attemptToken(secret, 'n1', 'j2', 1),
      attemptToken(secret, 'n1', 'j1', 2),
    ];
    expect(new Set([token, ...others]).size).toBe(5);
    expect([sameToken(token, token), sameToken(token, others[0] ?? ''), sameToken(token, '')]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test('are found again after a restart, and die with their attempt', () => {
    const engine = createTestEngine([nodeSpec('n1', '52:54:00:00:00:01')]);
    arm(engine, 'n1', 'install');
    const boot = () =>
      engine.emit({
        type: 'http.scriptAsked',
        node: 'n1',
        address: '10.0.0.1',
        answer: 'install',
        job: 'job-n1',
        reason: '',
        hardware: {},
      });
    boot();
    const node = nodeOf(engine.fleet(), 'n1');
    if (node === undefined) throw new Error('no node');
    const token = createTokenBook(secret).tokenOf(node) ?? '';
    const restarted = createTokenBook(secret);
    expect(restarted.nodeOf(engine.fleet(), token)?.name).toBe('n1');
    expect(restarted.nodeOf(engine.fleet(), token.replace(/^./, token.startsWith('a') ? 'b' : 'a'))).toBeUndefined();
    expect(restarted.nodeOf(engine.fleet(), '../../etc/passwd')).toBeUndefined();
    engine.advance(60_000);
    boot();
    expect(restarted.nodeOf(engine.fleet(), token)).toBeUndefined();
  });

  test('a wrong one keeps no machine alive as it was when it came', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const book = createTokenBook(secret);
    const asked = (() => {
      const fleet = createTestEngine([nodeSpec('n1', '52:54:00:00:00:01')]).fleet();
      expect(book.nodeOf(fleet, 'a'.repeat(32))).toBeUndefined();
      return new WeakRef(fleet.nodes);
    })();
    for (let round = 0; round < 50 && asked.deref() !== undefined; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      collect();
    }
    expect(asked.deref()).toBeUndefined();
    expect(book.nodeOf(createTestEngine([]).fleet(), 'a'.repeat(32))).toBeUndefined();
  });
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeSpec, sha256 } from '../netboot/boot-fixture.ts';
import { createRandom } from '../seeded-random.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { type BadLine, fetchOnBadLine } from './lossy-tftp.ts';

/** Bad cables and busy switches. How fast it goes beside atftpd on the same line is told by test/bench/net/tftp.bench.ts. */

let stack: BootStack;
beforeAll(async () => {
  stack = await startBootStack({ nodes: [nodeSpec('n1', '52:54:00:00:00:01')] });
});
afterAll(async () => stack.stop());

function badLine(seed: number, loss: number, doubled = 0): BadLine {
  const random = createRandom(seed);
  return { loses: () => random() < loss, doubles: () => random() < doubled };
}

let subnet = 20;
async function fetchAll(clients: number, window: number, loss: number, doubled = 0) {
  subnet += 1;
  const all = await Promise.all(
    Array.from({ length: clients }, (_, i) =>
      fetchOnBadLine(
        stack.ports.tftp,
        'ipxe.efi',
        `127.77.${subnet}.${i + 1}`,
        window,
        badLine(i + window, loss, doubled),
      ),
    ),
  );
  const sum = (pick: (one: (typeof all)[number]) => number) => all.reduce((total, one) => total + pick(one), 0);
  return {
    whole: all.filter((one) => sha256(one.bytes) === sha256(stack.loader)).length,
    arrived: sum((one) => one.arrived),
    needed: sum((one) => one.needed),
  };
}

describe('a bad line', { timeout: 120_000 }, () => {
  /** Of one window a lost packet costs at most the rest of it; a busy machine adds repeats. A collapse is a hundredfold. */
  const LOSSES: readonly (readonly [loss: string, window: number, rate: number, overhead: number])[] = [
    ['1 % in lockstep', 1, 0.01, 1.5],
    ['1 % with window 4', 4, 0.01, 1.6],
    ['1 % with window 16', 16, 0.01, 2],
    ['10 % with window 4', 4, 0.1, 3],
  ];
  test.each(LOSSES)(
    'that loses %s lets all twenty transfers end, and little is sent twice',
    async (_, window, rate, overhead) => {
      const { whole, arrived, needed } = await fetchAll(20, window, rate);
      expect(whole).toBe(20);
      expect(arrived).toBeLessThan(needed * overhead);
    },
  );

  test('that doubles packets is no Sorcerer’s Apprentice (RFC 1123 4.2.3.1): nothing grows from block to block', async () => {
    for (const window of [1, 4]) {
      const { whole, arrived, needed } = await fetchAll(10, window, 0, 0.2);
      expect(whole).toBe(10);
      expect(arrived).toBeLessThan(needed * 2);
    }
  });
});

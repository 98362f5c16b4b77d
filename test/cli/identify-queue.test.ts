import { expect, test } from 'vitest';
import { createIdentifyQueue } from '../../src/cli/identify-queue.ts';
import type { EventBody } from '../../src/core/event.ts';

type Emit = (event: EventBody) => void;

function queueOf(atOnce: number) {
  const begun: string[] = [];
  const emits = new Map<string, Emit>();
  const told: string[] = [];
  const queue = createIdentifyQueue(
    {
      run(effect, emit) {
        if (effect.type !== 'bmc.identify') throw new Error(effect.type);
        begun.push(effect.node);
        emits.set(effect.node, emit);
      },
    },
    (event) => told.push(event.type),
    atOnce,
  );
  const end = (node: string, type: 'bmc.identityRead' | 'bmc.failed' | 'bmc.powerRead') =>
    emits.get(node)?.({ type, node } as EventBody);
  return { queue, begun, told, end };
}

test('so many are read at a time, in their order; the next begins when one is read or cannot be', () => {
  const { queue, begun, told, end } = queueOf(2);
  for (const node of ['a', 'b', 'c', 'd', 'e']) queue.add(node);
  expect(begun).toEqual(['a', 'b']);
  end('a', 'bmc.powerRead');
  expect(begun).toEqual(['a', 'b']);
  end('a', 'bmc.identityRead');
  expect(begun).toEqual(['a', 'b', 'c']);
  end('b', 'bmc.failed');
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  expect(told).toEqual(['bmc.powerRead', 'bmc.identityRead', 'bmc.failed']);
});

test('at the end nobody else is asked', () => {
  const { queue, begun, end } = queueOf(1);
  for (const node of ['a', 'b', 'c']) queue.add(node);
  queue.stop();
  end('a', 'bmc.failed');
  expect(begun).toEqual(['a']);
});

test('who waits already waits once, and a failure that is told twice frees one place', () => {
  const { queue, begun, end } = queueOf(1);
  for (const node of ['a', 'b', 'b', 'c']) queue.add(node);
  end('a', 'bmc.failed');
  end('a', 'bmc.failed');
  expect(begun).toEqual(['a', 'b']);
  end('b', 'bmc.identityRead');
  expect(begun).toEqual(['a', 'b', 'c']);
});

import { expect, test } from 'vitest';
import { nodeOf } from '../../../src/core/fleet.ts';
import { timelineOf } from '../../../src/ui/select/timeline.ts';
import { NOW, sampleFleet } from '../sample-fleet.ts';

test.each(['inspect', 'rescue'] as const)(
  'a boot that only looks (%s) awaits no install, its job over or not',
  (answered) => {
    const node = nodeOf(sampleFleet('normal'), 'r07-u32');
    if (node === undefined) throw new Error('no node');
    const { job: _over, ...rest } = node;
    const way = [{ phase: 'maintenance' as const, at: NOW - 4_000 }];
    const attempt = { number: 1, openedAt: NOW - 9_000, cameUp: false, lastActivityAt: NOW, answered, way };
    const titles = timelineOf({ ...rest, health: { is: 'ok' } }, attempt, NOW).map((step) => step.title);
    expect(titles).toEqual(['maintenance']);
  },
);

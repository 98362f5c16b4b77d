import { expect, test } from 'vitest';
import type { PlannerParts } from '../../src/cli/planner-parts.ts';
import { differenceOf, showPlan } from '../../src/cli/seal-plan.ts';
import { ok } from '../../src/core/result.ts';
import { readMasks } from '../../src/talos/mask-config.ts';
import { nodeSpec, planOf } from '../netboot/boot-fixture.ts';

const LINES = Array.from({ length: 30 }, (_, at) => `key${at}: ${at}`);
const TEXT = LINES.join('\n');
const parts = (remembered: string | undefined) =>
  ({ configs: { recall: () => remembered, nameSecret: (secret: string) => secret } }) as unknown as PlannerParts;

test.each<readonly [string, string | undefined, string, object]>([
  ['none is remembered', undefined, TEXT, {}],
  ['both are equal', TEXT, TEXT, { diff: [] }],
  [
    'one line differs',
    TEXT,
    [...LINES.slice(0, -1), 'key29: new'].join('\n'),
    {
      diff: ['@ … 26 unchanged lines', ' key26: 26', ' key27: 27', ' key28: 28', '-key29: 29', '+key29: new'],
    },
  ],
])('the difference to the last installation where %s', (_name, before, now, want) => {
  expect(differenceOf(parts(before), 'n1', readMasks(now))).toEqual(want);
});

test('a plan is masked and compared only when somebody looks, and then once', () => {
  let compared = 0;
  const configs = {
    recall: () => {
      compared += 1;
      return TEXT;
    },
    nameSecret: (secret: string) => secret,
    recallScript: () => undefined,
  };
  const looking = { configs, script: () => ok('#!ipxe\n') } as unknown as PlannerParts;
  const images = {
    kernel: { path: 'vmlinuz', sha256: 'a'.repeat(64), sizeBytes: 1 },
    initrd: { path: 'initramfs', sha256: 'b'.repeat(64), sizeBytes: 1 },
  };
  const rendered = {
    node: 'n1',
    plan: planOf('install', images),
    artefactsProven: true,
    configText: 'machine:\n  token: abcdef.0123456789abcdef\n',
  };
  const notes = { place: '', image: 'Talos', warnings: ['mind'] };
  const planned = showPlan(
    looking,
    { name: 'n1', spec: nodeSpec('n1', '52:54:00:00:00:01') } as never,
    rendered,
    notes,
  );
  if (!planned.ok) throw new Error(planned.error);
  expect([planned.value.rendered.node, compared]).toEqual(['n1', 0]);
  expect(planned.value.shown).toMatchObject({ script: '#!ipxe\n', image: 'Talos', warnings: ['mind'] });
  expect(planned.value.shown.config).not.toContain('0123456789abcdef');
  expect(compared).toBe(1);
});

import { expect, test } from 'vitest';
import { assignFaults, parseFaults } from '../../../src/sim/rack/assign-faults.ts';
import { type GeneratedNode, generateSite } from '../../../src/sim/rack/generate-site.ts';

function withFaults(text: string): readonly GeneratedNode[] | string {
  const wishes = parseFaults(text);
  if (!wishes.ok) return wishes.error;
  const made = assignFaults(generateSite(24, 1), wishes.value, 1);
  return made.ok ? made.value : made.error;
}

const waiting = (made: readonly GeneratedNode[] | string): readonly string[] =>
  typeof made === 'string' ? [made] : made.filter((one) => one.faults.awaitsBootstrap).map((one) => one.role);

test('a fault of control planes meets one of them, though those are spared by the others', () => {
  expect(waiting(withFaults('awaitsBootstrap'))).toEqual(['controlplane']);
  expect(waiting(withFaults('awaitsBootstrap:3'))).toEqual(['controlplane', 'controlplane', 'controlplane']);
});

test('asked for on a worker, where it would show nothing, it is refused in words', () => {
  expect(withFaults('awaitsBootstrap:r01-u09')).toBe(
    'the fault awaitsBootstrap is one of control planes, and r01-u09 is a worker',
  );
  expect(waiting(withFaults('awaitsBootstrap:r01-u02'))).toEqual(['controlplane']);
});

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

test.each([
  ['a list with `none` in it', 'none,kernelPanic', /none goes alone/],
  ['nothing between commas', ',', /nothing between the commas/],
  ['a fault on no machine', 'kernelPanic:0', /kernelPanic:0 is for no machine/],
  ['a fault with its number forgotten', 'kernelPanic:', /kernelPanic: is for no machine/],
  ['more than there are machines', 'kernelPanic:99', /for 99 machines, and here only 21 machines can have it/],
  ['one that no machine is left for', 'slowBmc:21,kernelPanic', /for 1 machine, and here none can have it/],
])('%s is refused in words', (_name, text, why) => {
  expect(withFaults(text)).toMatch(why);
});

test('what a newcomer should meet is as much of it as a small rack has machines for', () => {
  const some = parseFaults('some');
  const made = some.ok ? assignFaults(generateSite(3, 1), some.value, 1) : some;
  expect(made.ok && made.value.filter(({ wrong }) => wrong !== undefined).length).toBe(3);
});

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

test('a rack shows a machine that its file protects, and of a single machine nothing is held back', () => {
  const guarded = (count: number) => generateSite(count, 1).flatMap((one) => (one.isProtected ? [one.spec.name] : []));
  expect([guarded(1), guarded(2), guarded(24)]).toEqual([[], ['r01-u01'], ['r01-u01']]);
});

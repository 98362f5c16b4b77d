import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { assignFaults, parseFaults } from '../../../src/sim/rack/assign-faults.ts';
import { type GeneratedNode, generateSite } from '../../../src/sim/rack/generate-site.ts';

const README = fileURLToPath(new URL('../../../README.md', import.meta.url));

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
  ['a list of nothing at all', ' ', /the list of faults is empty: none is the word for no fault/],
  ['two counts of one fault', 'kernelPanic:2:3', /kernelPanic:2:3 says more than how many or which machine/],
  ['a fault on no machine', 'kernelPanic:0', /kernelPanic:0 is for no machine/],
  ['a fault with its number forgotten', 'kernelPanic:', /kernelPanic: is for no machine/],
  ['more than there are machines', 'kernelPanic:99', /for 99 machines, and here only 21 machines can have it/],
  ['one that no machine is left for', 'slowBmc:21,kernelPanic', /for 1 machine, and here none can have it/],
])('%s is refused in words', (_name, text, why) => {
  expect(withFaults(text)).toMatch(why);
});

/** What `some` does to a made-up rack: the machines that have a fault of it. */
function someOf(count: number, seed: number): readonly GeneratedNode[] {
  const wishes = parseFaults('some');
  const made = wishes.ok ? assignFaults(generateSite(count, seed), wishes.value, seed) : wishes;
  if (!made.ok) throw new Error(made.error);
  return made.value.filter(({ wrong }) => wrong !== undefined);
}

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 23, 24, 40];

test.each([
  [1, 0],
  [2, 0],
  [3, 1],
  [5, 1],
  [8, 2],
  [10, 3],
  [24, 8],
  [200, 8],
])('of a rack of %i, what a newcomer should meet is %i faults', (count, faults) => {
  for (const seed of SEEDS) expect(someOf(count, seed).length).toBe(faults);
});

test('a rack of 24 meets the faults of the tour, each where it always was', () => {
  expect(someOf(24, 1).map(({ spec, wrong = [] }) => `${spec.name} ${wrong.join()}`)).toMatchInlineSnapshot(`
    [
      "r01-u06 tftpStalls",
      "r01-u12 noBmc",
      "r01-u16 rivalDhcp",
      "r01-u17 haltsInstalled",
      "r01-u21 kernelPanic",
      "r01-u22 duplicateUuid",
      "r01-u23 lyingOverride",
      "r01-u24 wrongDisk",
    ]
  `);
});

test('the machine that README installs first has no fault in any rack, and no other has its UUID', () => {
  const [, named] = /provision (r01-u\d\d) --take/.exec(readFileSync(README, 'utf8')) ?? [];
  expect(named).toBe('r01-u02');
  for (const seed of SEEDS)
    for (const count of SIZES) {
      const names = someOf(count, seed).map((one) => one.spec.name);
      expect(names).not.toContain(count === 1 ? 'r01-u01' : named);
      // On a machine that its file protects nobody would ever see it.
      expect(names).not.toContain('r01-u01');
      const uuid = generateSite(count, seed).find((one) => one.spec.name === named)?.spec.uuid ?? '-';
      expect(someOf(count, seed).map((one) => one.faults.duplicateUuid)).not.toContain(uuid);
    }
});

test.each([
  ['a rack of one', 1, 'kernelPanic', ['r01-u01']],
  ['a rack of two: the one that does not refuse', 2, 'kernelPanic', ['r01-u02']],
  ['each of a small rack', 3, 'kernelPanic:3', ['r01-u01', 'r01-u02', 'r01-u03']],
  ['another than the first two, while there is one', 4, 'kernelPanic,slowBmc', ['r01-u03', 'r01-u04']],
])('a fault that is asked for meets %s', (_, count, text, names) => {
  const wishes = parseFaults(text);
  const made = wishes.ok ? assignFaults(generateSite(count, 1), wishes.value, 1) : wishes;
  expect(made.ok && made.value.flatMap((one) => (one.wrong === undefined ? [] : [one.spec.name]))).toEqual(names);
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

import { expect, test } from 'vitest';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import { renderProblems, renderProblemsJson } from '../../src/inventory/render-problems.ts';

const folder = new URL('fixtures/broken', import.meta.url).pathname;

test('a thoroughly broken tree gives all of its problems at once, each at its place', async () => {
  const { inventory, problems } = await loadInventory(folder);
  expect(inventory).toBeUndefined();
  await expect(renderProblems(problems, 'inventory')).toMatchFileSnapshot('golden/broken-tree.txt');
});

test('no problem repeats a literal password', async () => {
  const { problems } = await loadInventory(folder);
  const json = renderProblemsJson(problems);
  expect(json).not.toContain('hunter2');
  expect(JSON.parse(json).errors).toBe(problems.filter((one) => one.severity === 'error').length);
});

import { expect, test } from 'vitest';
import { discoveryKeys, neededKeys } from '../../src/cli/image-keys.ts';
import { fail, ok } from '../../src/core/result.ts';
import type { Inventory } from '../../src/core/spec.ts';
import { parseSite } from '../../src/inventory/parse-site.ts';
import { createReport } from '../../src/inventory/report.ts';
import { specOf } from '../talos/specs.ts';

const site = parseSite(undefined, createReport());
const inventory: Inventory = {
  site: { ...site, talos: { ...site.talos, version: 'v1.13.9', schematic: 'c'.repeat(64) } },
  profiles: {},
  nodes: [
    specOf({ name: 'a' }),
    specOf({ name: 'b', talos: { extensions: ['siderolabs/i915'] } }),
    specOf({ name: 'c', talos: { extensions: [] } }),
    specOf({ name: 'd', talos: { schematic: 'e'.repeat(64), version: 'v1.12.0' } }),
  ],
};

test('extensions count among the images that are needed', async () => {
  const keys = await neededKeys(inventory, async () => ok('d'.repeat(64)));
  expect(keys.ok && keys.value.map((key) => `${key.version} ${key.schematic[0]}`)).toEqual([
    'v1.13.9 c',
    'v1.13.9 d',
    'v1.12.0 e',
  ]);
});

test('one unknown id means that nothing is known to be idle', async () => {
  const keys = await neededKeys(inventory, async () => fail('never asked'));
  expect(keys).toMatchObject({ ok: false, error: expect.stringContaining('never asked') });
});

test('what discovery boots is needed too', () => {
  expect(discoveryKeys(inventory).map((key) => key.arch)).toEqual(['amd64', 'arm64']);
});

test('a schematic of arguments alone is asked of the image factory, with all that it holds', async () => {
  const customization = { kernelArgs: ['console=ttyS1'], meta: [{ key: 10, value: 'x' }] };
  const asked: unknown[] = [];
  const nodes = [specOf({ name: 'a', talos: { extensions: [], customization } })];
  await neededKeys({ ...inventory, nodes }, async (wish) => {
    asked.push(wish);
    return ok('d'.repeat(64));
  });
  expect(asked).toEqual([{ extensions: [], ...customization }]);
});

import { describe, expect, test } from 'vitest';
import { discoveryKeys, neededKeys, pullKeys } from '../../src/cli/image-keys.ts';
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

describe('a pull', () => {
  const sited = (unknown: 'note' | 'discover', nodes: Inventory['nodes'] = []): Inventory => ({
    site: { ...site, unknown, talos: { ...site.talos, version: 'v1.13.9' } },
    profiles: {},
    nodes,
  });
  const pulled = (of: Inventory) =>
    neededKeys(of, async () => ok('d'.repeat(64))).then((keys) =>
      (keys.ok ? pullKeys(keys.value, of) : []).map(
        (key) => `${key.arch} ${key.schematic.slice(0, 4)} ${key.kinds.length}`,
      ),
    );

  test.each<[string, Inventory, readonly string[]]>([
    ['of plain Talos for strangers, where no schematic is named', sited('discover'), ['amd64 3765 3']],
    ['of nothing where strangers are only noted', sited('note'), []],
    ['of no image twice', sited('discover', [specOf({ name: 'a' })]), ['amd64 3765 3']],
    [
      'of kernel and initramfs for strangers beside the UKI of a machine',
      sited('discover', [{ ...specOf({ name: 'a' }), boot: 'secureBoot' }]),
      ['amd64 3765 4'],
    ],
    [
      'of the processors that the site has',
      sited('discover', [{ ...specOf({ name: 'a' }), arch: 'arm64' }]),
      ['arm64 3765 3'],
    ],
  ])('%s', async (_name, of, expected) => {
    expect(await pulled(of)).toEqual(expected);
  });
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Inventory } from '../../src/core/spec.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { SimRackOptions } from '../../src/sim/rack/plan-site.ts';
import { createSimRack, type SimRack } from '../../src/sim/rack/sim-rack.ts';
import { renderConfig } from '../../src/talos/render-config.ts';

let folder = '';
let rack: SimRack | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sim-rack-'));
});
afterEach(async () => {
  await rack?.stop();
  rack = undefined;
  rmSync(folder, { recursive: true });
});

const small = { kernelBytes: 2_000, initramfsBytes: 3_000, loaderBytes: 1_000 };

async function make(
  options: Partial<SimRackOptions> = {},
): Promise<{ readonly rack: SimRack; readonly inventory: Inventory }> {
  const made = await createSimRack({
    folder,
    nodes: 24,
    seed: 1,
    speed: 20,
    faults: 'some',
    imageSizes: small,
    ...options,
  });
  if (!made.ok) throw new Error(made.error);
  rack = made.value;
  const loaded = await loadInventory(rack.inventoryFolder);
  // An operator's own warnings stay in a rehearsal: machines without a MAC must be adopted there too.
  expect(loaded.problems.filter((one) => one.severity === 'error' || options.rehearse === undefined)).toEqual([]);
  if (loaded.inventory === undefined) throw new Error('no inventory');
  return { rack, inventory: loaded.inventory };
}

describe('the files of a made-up rack', () => {
  test('are an inventory without a single problem', async () => {
    const { rack: made, inventory } = await make();
    expect(inventory.nodes).toHaveLength(24);
    expect(inventory.nodes.filter((node) => node.role === 'controlplane')).toHaveLength(3);
    expect(inventory.site.networks[0]).toMatchObject({ relay: made.network.relay, address: made.network.server });
  });

  test('hold configurations that render for every machine, in the old and in the new shape', async () => {
    const { rack: made, inventory } = await make();
    const versions = new Set<string>();
    for (const spec of inventory.nodes) {
      const { config } = spec.talos;
      if (config?.from !== 'file') throw new Error('no configuration');
      const version = spec.talos.version ?? inventory.site.talos.version ?? '';
      versions.add(version);
      const rendered = renderConfig({
        base: readFileSync(join(made.inventoryFolder, config.path), 'utf8'),
        patches: [],
        spec,
        version,
        endpoints: { eventSink: '127.77.0.1:4002', kernelLog: 'tcp://127.77.0.1:4001/' },
        installerImage: `factory.talos.dev/metal-installer/abc:${version}`,
      });
      expect(rendered.ok ? rendered.value.warnings : rendered.error).toEqual([]);
    }
    expect([...versions].sort()).toEqual(['v1.13.9', 'v1.14.0']);
  });

  test('name the simulated BMCs where they listen, and none for the machine that has none', async () => {
    const { rack: made, inventory } = await make();
    for (const node of inventory.nodes) expect(node.bmc?.url).toBe(made.bmcAt(node.name)?.url);
    expect(inventory.nodes.filter((node) => node.bmc === undefined)).toHaveLength(1);
  });

  test('bring an image for each version and architecture, marked as what it is', async () => {
    const { rack: made } = await make();
    for (const image of made.images) {
      const text = readFileSync(image.path, 'latin1');
      if (image.kind === 'cmdline') expect(text).toContain('talos.platform=metal');
      else expect(text).toMatch(/^SIMULATED /);
    }
    expect(made.images.filter((one) => one.kind === 'kernel').length).toBeGreaterThanOrEqual(2);
  });

  test('are the same for the same seed, and others for another', async () => {
    const names = ({ nodes }: Inventory) => nodes.map((node) => [node.identity, node.firmware, node.talos.disk]);
    const first = names((await make()).inventory);
    await rack?.stop();
    const again = names((await make()).inventory);
    await rack?.stop();
    expect(again).toEqual(first);
    expect(names((await make({ seed: 2 })).inventory)).not.toEqual(first);
  });
});

describe('a rehearsal', () => {
  const article = new URL('../inventory/fixtures/article', import.meta.url).pathname;

  test("has exactly the operator's machines, at addresses of this computer", async () => {
    const own = await loadInventory(article);
    if (own.inventory === undefined) throw new Error('no inventory');
    const { inventory } = await make({ rehearse: { inventory: own.inventory, folder: article }, faults: 'none' });
    expect(inventory.nodes.map((node) => node.name)).toEqual(own.inventory.nodes.map((node) => node.name));
    for (const node of inventory.nodes) if (node.network.ip !== undefined) expect(node.network.ip).toMatch(/^127\./);
    const [site] = inventory.site.networks;
    expect(site?.subnet).toMatch(/^127\.\d+\.0\.0\/16$/);
  });
});

describe('what goes wrong on purpose', () => {
  const article = new URL('../inventory/fixtures/article', import.meta.url).pathname;

  test('is told of a made-up rack, each machine with its fault', async () => {
    const { rack: made } = await make({ faults: 'kernelPanic:r01-u05,slowBmc:r01-u05,wrongDisk:r01-u07' });
    expect(made.notes).toEqual(['on purpose: r01-u05 has kernelPanic, slowBmc', 'on purpose: r01-u07 has wrongDisk']);
    expect(made.played.faults).toEqual([
      { node: 'r01-u05', text: 'its kernel panics (kernelPanic)' },
      { node: 'r01-u05', text: 'its BMC takes 20 s for each answer (slowBmc)' },
      { node: 'r01-u07', text: 'its disks are not those of the inventory (wrongDisk)' },
    ]);
  });

  test('is counted where so many were asked for that nobody would read their names', async () => {
    const { rack: made } = await make({ nodes: 60, faults: 'slowDownload:50' });
    expect(made.notes).toHaveLength(41);
    expect(made.notes.at(-1)).toBe('on purpose: 10 more machines have faults of the list');
  });

  test('is told of a rehearsed one before all else', async () => {
    const own = await loadInventory(article);
    const [first] = own.inventory?.nodes ?? [];
    if (own.inventory === undefined || first === undefined) throw new Error('no inventory');
    const rehearse = { inventory: own.inventory, folder: article };
    const { rack: made } = await make({ rehearse, faults: `wrongDisk:${first.name}` });
    expect(made.notes[0]).toBe(`on purpose: ${first.name} has wrongDisk`);
  });

  test('is not told where nothing does', async () => {
    expect((await make({ faults: 'none' })).rack.notes).toEqual([]);
  });
});

test.each([
  ['a fault that does not exist', 'kernelPanik', 'there is no fault "kernelPanik"'],
  ['a fault for nobody', 'wrongDisk:r99-u99', 'there is no such machine'],
])('says what is wrong with %s', async (_, faults, message) => {
  const made = await createSimRack({ folder, nodes: 3, seed: 1, speed: 20, faults, imageSizes: small });
  expect(made.ok ? '' : made.error).toContain(message);
});

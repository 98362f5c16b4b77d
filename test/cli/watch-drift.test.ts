import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSitePlanner } from '../../src/cli/site-planner.ts';
import type { VaultView } from '../../src/cli/vault-view.ts';
import { type DriftWatch, watchDrift } from '../../src/cli/watch-drift.ts';
import type { Drift } from '../../src/core/drift.ts';
import type { Event } from '../../src/core/event.ts';
import { emptyFleet } from '../../src/core/fleet.ts';
import { newNode } from '../../src/core/node.ts';
import { ok } from '../../src/core/result.ts';
import { shardMapOf } from '../../src/core/shard-map.ts';
import type { Inventory } from '../../src/core/spec.ts';
import { createEngine, type Engine } from '../../src/engine/create-engine.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';

/** Real files and the real planner; the engine's clock is turned by hand. */

const START = Date.UTC(2026, 0, 1);
const WISH_AGE_MS = 5 * 60_000;
const SITE = `networks: [{ relay: 10.77.0.2, address: 127.0.0.1, subnet: 10.77.0.0/24 }]
talos: { version: v1.13.9 }
`;
const config = (sysctl: string) => `version: v1alpha1
machine:
  type: worker
  token: abcdef.0123456789abcdef
  ca: { crt: LS0tcrt }
  sysctls: { net.core.somaxconn: "${sysctl}" }
  install: { disk: /dev/sda, image: 'ghcr.io/siderolabs/installer:v1.13.9' }
cluster:
  controlPlane: { endpoint: 'https://10.77.0.1:6443' }
`;

let folder = '';
let inventory: Inventory;
let engine: Engine;
let watch: DriftWatch | undefined;
let nowMs = START;
const found: { readonly node: string; readonly drift: readonly Drift[] }[] = [];
/** For whom a wish was made, in order. */
let asked: string[] = [];

const write = (path: string, text: string) => writeFileSync(join(folder, path), text);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crashcart-drift-'));
  mkdirSync(join(folder, '_talos'));
  nowMs = START;
  found.length = 0;
  asked = [];
  write('_site.yaml', SITE);
  write('_talos/worker.yaml', config('1024'));
  const machine = (n: number, ref: string) =>
    `macs: [52:54:00:00:00:0${n}]\nserial: S${n}\nip: 10.77.0.3${n}\ntalos: { disk: { serial: D${n} }, config: ${ref} }\n`;
  write('n1.yaml', machine(1, '_talos/worker.yaml'));
  write('n2.yaml', machine(2, '_talos/worker.yaml'));
  write('n3.yaml', machine(3, '"exec:cat _talos/worker.yaml"'));
  await open();
});
afterEach(() => {
  watch?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function read(): Promise<Inventory> {
  const loaded = await loadInventory(folder);
  if (loaded.inventory === undefined) throw new Error(JSON.stringify(loaded.problems));
  return loaded.inventory;
}

/** n1 and n3 were installed with another configuration; n2 never was. */
async function open(): Promise<void> {
  inventory = await read();
  const nodes = inventory.nodes.map((spec) => {
    const node = newNode(spec, START);
    if (spec.name === 'n2') return node;
    return { ...node, seen: { ...node.seen, installedAt: START, configHash: 'f'.repeat(64), talosVersion: 'v1.13.9' } };
  });
  const fleet = { ...emptyFleet(START), nodes: shardMapOf(nodes.map((node) => [node.name, node] as const)) };
  engine = createEngine({
    fleet,
    journal: { append: () => 1, durable: async () => ok(undefined) },
    effects: { run: () => undefined },
    now: () => nowMs,
  });
  engine.follow((event: Event) => {
    if (event.type === 'drift.found') found.push({ node: event.node, drift: event.drift });
  });
  const planner = createSitePlanner({
    current: () => inventory,
    references: { folder },
    vault: { images: () => undefined, uki: () => undefined, file: () => undefined } as unknown as VaultView,
    vaultDir: join(folder, 'assets'),
  });
  watch = watchDrift({
    engine,
    everyMs: 5,
    wishAgeMs: WISH_AGE_MS,
    configOf: (node) => {
      asked.push(node.name);
      return planner.configOf(node);
    },
  });
}

async function until(what: () => boolean): Promise<void> {
  const end = performance.now() + 40_000;
  while (!what() && performance.now() < end) await wait(5);
  expect(what()).toBe(true);
}

const wanted = (node: string): string | undefined =>
  found.findLast((one) => one.node === node)?.drift.find((one) => one.field === 'config')?.desired;

/** Several looks have begun and ended since: each mark is found by another one. */
async function lookedAgain(): Promise<void> {
  for (let times = 0; times < 3; times += 1) {
    const serial = `MARK-${performance.now()}`;
    const identity = { vendor: 'Acme', serial, macs: [], drives: [], bootTargets: [], canInsertMedia: false };
    engine.emit({ type: 'bmc.identityRead', node: 'n2', identity });
    await until(() => found.some((one) => one.drift.some(({ observed }) => observed === serial)));
  }
}

test('another configuration than the files make is told, with what applies it', async () => {
  await until(() => wanted('n1') !== undefined && wanted('n3') !== undefined);
  const drift = found.findLast((one) => one.node === 'n1')?.drift;
  expect(drift).toEqual([
    {
      field: 'config',
      desired: expect.stringMatching(/^[0-9a-f]{12}$/),
      observed: 'f'.repeat(12),
      actions: ['applyConfig', 'reinstall', 'ignore'],
    },
  ]);
});

test('nothing is made for a machine of which nothing installed is known', async () => {
  await until(() => asked.includes('n1') && asked.includes('n3'));
  await lookedAgain();
  expect(asked).not.toContain('n2');
});

test('a file that changed by itself is seen after the age of a wish, and not before', async () => {
  await until(() => wanted('n1') !== undefined);
  const before = wanted('n1');
  const count = () => asked.filter((name) => name === 'n1').length;
  write('_talos/worker.yaml', config('4096'));
  nowMs += WISH_AGE_MS;
  await lookedAgain();
  expect([count(), wanted('n1')]).toEqual([1, before]);
  nowMs += 1;
  await until(() => wanted('n1') !== before);
  await lookedAgain();
  expect(count()).toBe(2);
});

test('a command is not run again for a look, but when the inventory changed', async () => {
  await until(() => wanted('n3') !== undefined);
  const before = wanted('n3');
  write('_talos/worker.yaml', config('4096'));
  nowMs += 3 * WISH_AGE_MS;
  await lookedAgain();
  expect(asked.filter((name) => name === 'n3')).toHaveLength(1);
  watch?.refresh();
  await until(() => wanted('n3') !== before);
});

test('a configuration that cannot be made is no difference, and is one again when it can', async () => {
  await until(() => wanted('n1') !== undefined);
  rmSync(join(folder, '_talos/worker.yaml'));
  watch?.refresh();
  await until(() => wanted('n1') === undefined);
  write('_talos/worker.yaml', config('1024'));
  watch?.refresh();
  await until(() => wanted('n1') !== undefined);
});

test('a machine whose wish is as it is has no difference; one that left the inventory is asked for no more', async () => {
  await until(() => wanted('n1') !== undefined && wanted('n3') !== undefined);
  rmSync(join(folder, 'n3.yaml'));
  inventory = await read();
  engine.emit({ type: 'inventory.loaded', nodes: inventory.nodes, site: 'site', hash: 'h2', warnings: [] });
  watch?.refresh();
  asked = [];
  await until(() => asked.includes('n1'));
  await lookedAgain();
  expect(asked).not.toContain('n3');
});

test('after its end nothing is compared', async () => {
  await until(() => wanted('n1') !== undefined);
  watch?.stop();
  const count = found.length;
  watch?.refresh();
  engine.emit({
    type: 'bmc.identityRead',
    node: 'n2',
    identity: { vendor: 'Acme', serial: 'LATE', macs: [], drives: [], bootTargets: [], canInsertMedia: false },
  });
  await new Promise((turn) => setImmediate(turn));
  expect(found).toHaveLength(count);
});

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { adoptDrift } from '../../src/cli/adopt-drift.ts';
import { adoptStrangers } from '../../src/cli/adopt-strangers.ts';
import type { Drift } from '../../src/core/drift.ts';
import { emptyFleet, type Stranger } from '../../src/core/fleet.ts';
import { newNode } from '../../src/core/node.ts';
import { reduce } from '../../src/core/reduce.ts';
import { shardMapOf } from '../../src/core/shard-map.ts';
import { nodeSpec, uuidOf } from '../netboot/boot-fixture.ts';

/** What an operator takes over writes files: never that of another machine, and nothing goes out of one in silence. */

const MAC = '52:54:00:00:00:01';
const OTHER = '52:54:00:99:00:b1';
const identity = { macs: [MAC], uuid: uuidOf(MAC), serial: 'SN-n1', switchPort: 'ge-1' };
const SPEC = nodeSpec('n1', MAC, { identity });
const TEXT = `macs: [${MAC}]\nuuid: ${uuidOf(MAC)}\nserial: SN-n1\nswitchPort: ge-1\n`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crashcart-adopting-'));
  writeFileSync(join(folder, 'n1.yaml'), TEXT);
});
afterEach(() => rmSync(folder, { recursive: true }));

const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const adopt = (seen: Partial<Stranger>) => {
  const loaded = { type: 'inventory.loaded', nodes: [SPEC], site: 's', hash: 'h', warnings: [], time: 1 } as const;
  const [known] = reduce(emptyFleet(0), loaded);
  const stranger: Stranger = { mac: OTHER, firstAt: 1, lastAt: 1, asks: 1, asked: 'script', ignored: false, ...seen };
  const fleet = { ...known, strangers: shardMapOf([[OTHER, stranger] as const]) };
  const current = () => ({ nodes: [SPEC] });
  const world = { inventory: { folder, current }, engine: { fleet: () => fleet }, reload: async () => {} };
  return adoptStrangers(world, [OTHER]);
};

test('a machine that says the serial of another one while that boots is not written into the file of that', async () => {
  const said = await adopt({ poses: 'n1', serial: 'SN-n1', uuid: uuidOf(MAC) });
  expect(said.ok ? '' : said.error).toContain(`${OTHER} names itself as n1, and asked while n1 booted`);
  expect(read('n1.yaml')).toBe(TEXT);
});

test('its own file names nothing that another machine has in its file', async () => {
  expect(await adopt({ poses: 'n1', serial: 'SN-other', uuid: uuidOf(MAC), switchPort: 'ge-1' })).toMatchObject({
    ok: true,
  });
  const [file = ''] = readdirSync(join(folder, 'discovered'));
  const text = read(`discovered/${file}`);
  expect(text).toContain('serial: SN-other');
  expect(text).not.toMatch(/uuid|switchPort/);
});

test('two that end in the same three bytes have a file each, and adopted once more keep it', async () => {
  const [fleet] = reduce(emptyFleet(0), {
    type: 'inventory.loaded',
    nodes: [],
    site: 's',
    hash: 'h',
    warnings: [],
    time: 1,
  });
  const macs = ['52:54:00:aa:bb:01', '3c:ec:ef:aa:bb:01'];
  const strangers = shardMapOf(
    macs.map(
      (mac) => [mac, { mac, firstAt: 1, lastAt: 1, asks: 1, asked: 'script', ignored: false } as Stranger] as const,
    ),
  );
  const current = () => ({ nodes: [] });
  const world = {
    inventory: { folder, current },
    engine: { fleet: () => ({ ...fleet, strangers }) },
    reload: async () => {},
  };
  for (const what of ['created', 'unchanged']) {
    const files = ['new-aabb01', 'new-3cecefaabb01'].map((name) => `${name} (${what} discovered/${name}.yaml)`);
    expect(await adoptStrangers(world, macs)).toEqual({
      ok: true,
      value: `adopted ${files.join(', ')}; nothing is armed`,
    });
  }
  expect(read('discovered/new-aabb01.yaml')).not.toContain('3c:ec');
  expect(read('discovered/new-3cecefaabb01.yaml')).not.toContain('52:54');
});

test('a MAC that goes out of a file by another one is told, and when its machine booted by it', async () => {
  const drift: Drift = { field: 'mac', desired: MAC, observed: OTHER, actions: ['adopt', 'ignore'] };
  const world = { inventory: { folder }, reload: async () => {} };
  const said = (nic: boolean) =>
    adoptDrift(world, { ...newNode(SPEC, 0), seen: nic ? { nic: { mac: MAC, at: 1 } } : {} }, drift);
  const out = `n1: macs in n1.yaml is now what was observed, ${OTHER}, and no longer ${MAC}`;
  expect(await said(false)).toEqual({ ok: true, value: `${out}; nothing is armed` });
  expect(read('n1.yaml')).not.toContain(MAC);
  const booted = `it booted by ${MAC} at 1970-01-01 00:00:00 UTC`;
  expect(await said(true)).toEqual({ ok: true, value: `${out}; ${booted}; nothing is armed` });
});

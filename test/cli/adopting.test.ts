import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { adoptDrift } from '../../src/cli/adopt-drift.ts';
import { adoptStrangers } from '../../src/cli/adopt-strangers.ts';
import type { Drift } from '../../src/core/drift.ts';
import { emptyFleet, type Stranger } from '../../src/core/fleet.ts';
import { type NodeState, newNode } from '../../src/core/node.ts';
import { reduce } from '../../src/core/reduce.ts';
import { shardMapOf } from '../../src/core/shard-map.ts';
import type { IdentitySpec } from '../../src/core/spec.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
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

describe('a serial names a file', () => {
  const CHASSIS = { serial: 'CHASSIS1' };
  const seen = (mac: string, more: Partial<Stranger> = {}): Stranger => ({
    mac,
    firstAt: 1,
    lastAt: 1,
    asks: 1,
    asked: 'script',
    ignored: false,
    ...more,
  });

  /** Files of one machine each, and the strangers that are listed; adopts some of them, the way `A` does. */
  async function adoptBeside(
    files: Readonly<Record<string, Partial<IdentitySpec>>>,
    strangers: readonly Stranger[],
    macs = strangers.map(({ mac }) => mac),
    nodeSeen: NodeState['seen'] = {},
  ) {
    rmSync(join(folder, 'n1.yaml'));
    const nodes = Object.entries(files).map(([name, one]) => nodeSpec(name, MAC, { identity: { macs: [], ...one } }));
    for (const { name, identity: own } of nodes) writeFileSync(join(folder, `${name}.yaml`), JSON.stringify(own));
    const loaded = { type: 'inventory.loaded', nodes, site: 's', hash: 'h', warnings: [], time: 1 } as const;
    const [known] = reduce(emptyFleet(0), loaded);
    const fleet = {
      ...known,
      strangers: shardMapOf(strangers.map((one) => [one.mac, one] as const)),
      nodes: shardMapOf(nodes.map((spec) => [spec.name, { ...newNode(spec, 0), seen: nodeSeen }] as const)),
    };
    const world = {
      inventory: { folder, current: () => ({ nodes }) },
      engine: { fleet: () => fleet },
      reload: async () => {},
    };
    const said = await adoptStrangers(world, macs);
    const inventory = await loadInventory(folder);
    const errors = inventory.problems.filter(({ severity }) => severity === 'error').map(({ message }) => message);
    const holders = nodes.filter(({ name }) => macs.some((mac) => read(`${name}.yaml`).includes(mac)));
    return { said: said.ok ? said.value : `REFUSED ${said.error}`, into: holders.map(({ name }) => name), errors };
  }
  const A = '52:54:00:dd:00:01';
  const B = '52:54:00:dd:00:02';

  test.each<[string, Readonly<Record<string, Partial<IdentitySpec>>>, Partial<Stranger>]>([
    ['it alone has, in whatever case and between blanks', { w1: { serial: 'prep-1' } }, { serial: ' PREP-1 ' }],
    ['beside a board serial of the machine', { w1: { serial: 'PREP-1' } }, { serial: 'PREP-1', boardSerial: 'B1' }],
    [
      'beside the MACs of the same UUID',
      { w1: { serial: 'PREP-1', macs: [MAC], uuid: uuidOf(MAC) } },
      { serial: 'PREP-1', uuid: uuidOf(MAC) },
    ],
    [
      'of a chassis, by its board serial',
      { w0: { ...CHASSIS, boardSerial: 'B0' }, w1: { ...CHASSIS, boardSerial: 'b1' } },
      { ...CHASSIS, boardSerial: 'B1' },
    ],
    [
      'of a chassis, by its UUID',
      { w0: { ...CHASSIS, boardSerial: 'B0' }, w1: { ...CHASSIS, boardSerial: 'B1', uuid: uuidOf(MAC) } },
      { ...CHASSIS, uuid: uuidOf(MAC) },
    ],
  ])('that %s', async (_name, files, stranger) => {
    const { said, into, errors } = await adoptBeside(files, [seen(A, stranger)]);
    expect([said, into, errors]).toEqual([expect.stringContaining('adopted w1 (changed w1.yaml)'), ['w1'], []]);
  });

  test.each<[string, Readonly<Record<string, Partial<IdentitySpec>>>, Partial<Stranger>, RegExp]>([
    [
      'that several have',
      { w1: { ...CHASSIS, boardSerial: 'B1', macs: [MAC] }, w2: { ...CHASSIS, boardSerial: 'B2' } },
      CHASSIS,
      /has serial CHASSIS1, which is in the files of w1, w2, and nothing tells which/,
    ],
    ['beside a board serial', { w1: { ...CHASSIS, boardSerial: 'B1' } }, CHASSIS, /w1 has, whose file .* board serial/],
    ['beside other MACs', { w1: { ...CHASSIS, macs: [MAC] } }, CHASSIS, /w1 has, whose file names other MACs/],
    [
      'beside other MACs, with a placeholder for a UUID',
      { w1: { ...CHASSIS, macs: [MAC], uuid: uuidOf(MAC) } },
      { ...CHASSIS, uuid: '00000000-0000-0000-0000-000000000000' },
      /w1 has, whose file names other MACs/,
    ],
    [
      'while its UUID is of another file',
      { w1: CHASSIS, w2: { uuid: uuidOf(MAC) } },
      { ...CHASSIS, uuid: uuidOf(MAC) },
      /the serial of w1, and the UUID or the board serial of w2/,
    ],
    [
      'of a neighbour whose file has no board serial',
      { w1: { ...CHASSIS, macs: [MAC], uuid: uuidOf(MAC) } },
      { ...CHASSIS, uuid: uuidOf(A), boardSerial: 'B2' },
      /is another machine: boards that share a chassis need boardSerial: each/,
    ],
  ])('and not one %s', async (_name, files, stranger, why) => {
    const { said, into, errors } = await adoptBeside(files, [seen(A, stranger)]);
    expect([said, into, errors]).toEqual([expect.stringMatching(why), [], []]);
    expect(said).toMatch(/^REFUSED /);
    expect(readdirSync(folder)).not.toContain('discovered');
  });

  test('and not while a second machine is listed with it, unless that is ignored or has the same UUID', async () => {
    const files = { w1: CHASSIS };
    const refused = await adoptBeside(files, [seen(A, CHASSIS), seen(B, CHASSIS)], [A]);
    expect([refused.said, refused.into]).toEqual([expect.stringContaining(`and so has ${B}`), []]);
    writeFileSync(join(folder, 'n1.yaml'), TEXT);
    expect((await adoptBeside(files, [seen(A, CHASSIS), seen(B, { ...CHASSIS, ignored: true })], [A])).into).toEqual([
      'w1',
    ]);
    writeFileSync(join(folder, 'n1.yaml'), TEXT);
    const one = { ...CHASSIS, uuid: uuidOf(MAC) };
    const both = await adoptBeside(files, [seen(A, one), seen(B, one)]);
    expect([both.said, both.errors]).toEqual([expect.stringMatching(/adopted w1 .*, w1 /), []]);
  });

  test('and not while its machine was heard by another NIC', async () => {
    const { said, into } = await adoptBeside({ w1: CHASSIS }, [seen(A, CHASSIS)], [A], { mac: B });
    expect([said, into]).toEqual([expect.stringContaining(`of which ${B} is known`), []]);
  });

  test('boards of one chassis that nobody wrote down have a file each, with the board serial', async () => {
    const boards = [seen(A, { ...CHASSIS, boardSerial: 'B1' }), seen(B, { ...CHASSIS, boardSerial: 'B2' })];
    const { said, errors } = await adoptBeside({}, boards);
    expect([said, errors]).toEqual([expect.stringMatching(/adopted new-dd0001 .*, new-dd0002 /), []]);
    expect(read('discovered/new-dd0002.yaml')).toContain('boardSerial: B2');
    writeFileSync(join(folder, 'n1.yaml'), TEXT);
  });

  test('without board serials they are not adopted together: the inventory would be refused whole', async () => {
    const { said, errors } = await adoptBeside({}, [seen(A, CHASSIS), seen(B, CHASSIS)]);
    expect([said, errors]).toEqual([
      expect.stringMatching(/^REFUSED .*written before: new-dd0001 .*; nothing is armed/),
      [],
    ]);
    expect(readdirSync(join(folder, 'discovered'))).toEqual(['new-dd0001.yaml']);
  });

  test('a placeholder names none, and is not written', async () => {
    const { said, errors } = await adoptBeside({}, [
      seen(A, { serial: 'To be filled by O.E.M.' }),
      seen(B, { serial: 'To be filled by O.E.M.' }),
    ]);
    expect([said, errors]).toEqual([expect.stringMatching(/adopted new-dd0001 .*, new-dd0002 /), []]);
    expect(read('discovered/new-dd0001.yaml')).not.toContain('serial');
  });
});

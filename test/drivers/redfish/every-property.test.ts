import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../../src/drivers/redfish/json.ts';
import { PERSONALITIES } from '../../../src/sim/bmc/personalities.ts';
import { contextOf, deadline, READS, recordedTree, simTree, type Tree, treeClient, WRITES } from './hostile-tree.ts';

/** Each property of each resource, at every level, becomes null, a number, a text, a list and an object in turn. */

const STRANGERS: readonly unknown[] = [null, 7, '\u001b[2Jx', [], {}, [{ '@odata.id': '/redfish/v1' }, null, 3]];

type Way = readonly (string | number)[];

/** Of a list the first and the last item stand for all. */
function waysInto(value: unknown, way: Way = []): Way[] {
  if (typeof value !== 'object' || value === null) return [];
  const keys = Array.isArray(value)
    ? [...new Set([0, value.length - 1])].filter((index) => index >= 0)
    : Object.keys(value);
  return keys.flatMap((key) => [
    [...way, key],
    ...waysInto((value as Record<string | number, unknown>)[key], [...way, key]),
  ]);
}

function replaced(value: unknown, [key, ...rest]: Way, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? replaced(item, rest, by) : item));
  const object = value as Record<string, unknown>;
  return { ...object, [key]: replaced(object[key], rest, by) };
}

/** What may stand in an answer that is called good. */
function oddIn(name: string, value: unknown): string | undefined {
  const text = JSON.stringify(value) ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: an escape that got through is what this looks for
  if (/\\u001b|[\u0000-\u001f]/.test(text)) return 'an escape sequence';
  if (name === 'readStatus' && !['on', 'off', 'turningOn', 'turningOff'].includes((value as { power: string }).power))
    return text;
  if (name !== 'readIdentity') return undefined;
  const identity = value as {
    macs: { mac: string }[];
    memoryGiB?: unknown;
    model?: unknown;
    serial?: unknown;
    vendor: unknown;
  };
  const odd = [identity.model, identity.serial, identity.vendor].find(
    (one) => one !== undefined && typeof one !== 'string',
  );
  if (odd !== undefined) return `a name that is ${typeof odd}`;
  if (identity.memoryGiB !== undefined && typeof identity.memoryGiB !== 'number') return 'a size that is no number';
  return identity.macs.find(({ mac }) => !/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac))?.mac;
}

interface Tried {
  count: number;
  failed: number;
  readonly odd: string[];
}

async function tryTree(tree: Tree, where: string, operations: typeof READS, tried: Tried): Promise<void> {
  const { client, requests } = treeClient(tree);
  const context = await contextOf(tree, client, deadline());
  tried.count += 1;
  if (!context.ok) {
    tried.failed += 1;
    if (!/^127\.0\.0\.1 /.test(context.error.message)) tried.odd.push(`${where}: "${context.error.message}"`);
    return;
  }
  for (const [name, run] of Object.entries(operations)) {
    const result = await run(context.value, deadline());
    if (result.ok) {
      const odd = oddIn(name, result.value);
      if (odd !== undefined) tried.odd.push(`${where}: ${name} gives ${odd}`);
      continue;
    }
    tried.failed += 1;
    const { message, advice } = result.error as { message: string; advice: string };
    if (!/^127\.0\.0\.1 .*\w/.test(message) || advice === '') tried.odd.push(`${where}: ${name}: "${message}"`);
  }
  if (requests() > 3_000) tried.odd.push(`${where}: ${requests()} requests`);
}

async function damageAll(tree: Tree, most: number, operations: typeof READS): Promise<Tried> {
  const tried: Tried = { count: 0, failed: 0, odd: [] };
  const places = [...tree].flatMap(([path, json]) => waysInto(json).map((way) => ({ path, json, way })));
  // Of large recordings every so-manieth place, with every stranger somewhere: the same in every run.
  const step = Math.max(1, Math.ceil((places.length * STRANGERS.length) / most));
  for (let at = 0; at < places.length * STRANGERS.length; at += step) {
    const place = places[Math.floor(at / STRANGERS.length)];
    if (place === undefined) continue;
    const damaged = new Map(tree);
    damaged.set(place.path, replaced(place.json, place.way, STRANGERS[at % STRANGERS.length]) as Json);
    await tryTree(damaged, `${place.path} ${place.way.join('.')} #${at % STRANGERS.length}`, operations, tried);
  }
  return tried;
}

describe('a property of the wrong shape', () => {
  test.each(PERSONALITIES.map((one) => one.name))(
    'anywhere in the tree of %s gives a value or a reason when it is read',
    async (name) => {
      const tree = simTree(name);
      expect(tree.size).toBeGreaterThan(10);
      const tried = await damageAll(tree, 1_500, READS);
      expect(tried.odd).toEqual([]);
      expect(tried.count).toBeGreaterThan(700);
      expect(tried.failed).toBeGreaterThan(0);
    },
    60_000,
  );

  test.each(PERSONALITIES.map((one) => one.name))(
    'in the system of %s gives a value or a reason when it is written',
    async (name) => {
      const whole = simTree(name);
      const system = [...whole].find(([, json]) => 'PowerState' in json && 'Actions' in json);
      if (system === undefined) throw new Error('no system in the tree');
      const tried: Tried = { count: 0, failed: 0, odd: [] };
      const [path, json] = system;
      const places = waysInto(json);
      const step = Math.max(1, Math.ceil((places.length * STRANGERS.length) / 60));
      for (let at = 0; at < places.length * STRANGERS.length; at += step) {
        const way = places[Math.floor(at / STRANGERS.length)] ?? [];
        const damaged = new Map(whole).set(path, replaced(json, way, STRANGERS[at % STRANGERS.length]) as Json);
        await tryTree(damaged, `${path} ${way.join('.')} #${at % STRANGERS.length}`, WRITES, tried);
      }
      expect(tried.odd).toEqual([]);
    },
    60_000,
  );
});

const top = resolve(
  process.env['CRASHCART_REDFISH_TREES'] ?? join(import.meta.dirname, '../../../../shared/redfish-trees'),
);
const there = existsSync(top);
if (!there && process.env['CI'] === 'true') throw new Error(`no recorded Redfish trees in ${top}, which CI must have`);
if (!there)
  process.stderr.write(`recorded Redfish trees: skipped, there is no folder ${top} (set CRASHCART_REDFISH_TREES)\n`);

describe.skipIf(!there)('a property of the wrong shape in what a real BMC said', () => {
  test.each([
    'dell/r750-idrac9-6.00',
    'hpe/dl385g10plusv2-ilo5-2.72',
    'supermicro/x10sdv-bmc',
    'ami/gigabyte-h262-megarac',
    'openbmc/stock-palmetto-qemu',
  ])(
    '%s',
    async (name) => {
      const tried = await damageAll(recordedTree(join(top, name)), 500, READS);
      expect(tried.odd).toEqual([]);
      expect(tried.count).toBeGreaterThan(300);
    },
    60_000,
  );
});

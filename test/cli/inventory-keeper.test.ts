import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type InventoryKeeper, openInventory } from '../../src/cli/inventory-keeper.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Problem } from '../../src/core/spec.ts';

const MACHINE = 'macs: [52:54:00:00:00:01]\nserial: S1\n';
let folder = '';
let events: EventBody[] = [];
let changes = 0;
let watch: ReturnType<InventoryKeeper['watch']> | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crashcart-keeper-'));
  events = [];
  changes = 0;
  write(
    '_site.yaml',
    'networks: [{ relay: 10.77.0.2, address: 127.0.0.1, subnet: 10.77.0.0/24 }]\ntalos: { version: v1.13.9 }\n',
  );
  write('n1.yaml', MACHINE);
});
afterEach(() => {
  watch?.close();
  rmSync(folder, { recursive: true, force: true });
});

const write = (path: string, text: string) => writeFileSync(join(folder, path), text);

async function open(told?: readonly Problem[]): Promise<InventoryKeeper> {
  const opened = await openInventory(folder, told);
  if (!opened.ok) throw new Error(opened.error.message);
  watch = opened.value.watch(
    (event) => events.push(event),
    () => {
      changes += 1;
    },
  );
  return opened.value;
}

async function until(what: () => boolean): Promise<void> {
  const end = performance.now() + 30_000;
  while (!what() && performance.now() < end) await wait(10);
  expect(what()).toBe(true);
}

const types = () => events.map((event) => event.type);

test('a tree that was broken and is again as it was is told again: its errors stand no more', async () => {
  const keeper = await open();
  const before = keeper.hash();
  write('n1.yaml', 'macs: [nonsense]\n');
  await until(() => types().includes('inventory.rejected'));
  expect(keeper.current().nodes).toHaveLength(1);
  write('n1.yaml', MACHINE);
  await until(() => types().includes('inventory.loaded'));
  expect(events.at(-1)).toMatchObject({ type: 'inventory.loaded', hash: before, nodes: [{ name: 'n1' }] });
});

test('other words for the same change nothing; another value does, once', async () => {
  const keeper = await open();
  const before = keeper.hash();
  write('n1.yaml', `# by hand\n${MACHINE}`);
  await watch?.reload();
  expect([types(), keeper.hash()]).toEqual([[], before]);
  write('n1.yaml', `${MACHINE}rack: r1\n`);
  await watch?.reload();
  await until(() => types().includes('inventory.loaded'));
  expect([types(), changes]).toEqual([['inventory.loaded'], 1]);
  expect(keeper.hash()).not.toBe(before);
});

test('a file that is away for half a second changes nothing; one that stays away is out within seconds', async () => {
  write('n2.yaml', MACHINE.replace(':01]', ':02]').replace('S1', 'S2'));
  const keeper = await open();
  await watch?.first;
  rmSync(join(folder, 'n2.yaml'));
  await wait(500);
  write('n2.yaml', MACHINE.replace(':01]', ':02]').replace('S1', 'S2'));
  await wait(500);
  expect([types(), changes, keeper.current().nodes.length]).toEqual([[], 0, 2]);
  const since = performance.now();
  rmSync(join(folder, 'n2.yaml'));
  await until(() => events.length > 0);
  expect(performance.now() - since).toBeLessThan(10_000);
  expect(events).toMatchObject([{ type: 'inventory.loaded', nodes: [{ name: 'n1' }], remembers: true }]);
});

test('a folder that is not there is told with what to do', async () => {
  const opened = await openInventory(join(folder, 'nowhere'));
  expect(opened).toMatchObject({
    ok: false,
    error: { message: expect.stringMatching(/no inventory folder .*--inventory/) },
  });
});

test('a copy that a rehearsal plays has the warnings of the files that it was made from, also when it changes', async () => {
  const told = [{ file: 'n1.yaml', line: 1, column: 9, severity: 'warning', message: 'as it stands there' }] as const;
  write('n1.yaml', `{\n\n\n"macs": ["52:54:00:00:00:01"],\n"talos": { "disk": { "path": "/dev/sda" } } }\n`);
  const keeper = await open(told);
  expect(keeper.warnings).toEqual(told);
  write('n2.yaml', 'macs: [52:54:00:00:00:02]\ntalos: { disk: { path: /dev/sda } }\n');
  await watch?.reload();
  expect(events.at(-1)).toMatchObject({ nodes: [{ name: 'n1' }, { name: 'n2' }], warnings: told });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type InventoryKeeper, openInventory } from '../../src/cli/inventory-keeper.ts';
import { siteLines } from '../../src/cli/site-lines.ts';
import type { EventBody } from '../../src/core/event.ts';
import { emptyFleet, type Fleet } from '../../src/core/fleet.ts';
import { reduceSite } from '../../src/core/reduce-site.ts';
import { SITE_FILE } from '../../src/core/site-file.ts';
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

const SITE =
  'networks: [{ relay: 10.77.0.2, address: 127.0.0.1, subnet: 10.77.0.0/24 }]\ntalos: { version: v1.13.9 }\n';
const restarts = () => events.flatMap((event) => (event.type === 'service.changed' ? [event] : []));

test('ports and folders stay those of the start until a restart, which is told once, and not any more when it is put back', async () => {
  const keeper = await open();
  const before = keeper.current().site;
  const edited = `${SITE}ports: { http: 8080, tftp: 6969 }\nmetrics: 127.0.0.1:9471\nassetsDir: ../vaultX\nunknown: discover\n`;
  write('_site.yaml', edited);
  await watch?.reload();
  expect(keeper.current().site).toEqual({ ...before, unknown: 'discover' });
  const warning =
    'restart for ports: tftp 6969 (69 until then), http 8080 (80 until then); metrics: 127.0.0.1:9471 (none until then); ' +
    'assetsDir: ../vaultX (the default until then: machines are sent what is there, and `crashcart images` looks into the new one)';
  const told = { type: 'service.changed', service: 'site file', state: { is: 'ok', listens: folder, warning } };
  expect(restarts()).toEqual([told]);
  write('n1.yaml', `${MACHINE}rack: r1\n`);
  await watch?.reload();
  expect(keeper.current()).toMatchObject({ site: { ports: { http: 80 } }, nodes: [{ place: { rack: 'r1' } }] });
  expect(restarts()).toEqual([told]);
  write('_site.yaml', SITE);
  await watch?.reload();
  expect(restarts().at(-1)).toEqual({ ...told, state: { is: 'ok', listens: folder } });
  expect(keeper.current().site).toEqual(before);
});

test('a folder that the command line names waits for no restart', async () => {
  const opened = await openInventory(folder, undefined, new Set(['stateDir']));
  if (!opened.ok) throw new Error(opened.error.message);
  watch = opened.value.watch(
    (event) => events.push(event),
    () => undefined,
  );
  write('_site.yaml', `${SITE}stateDir: ../other\n`);
  await watch.reload();
  expect([types(), restarts()]).toEqual([['inventory.loaded'], []]);
});

test('the site file is among the services only while something of it waits for a restart', () => {
  const at = { time: 1_000, seq: 1 };
  const tell = (fleet: Fleet, warning?: string) =>
    reduceSite(fleet, {
      ...at,
      type: 'service.changed',
      service: SITE_FILE,
      state: { is: 'ok', listens: '/inv', ...(warning === undefined ? {} : { warning }) },
    });
  const waiting = tell(emptyFleet(0), 'restart for ports: http 8080 (80 until then)');
  expect(siteLines(waiting, 2_000)).toEqual(['site file WARNS: restart for ports: http 8080 (80 until then)']);
  expect(tell(waiting).services).toEqual({});
});

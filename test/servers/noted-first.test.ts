import { expect, test } from 'vitest';
import type { Event } from '../../src/core/event.ts';
import { emptyFleet, type Fleet, nodeOf } from '../../src/core/fleet.ts';
import { reduce } from '../../src/core/reduce.ts';
import { fail } from '../../src/core/result.ts';
import { createEngine, type Engine } from '../../src/engine/create-engine.ts';
import { watchSaving } from '../../src/engine/watch-saving.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import { createHttpDesk } from '../../src/servers/http-desk.ts';
import type { HttpVerdict } from '../../src/servers/http-question.ts';
import type { DiskPort } from '../../src/store/disk-port.ts';
import { type Journal, openJournal } from '../../src/store/open-journal.ts';
import { readJournal } from '../../src/store/read-journal.ts';
import {
  bootSite,
  NOBODY_ARMED,
  nodeSpec,
  planOf,
  renderedOf,
  sha256,
  siteSpec,
  subnet,
  uuidOf,
} from '../netboot/boot-fixture.ts';
import { createMemoryDisk, type MemoryDisk } from '../store/memory-disk.ts';

/** The engine, its journal and what answers, on a disk that hangs or loses its power. */

const MAC = '52:54:00:00:00:01';
const HOME = '127.77.0.50';
const TEMPLATE = '#!ipxe\nkernel http://10.0.0.9/disk-writer\nboot\n';
const { configHash: _none, ...OWN } = planOf('reinstall', undefined, {
  foreign: true,
  configChecked: false,
  kernelArgs: [],
  templateHash: sha256(TEMPLATE),
});
const STALL_MS = 150;

interface Running {
  readonly engine: Engine;
  readonly journal: Journal<Event>;
  readonly ask: () => Promise<string>;
  readonly stop: () => void;
}

async function start(disk: DiskPort, fleet: Fleet): Promise<Running> {
  const opened = await openJournal<Event>('/j', { disk, stallMs: STALL_MS });
  if (!opened.ok) throw new Error(opened.error);
  const journal = opened.value;
  const engine = createEngine({ fleet, journal, effects: { run: () => undefined }, now: Date.now });
  watchSaving(engine, journal);
  const site = bootSite(siteSpec([subnet()]));
  const rendered = renderedOf('n1', OWN, { template: TEMPLATE });
  const desk = createHttpDesk({
    ...NOBODY_ARMED,
    engine,
    site: () => site,
    rendered: { of: () => rendered },
    tokens: createTokenBook(Buffer.from('a site secret')),
    addresses: createAddressBook(engine.fleet()),
    onLog: () => undefined,
    files: { open: async () => fail('there are none') },
    whenStored: () => journal.durable(journal.lastSeq()),
  });
  const names = { mac: MAC, uuid: uuidOf(MAC), serial: 'SN-n1', buildarch: 'x86_64', platform: 'efi' };
  const ends = { address: HOME, port: 40_000, localAddress: '127.0.0.1', localPort: 80, head: '' };
  const question = { method: 'GET', path: '/s', query: Object.entries(names).flat(), ...ends };
  const verdict = () => new Promise<HttpVerdict>((answer) => desk.ask(question, { cut: () => undefined }, answer));
  return {
    engine,
    journal,
    ask: async () => {
      const { status, text = '' } = await verdict();
      return text.includes('disk-writer') ? 'the script' : `${status} ${text}`;
    },
    stop: desk.stop,
  };
}

async function armed(disk: DiskPort): Promise<Running> {
  const running = await start(disk, emptyFleet(0));
  const { engine, journal } = running;
  const expiresAt = Date.now() + 60_000;
  const by = { user: 'ada', from: 'tty1' };
  const known = { type: 'inventory.loaded', nodes: [nodeSpec('n1', MAC)], site: 't', hash: '', warnings: [] } as const;
  engine.emit(known);
  engine.emit({
    type: 'operator.armed',
    node: 'n1',
    job: 'j',
    kind: 'reinstall',
    plan: OWN,
    confirmed: 'n1',
    expiresAt,
    by,
  });
  engine.emit({ type: 'job.stored', node: 'n1', job: 'j' });
  engine.emit({ type: 'lease.granted', mac: MAC, address: HOME, until: expiresAt, node: 'n1' });
  engine.emit({ type: 'dhcp.ipxeAsked', node: 'n1', mac: MAC, address: HOME, xid: 5 });
  expect(await journal.durable(journal.lastSeq())).toMatchObject({ ok: true });
  return running;
}

/** `hang` may hold every write of it for ever. */
function hangingDisk(memory: MemoryDisk): DiskPort & { hang: Promise<void> } {
  const disk = {
    ...memory,
    hang: Promise.resolve(),
    open: async (path: string, ...how: [Parameters<DiskPort['open']>[1], 'synced'?]) => {
      const file = await memory.open(path, ...how);
      const write: typeof file.write = async (bytes, position) => {
        await disk.hang;
        return file.write(bytes, position);
      };
      return { ...file, write };
    },
  };
  return disk;
}

async function replayed(disk: DiskPort): Promise<Fleet> {
  let fleet = emptyFleet(0);
  for await (const item of readJournal<Event>('/j', 1, disk)) {
    if (item.kind === 'record') fleet = reduce(fleet, item.record)[0];
  }
  return fleet;
}

test('a disk whose write never ends lets no script out that writes; it is told, and goes out once the disk is back', async () => {
  const disk = hangingDisk(createMemoryDisk());
  const { engine, ask, journal, stop } = await armed(disk);
  let goOn = (): void => undefined;
  disk.hang = new Promise((resolve) => {
    goOn = resolve;
  });
  const began = Date.now();
  const first = await ask();
  expect(first).toMatch(/^200 #!ipxe\necho crashcart: n1: wait\necho not saving/);
  expect(Date.now() - began).toBeLessThan(STALL_MS + 1_000);
  expect(nodeOf(engine.fleet(), 'n1')?.job?.spentAt).toBeUndefined();
  expect(nodeOf(engine.fleet(), 'n1')?.health).toMatchObject({
    code: 'NOT_NOTED',
    detail: expect.stringMatching(/^not saving/),
  });
  expect(engine.fleet().saving.is).toBe('failing');
  expect(await ask()).toMatch(/^200 #!ipxe\necho crashcart: n1: wait\necho not saving/);
  goOn();
  expect(await journal.durable(journal.lastSeq())).toMatchObject({ ok: false });
  await expect.poll(() => engine.fleet().saving.is).toBe('ok');
  expect(await ask()).toBe('the script');
  expect(nodeOf(engine.fleet(), 'n1')?.job?.spentAt).toBeDefined();
  stop();
});

test('where the power goes the moment it is out, it does not go out again, and who asks in vain is told that it may never have', async () => {
  const memory = createMemoryDisk();
  const before = await armed(memory);
  expect(await before.ask()).toBe('the script');
  memory.crash(() => 0);
  before.stop();
  const fleet = await replayed(memory);
  expect(nodeOf(fleet, 'n1')?.job).toMatchObject({ id: 'j', scriptOut: { address: HOME } });
  const next = await start(memory, fleet);
  next.engine.emit({ type: 'engine.started', version: '1', simulated: false });
  expect(await next.ask()).toMatch(/its own script was noted just before this program ended, and may never have left/);
  expect(nodeOf(next.engine.fleet(), 'n1')?.health).toMatchObject({
    code: 'SENT_TO_DISK',
    detail: expect.stringMatching(/may never have left, and goes out once: .*cancel its job and arm it again/),
  });
  next.stop();
});

test('where the power goes once it is known to be out, it counts as gone out', async () => {
  const memory = createMemoryDisk();
  const before = await armed(memory);
  expect(await before.ask()).toBe('the script');
  expect(await before.journal.durable(before.journal.lastSeq())).toMatchObject({ ok: true });
  memory.crash(() => 0);
  before.stop();
  const next = await start(memory, await replayed(memory));
  next.engine.emit({ type: 'engine.started', version: '1', simulated: false });
  expect(await next.ask()).toMatch(/its own script went out, and does so once/);
  expect(nodeOf(next.engine.fleet(), 'n1')?.health).toEqual({ is: 'ok' });
  next.stop();
});

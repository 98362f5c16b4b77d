import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { siteLines } from '../../src/cli/site-lines.ts';
import { getIn } from '../../src/core/shard-map.ts';
import { describeEvent } from '../../src/link/recent-lines.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import { createEventSink } from '../../src/servers/create-event-sink.ts';
import { createKernelLogReceiver } from '../../src/servers/create-kernel-log-receiver.ts';
import type { BootServer } from '../../src/servers/server-parts.ts';
import { bootSite, createTestEngine, nodeSpec, siteSpec, subnet, type TestEngine } from '../netboot/boot-fixture.ts';
import { must } from './boot-stack.ts';
import { eventOf, lineOf, openLogSender, openPublisher, phaseStart } from './report-senders.ts';

/** A stranger that was booted for discovery has Talos on a disk: it halts, its API stays closed, and only its reports tell why. */

const MAC = '52:54:00:00:00:99';
const ADDRESS = '127.77.0.99';
const LINE =
  '[talos] Talos is already installed to disk but booted from another media and talos.halt_if_installed kernel parameter is set. Please reboot from the disk.';

let engine: TestEngine;
let server: BootServer | undefined;
const parts = () => ({
  engine,
  site: () => bootSite(siteSpec([subnet()])),
  addresses: createAddressBook(engine.fleet()),
  tokens: createTokenBook(Uint8Array.of(7)),
  onLog: () => undefined,
  bind: { port: 0, address: '127.0.0.1' },
});
const port = () => server?.listens[0]?.port ?? 0;
const halts = () => engine.events.filter((one) => one.type === 'stranger.halted');
const seen = (asked: 'script' | 'os' | 'firmware', offered?: string) =>
  engine.emit({
    type: 'stranger.seen',
    mac: MAC,
    address: ADDRESS,
    asked,
    ...(offered === undefined ? {} : { offered }),
  });

beforeEach(() => {
  engine = createTestEngine([nodeSpec('n1', '52:54:00:00:00:01')]);
  engine.emit({ type: 'site.discoverySwitched', until: engine.now() + 60_000, by: { user: 'test', from: 'tty1' } });
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

async function byEvents(): Promise<void> {
  server = must(await createEventSink(parts()));
  const machine = await openPublisher(port(), ADDRESS);
  for (const count of [1, 2]) await machine.publish(eventOf(count, phaseStart('haltIfInstalled')));
  machine.close();
}

async function byItsLog(): Promise<void> {
  server = must(await createKernelLogReceiver(parts()));
  const machine = await openLogSender(port(), ADDRESS);
  machine.write(lineOf(1, LINE) + lineOf(2, LINE));
  await vi.waitFor(() => expect(halts()).not.toEqual([]), { timeout: 20_000 });
  machine.destroy();
}

test.each([
  ['its events', byEvents],
  ['its kernel log', byItsLog],
])('is told once, by %s, until it boots again', async (_name, report) => {
  seen('script', 'the image for discovery');
  await report();
  expect(halts()).toEqual([{ type: 'stranger.halted', mac: MAC }]);
  expect(getIn(engine.fleet().strangers, MAC)?.halted).toBe(true);
  expect(describeEvent({ type: 'stranger.halted', mac: MAC, time: 0 })).toBe(
    `unknown machine ${MAC} has Talos on a disk: it halted, nothing was written`,
  );
  expect(siteLines(engine.fleet(), engine.now()).join()).toContain(', 1 of them halted, as Talos is on a disk there');
  seen('os');
  expect(getIn(engine.fleet().strangers, MAC)?.halted).toBe(true);
  seen('firmware');
  expect(getIn(engine.fleet().strangers, MAC)?.halted).toBeUndefined();
});

test('one that was not booted for discovery says nothing by that', async () => {
  seen('os');
  await byEvents();
  expect(halts()).toEqual([]);
});

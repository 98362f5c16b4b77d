import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { BmcIdentity } from '../../src/core/bmc.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Rendered } from '../../src/core/ports.ts';
import { ok, type Result } from '../../src/core/result.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import type { OpenedFile } from '../../src/servers/file-verdict.ts';
import { createHttpDesk, type RunningDesk } from '../../src/servers/http-desk.ts';
import type { HttpVerdict } from '../../src/servers/http-question.ts';
import {
  ALL_LOADERS,
  arm,
  bootSite,
  createTestEngine,
  nodeSpec,
  planOf,
  renderedOf,
  siteSpec,
  subnet,
  type TestEngine,
  uuidOf,
} from '../netboot/boot-fixture.ts';
import { attemptPath } from './attempt-path.ts';

/** Images that are on their way when something forbids them, and what is no reason to break them off. */

const MAC = '52:54:00:00:00:01';
const OTHER = '52:54:00:00:00:02';
const HOME = '10.1.0.50';
const by = { user: 'ada', from: 'tty1' };
const SWEPT_MS = 600;

let engine: TestEngine;
let rendered: Rendered | undefined;
let opened: () => Promise<Result<OpenedFile>>;
let desk: RunningDesk;
let path = '';
const cut = vi.fn();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  cut.mockClear();
  engine = createTestEngine([nodeSpec('n1', MAC), nodeSpec('n2', OTHER)]);
  opened = async () => ok({ sizeBytes: 1_000_000, etag: '"x"' });
  desk = createHttpDesk({
    engine,
    site: () => bootSite(siteSpec([subnet()]), '10.1.0.2'),
    rendered: { of: (name) => (name === 'n1' ? rendered : undefined) },
    artefacts: ALL_LOADERS,
    tokens: createTokenBook(Buffer.from('a site secret')),
    addresses: createAddressBook(engine.fleet()),
    onLog: () => undefined,
    files: { open: () => opened() },
  });
});
afterEach(() => {
  desk.stop();
  vi.useRealTimers();
});

const ends = { address: HOME, port: 40_000, localAddress: '10.1.0.2', localPort: 80, head: '' };
const ask = (path: string, query: readonly string[] = []): Promise<HttpVerdict> =>
  new Promise((answer) => desk.ask({ method: 'GET', path, query, ...ends }, { cut }, answer));

/** Its wipe's initramfs is on its way. */
async function onItsWay(): Promise<void> {
  const { plan } = arm(engine, 'n1', 'reinstall').of('n1') ?? expect.fail('not rendered');
  rendered = renderedOf('n1', plan);
  const names = { mac: MAC, uuid: uuidOf(MAC), serial: 'SN-n1', buildarch: 'x86_64', platform: 'efi' };
  const { text = '' } = await ask('/s', Object.entries(names).flat());
  expect(text).toContain('talos.experimental.wipe');
  path = `${attemptPath(Buffer.from(text))}/initrd`;
  expect((await ask(path)).status).toBe(200);
  await vi.advanceTimersByTimeAsync(SWEPT_MS);
  expect(cut).not.toHaveBeenCalled();
}

/** By its BMC it is n2. */
const READ: BmcIdentity = {
  vendor: 'x',
  macs: [{ mac: OTHER, from: 'NIC.1' }],
  drives: [],
  bootTargets: [],
  canInsertMedia: false,
};
const panic: EventBody = { type: 'site.panicSwitched', on: true, by };
const n1 = (change: Parameters<typeof nodeSpec>[2] = {}) => nodeSpec('n1', MAC, change);
const n2 = nodeSpec('n2', OTHER);
/** A command in its documents failed, or a patch is half saved. */
const unmade = () => {
  rendered = undefined;
};

test.each<readonly [string, () => void]>([
  ['PANIC', () => engine.emit(panic)],
  ['a cancel', () => engine.emit({ type: 'operator.cancelled', node: 'n1', by })],
  ['a hold', () => engine.emit({ type: 'operator.held', node: 'n1', why: 'smoke', by })],
  ['an order to protect it', () => engine.emit({ type: 'operator.protected', node: 'n1', by })],
  ['`protected: true` in its file', () => engine.load([n1({ protected: true }), n2])],
  ['a file that is gone', () => engine.load([n2])],
  ['a conflict about who it is', () => engine.emit({ type: 'bmc.identityRead', node: 'n1', identity: READ })],
  [
    'another configuration by the settings of the site',
    () => {
      rendered = renderedOf('n1', planOf('reinstall', undefined, { hash: 'another' }));
    },
  ],
  [
    'a kernel in the vault that is not what it was',
    () => {
      rendered = renderedOf('n1', planOf('reinstall'), { artefactsProven: false });
    },
  ],
  [
    'PANIC while its plan cannot be made',
    () => {
      unmade();
      engine.emit(panic);
    },
  ],
  [
    'a cancel while its plan cannot be made',
    () => {
      unmade();
      engine.emit({ type: 'operator.cancelled', node: 'n1', by });
    },
  ],
  [
    'another configuration, made after none could be',
    () => {
      unmade();
      vi.advanceTimersByTime(SWEPT_MS);
      rendered = renderedOf('n1', planOf('reinstall', undefined, { hash: 'another' }));
    },
  ],
])('%s breaks off what is on its way', async (_name, forbid) => {
  await onItsWay();
  forbid();
  await vi.advanceTimersByTimeAsync(SWEPT_MS);
  expect(cut).toHaveBeenCalledTimes(1);
});

test.each<readonly [string, () => void]>([
  ['the inventory is read again', () => engine.load([n1(), n2])],
  ['it has another unit in its rack', () => engine.load([n1({ place: { rack: 'r1', unit: 7, height: 1 } }), n2])],
  ['another machine is protected', () => engine.load([n1(), nodeSpec('n2', OTHER, { protected: true })])],
  [
    'the same is made for it once more',
    () => {
      rendered = renderedOf('n1', planOf('reinstall'));
    },
  ],
  ['its plan cannot be made for a moment', unmade],
  [
    'its plan cannot be made while the inventory is read, and is made again the same',
    () => {
      unmade();
      engine.load([n1(), n2]);
      vi.advanceTimersByTime(SWEPT_MS);
      rendered = renderedOf('n1', planOf('reinstall'));
    },
  ],
  ['its bytes come slowly', () => engine.emit({ type: 'clock.ticked' })],
])('it goes on where %s', async (_name, happens) => {
  await onItsWay();
  happens();
  await vi.advanceTimersByTimeAsync(SWEPT_MS);
  expect(cut).not.toHaveBeenCalled();
});

test('PANIC that comes while the file is being opened is not missed', async () => {
  let open = (): void => undefined;
  opened = () =>
    new Promise((resolve) => {
      open = () => resolve(ok({ sizeBytes: 1_000_000, etag: '"x"' }));
    });
  const { plan } = arm(engine, 'n1', 'reinstall').of('n1') ?? expect.fail('not rendered');
  rendered = renderedOf('n1', plan);
  const names = { mac: MAC, uuid: uuidOf(MAC), serial: 'SN-n1', buildarch: 'x86_64', platform: 'efi' };
  const { text = '' } = await ask('/s', Object.entries(names).flat());
  const got = ask(`${attemptPath(Buffer.from(text))}/initrd`);
  engine.emit(panic);
  open();
  await got;
  await vi.advanceTimersByTimeAsync(SWEPT_MS);
  expect(cut).toHaveBeenCalledTimes(1);
});

test('PANIC breaks off what an unknown machine boots while discovery is on, and a loader it does not', async () => {
  engine.emit({ type: 'site.discoverySwitched', until: engine.now() + 600_000, by });
  expect((await ask('/d/amd64/initrd')).status).toBe(200);
  expect((await ask('/b/ipxe.efi')).status).toBe(200);
  engine.emit(panic);
  await vi.advanceTimersByTimeAsync(SWEPT_MS);
  expect(cut.mock.calls).toEqual([[1]]);
});

test('who is unknown ends what it loads when discovery ends, and whatever other machine is adopted; PANIC breaks it off', async () => {
  engine.emit({ type: 'site.discoverySwitched', until: engine.now() + 600_000, by });
  expect((await ask('/d/amd64/initrd')).status).toBe(200);
  engine.advance(601_000);
  engine.emit({ type: 'clock.ticked' });
  engine.load([n1(), n2, nodeSpec('n3', '52:54:00:00:00:03')]);
  await vi.advanceTimersByTimeAsync(SWEPT_MS);
  expect(cut).not.toHaveBeenCalled();
  expect((await ask('/d/amd64/initrd')).status).toBe(404);
  engine.emit(panic);
  await vi.advanceTimersByTimeAsync(SWEPT_MS);
  expect(cut.mock.calls).toEqual([[1]]);
});

test('what cannot be made for a moment is not begun', async () => {
  await onItsWay();
  const before = rendered;
  unmade();
  expect((await ask(path)).status).toBe(404);
  rendered = before;
  expect((await ask(path)).status).toBe(200);
});

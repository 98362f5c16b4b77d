import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { watchStrangers } from '../../src/cli/watch-strangers.ts';
import { emptyFleet, type Stranger } from '../../src/core/fleet.ts';
import { getIn } from '../../src/core/shard-map.ts';
import { fingerprintOf } from '../../src/drivers/talos-api/probe-api.ts';
import { createEngine, type Engine } from '../../src/engine/create-engine.ts';
import { type CertificateFolder, createCertificates, type Pair } from '../drivers/talos-api/certificates.ts';
import { type FakeTalos, startFakeTalos } from '../drivers/talos-api/fake-talos.ts';
import { resourcesOf } from '../drivers/talos-api/maintenance-machine.ts';

/** A machine that nobody wrote down stands in maintenance mode: its hardware is read, and nothing is written to it. */

const MAC = '02:00:00:00:00:07';
const UUID = '4c4c4544-004a-3210-8054-c2c04f4e4b32';
const WAIT = { timeout: 30_000 };

let certificates: CertificateFolder;
let server: Pair;
let fake: FakeTalos | undefined;
let stop = () => {};
beforeAll(() => {
  certificates = createCertificates();
  server = certificates.leaf(certificates.authority('talos'), '/CN=maintenance-service.talos.dev');
});
afterAll(() => certificates.remove());
afterEach(() => {
  stop();
  fake?.close();
});

const version = { messages: [{ version: { tag: 'v1.13.9', arch: 'amd64' } }] };

async function startMachine(
  answers: Parameters<typeof startFakeTalos>[0]['answers'] = { version },
): Promise<FakeTalos> {
  fake = await startFakeTalos({ server, answers, resources: resourcesOf({ serial: 'CZJ7', uuid: UUID, mac: MAC }) });
  return fake;
}

function createWatched(port: number): Engine {
  const journal = { append: () => 1, durable: async () => ({ ok: true as const, value: undefined }) };
  const engine = createEngine({ fleet: emptyFleet(0), journal, effects: { run: () => undefined }, now: Date.now });
  stop = watchStrangers({ engine, everyMs: 20, port });
  return engine;
}

const discover = (engine: Engine) =>
  engine.emit({ type: 'site.discoverySwitched', until: Date.now() + 600_000, by: { user: 'u', from: 't' } });
const seen = (engine: Engine, asked: Stranger['asked'], address = '127.0.0.1') =>
  engine.emit({ type: 'stranger.seen', mac: MAC, asked, address });
const stranger = (engine: Engine) => getIn(engine.fleet().strangers, MAC);

test('its serial, disks, NICs and certificate are known a moment after it booted', async () => {
  const { port } = await startMachine();
  const engine = createWatched(port);
  discover(engine);
  seen(engine, 'script');
  await vi.waitFor(() => expect(stranger(engine)?.machine).toBeDefined(), WAIT);
  const spki = new X509Certificate(server.certificate).publicKey.export({ type: 'spki', format: 'der' });
  expect(stranger(engine)).toMatchObject({
    serial: 'CZJ7',
    uuid: UUID,
    talosVersion: 'v1.13.9',
    disks: [{ name: 'sda', serial: 'S1' }],
    machine: { memoryMiB: 32768, links: [{ name: 'ens1', mac: MAC }] },
    fingerprint: fingerprintOf(spki),
  });
});

test('it is asked again until its API opens, and only read', async () => {
  const { port, close } = await startMachine();
  close();
  const engine = createWatched(port);
  discover(engine);
  seen(engine, 'script');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(stranger(engine)?.machine).toBeUndefined();
  const again = await startFakeTalos({
    server,
    answers: { version },
    port,
    resources: resourcesOf({ serial: 'CZJ7', uuid: UUID, mac: MAC }),
  });
  fake = again;
  await vi.waitFor(() => expect(stranger(engine)?.machine).toBeDefined(), WAIT);
  const paths = new Set(again.asked.map((one) => one.path.split('/').at(-1)));
  expect([...paths].sort()).toEqual(['List', 'Version']);
});

test.each<readonly [string, (engine: Engine) => void]>([
  ['while discovery is off', (engine) => seen(engine, 'script')],
  [
    'while it has only asked for an address',
    (engine) => {
      discover(engine);
      seen(engine, 'firmware');
    },
  ],
])('nobody is asked %s', async (_name, tell) => {
  const { port, asked } = await startMachine();
  const engine = createWatched(port);
  tell(engine);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(asked).toEqual([]);
  expect(stranger(engine)?.machine).toBeUndefined();
});

test('one that answers nonsense stays a stranger without hardware, and the program goes on', async () => {
  const { port, asked } = await startMachine({ version: Buffer.from('nonsense') });
  const engine = createWatched(port);
  discover(engine);
  seen(engine, 'script');
  await vi.waitFor(() => expect(asked.length).toBeGreaterThan(0), WAIT);
  // Without a version its hardware is told all the same.
  await vi.waitFor(() => expect(stranger(engine)?.serial).toBe('CZJ7'), WAIT);
  expect(stranger(engine)?.talosVersion).toBeUndefined();
});

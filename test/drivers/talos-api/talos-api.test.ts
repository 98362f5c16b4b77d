import { X509Certificate } from 'node:crypto';
import { createServer } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Answering } from '../../../src/core/answering.ts';
import type { ApiAccess } from '../../../src/drivers/talos-api/api-channel.ts';
import { problemOfConnection } from '../../../src/drivers/talos-api/api-problem.ts';
import { openTalosApi, type TalosApi } from '../../../src/drivers/talos-api/open-talos-api.ts';
import { fingerprintOf, probeApi } from '../../../src/drivers/talos-api/probe-api.ts';
import { runTalosEffect } from '../../../src/drivers/talos-api/run-talos-effect.ts';
import { parseTalosconfig } from '../../../src/talos/parse-talosconfig.ts';
import { type CertificateFolder, createCertificates, type Pair, renderTalosconfig } from './certificates.ts';
import { type FakeOptions, type FakeTalos, startFakeTalos } from './fake-talos.ts';

let certificates: CertificateFolder;
let cluster: Pair;
let maintenanceLeaf: Pair;
let clusterLeaf: Pair;
let talosconfig: string;
const open: { close: () => void }[] = [];

beforeAll(() => {
  certificates = createCertificates();
  cluster = certificates.authority('talos');
  maintenanceLeaf = certificates.leaf(certificates.authority('talos'), '/CN=maintenance-service.talos.dev');
  clusterLeaf = certificates.leaf(cluster, '/CN=node-01');
  talosconfig = renderTalosconfig(cluster, certificates.leaf(cluster, '/O=os:admin', { usage: 'client' }));
});
afterAll(() => certificates.remove());
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function start(options: Partial<FakeOptions>): Promise<FakeTalos> {
  const fake = await startFakeTalos({ server: maintenanceLeaf, ...options });
  open.push(fake);
  return fake;
}

const configured = (options: Partial<FakeOptions> = {}) =>
  start({
    server: clusterLeaf,
    clientAuthority: cluster,
    ...options,
    resources: { ...HARDWARE, ...options.resources },
  });

function access(text = talosconfig): ApiAccess {
  const parsed = parseTalosconfig(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return { as: 'talosconfig', credentials: parsed.value };
}

async function connect(port: number, how: ApiAccess = { as: 'maintenance' }, timeoutMs = 3000): Promise<TalosApi> {
  const api = await openTalosApi({ address: '127.0.0.1', port, access: how, timeoutMs });
  if (!api.ok) throw new Error(api.error.message);
  open.push(api.value);
  return api.value;
}

const fingerprint = (pair: Pair) =>
  fingerprintOf(new X509Certificate(pair.certificate).publicKey.export({ type: 'spki', format: 'der' }));

const HARDWARE = { 'SystemInformations.hardware.talos.dev': { systeminformation: 'serialnumber: "0123"\n' } };
/** Who answers is looked at before every order. */
const ordersTo = (fake: FakeTalos) =>
  fake.asked.map(({ path }) => path.split('/').at(-1)).filter((name) => name !== 'List' && name !== 'Get');

/** The machine that is meant answers there. */
const ITSELF = { whoAnswers: () => ({ is: 'itself', sure: true, why: '' }) as const };

const RESOURCES = {
  'SystemInformations.hardware.talos.dev': {
    systeminformation:
      'manufacturer: Dell Inc.\nproductName: PowerEdge R640\nserialnumber: "0123"\nuuid: 4c4c4544-004a-3210-8054-c2c04f4e4b32\n',
  },
  'Processors.hardware.talos.dev': {
    'CPU-0': 'productName: Xeon Gold\ncoreCount: 16\nthreadCount: 32\n',
    'CPU-1': 'productName: ""\ncoreCount: 0\n',
  },
  'MemoryModules.hardware.talos.dev': {
    'DIMM-0': 'sizeMiB: 32768\n',
    'DIMM-1': 'sizeMiB: 32768\n',
    'DIMM-2': 'sizeMiB: 0\n',
  },
  'Disks.block.talos.dev': {
    sda: 'size: 480103981056\nmodel: MZ7L3480\nserial: 00012345\nwwid: naa.5002\ntransport: sata\nrotational: false\nsymlinks:\n    - /dev/disk/by-id/wwn-0x5002\n    - /dev/disk/by-path/pci-0\n',
    nvme0n1: 'size: 1000204886016\nserial: 1e5\ntransport: nvme\n',
    sr0: 'size: 1\ntransport: sata\ncdrom: true\n',
    loop0: 'size: 5\n',
  },
  'DiscoveredVolumes.block.talos.dev': {
    sda1: 'parent: sda\npartition_label: EFI\n',
    sda2: 'parent: sda\npartition_label: META\n',
  },
  'SystemDisks.block.talos.dev': { 'system-disk': 'diskID: sda\ndevPath: /dev/sda\n' },
  'LinkStatuses.net.talos.dev': {
    ens1: 'type: ether\nkind: ""\nhardwareAddr: 52:54:00:0a:21:01\npermanentAddr: 52:54:00:0a:21:01\nlinkState: true\nspeedMbit: 10000\ndriver: ixgbe\n',
    ens2: 'type: ether\nkind: ""\nhardwareAddr: 52:54:00:0a:21:02\nlinkState: false\nspeedMbit: 4294967295\n',
    bond0: 'type: ether\nkind: bond\nhardwareAddr: 52:54:00:0a:21:01\n',
    lo: 'type: loopback\nkind: ""\nhardwareAddr: ""\n',
  },
};

describe('maintenance mode', () => {
  test('tells its hardware without any credentials', async () => {
    const fake = await start({ resources: RESOURCES });
    const hardware = await (await connect(fake.port)).hardware();
    await expect(`${JSON.stringify(hardware, null, 2)}\n`).toMatchFileSnapshot('golden/hardware.json');
  });

  test('1.13 tells its version by the call, 1.12 by the resource', async () => {
    const version = { messages: [{ version: { tag: 'v1.13.9', arch: 'amd64' }, platform: { name: 'metal' } }] };
    const newer = await start({ answers: { version } });
    expect(await (await connect(newer.port)).version()).toEqual({
      ok: true,
      value: { tag: 'v1.13.9', arch: 'amd64', platform: 'metal' },
    });
    const older = await start({
      answers: { version: { code: status.PERMISSION_DENIED, details: 'not authorized' } },
      resources: { 'Versions.runtime.talos.dev': { version: 'version: v1.12.11\n' } },
    });
    expect(await (await connect(older.port)).version()).toEqual({ ok: true, value: { tag: 'v1.12.11' } });
  });

  test('takes a configuration, always in mode AUTO', async () => {
    const answer = { messages: [{ warnings: ['deprecated\u001b[2J'], mode: 1, mode_details: 'Dry run summary' }] };
    const fake = await start({ answers: { applyConfiguration: answer } });
    const api = await connect(fake.port);
    expect(await api.applyConfiguration('version: v1alpha1\n', true)).toEqual({
      ok: true,
      value: { warnings: ['deprecated'], details: 'Dry run summary' },
    });
    const [request] = fake.asked;
    expect(request?.fields).toMatchObject({ mode: 1, dry_run: true });
    expect(Buffer.from(request?.fields.data as Uint8Array).toString()).toBe('version: v1alpha1\n');
  });

  test.each([
    [status.INVALID_ARGUMENT, 'invalid', /Talos refuses it: unknown key/],
    [status.FAILED_PRECONDITION, 'busy', /cannot do this now/],
    [status.PERMISSION_DENIED, 'denied', /does not allow this/],
    [status.UNIMPLEMENTED, 'unsupported', /does not have this call/],
  ])('a refusal with gRPC status %i is words', async (code, expected, words) => {
    const fake = await start({ answers: { applyConfiguration: { code, details: 'unknown key\nx' } } });
    const result = await (await connect(fake.port)).applyConfiguration('x', false);
    expect(result).toMatchObject({ ok: false, error: { code: expected, message: expect.stringMatching(words) } });
  });

  test('a node that says nothing is left after the time limit', async () => {
    const fake = await start({ answers: { version: 'silence' } });
    const result = await (await connect(fake.port, { as: 'maintenance' }, 300)).version();
    expect(result).toMatchObject({ ok: false, error: { code: 'timeout' } });
  });

  test('garbage in an answer is told', async () => {
    const fake = await start({ answers: { version: Buffer.from([0x0a, 0xff, 0xff]) } });
    expect(await (await connect(fake.port)).version()).toMatchObject({ ok: false, error: { code: 'garbage' } });
  });

  test('an answer over 8 MiB is not taken in', async () => {
    const fake = await start({ answers: { version: { messages: [{ version: { tag: 'x'.repeat(9_000_000) } }] } } });
    expect(await (await connect(fake.port)).version()).toMatchObject({ ok: false, error: { code: 'garbage' } });
  });

  test('no hardware at all is a reason', async () => {
    const fake = await start({ answers: { list: { code: status.PERMISSION_DENIED, details: 'no' } } });
    expect(await (await connect(fake.port)).hardware()).toMatchObject({ ok: false, error: { code: 'unsupported' } });
  });
});

describe('who answers', () => {
  test('is told apart by its certificate', async () => {
    const maintenance = await start({});
    const cluster = await configured();
    expect(await probeApi('127.0.0.1', maintenance.port, 2000)).toMatchObject({
      ok: true,
      value: { certificate: 'maintenance', fingerprint: fingerprint(maintenanceLeaf) },
    });
    expect(await probeApi('127.0.0.1', cluster.port, 2000)).toMatchObject({
      ok: true,
      value: { certificate: 'cluster' },
    });
  });

  test('must match the fingerprint of the log, where there is one', async () => {
    const version = { messages: [{ version: { tag: 'v1.13.9' } }] };
    const fake = await start({ answers: { version } });
    const right = await connect(fake.port, { as: 'maintenance', fingerprint: fingerprint(maintenanceLeaf) });
    expect((await right.version()).ok).toBe(true);
    const wrong = await openTalosApi({
      address: '127.0.0.1',
      port: fake.port,
      access: { as: 'maintenance', fingerprint: fingerprint(clusterLeaf) },
    });
    expect(wrong).toMatchObject({ ok: false, error: { code: 'pinChanged' } });
  });

  test('nobody is told as nobody', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await new Promise((resolve) => server.close(resolve));
    expect(await probeApi('127.0.0.1', port, 2000)).toMatchObject({
      ok: false,
      error: { code: 'unreachable', message: expect.stringMatching(/nobody listens/) },
    });
    const api = await connect(port, access(), 2000);
    expect(await api.version()).toMatchObject({ ok: false, error: { code: 'unreachable' } });
  });

  test('a port that speaks no TLS ends in time', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await probeApi('127.0.0.1', port, 300)).toMatchObject({ ok: false, error: { code: 'timeout' } });
    server.close();
  });
});

describe('a configured node', () => {
  test('answers an administrator whose key is written as talosctl writes it', async () => {
    const version = { messages: [{ version: { tag: 'v1.13.9', arch: 'arm64' } }] };
    const fake = await configured({ answers: { version } });
    expect(await (await connect(fake.port, access())).version()).toEqual({
      ok: true,
      value: { tag: 'v1.13.9', arch: 'arm64' },
    });
  });

  test('gives its status, and follows it until it is told to stop', async () => {
    const yaml = (stage: string, ready: boolean) =>
      `stage: ${stage}\nstatus:\n    ready: ${ready}\n    unmetConditions:\n        - name: nodeReady\n          reason: not found\n`;
    const fake = await configured({
      resources: { 'MachineStatuses.runtime.talos.dev': { machine: yaml('running', false) } },
      watch: [yaml('booting', false), yaml('shutting down', true)],
    });
    const api = await connect(fake.port, access());
    expect(await api.machineStatus()).toEqual({
      ok: true,
      value: { stage: 'running', ready: false, unmet: ['nodeReady: not found'] },
    });
    const stages: string[] = [];
    const control = new AbortController();
    const ended = api.watchMachineStatus((one) => {
      stages.push(one.stage);
      if (stages.length === 2) control.abort();
    }, control.signal);
    expect(await ended).toEqual({ ok: true, value: undefined });
    expect(stages).toEqual(['booting', 'shuttingDown']);
  });

  test('resets, reboots and lists its services', async () => {
    const services = [
      { id: 'etcd', state: 'Running', health: { healthy: true, last_message: 'ok' } },
      { id: 'kubelet', state: 'Preparing', health: { unknown: true } },
    ];
    const fake = await configured({ answers: { reset: {}, reboot: {}, serviceList: { messages: [{ services }] } } });
    const api = await connect(fake.port, access());
    expect(await api.services()).toEqual({
      ok: true,
      value: [
        { id: 'etcd', state: 'Running', healthy: true, message: 'ok' },
        { id: 'kubelet', state: 'Preparing', message: '' },
      ],
    });
    expect((await api.reset({ disks: 'systemDisk', graceful: false, reboot: true })).ok).toBe(true);
    expect(fake.asked.at(-1)?.fields).toMatchObject({ mode: 1, graceful: false, reboot: true });
    expect((await api.reboot()).ok).toBe(true);
  });

  test.each([
    ['done', {}, { ok: true, value: 'done' }],
    ['done before', { code: status.ALREADY_EXISTS, details: 'etcd data' }, { ok: true, value: 'alreadyDone' }],
    [
      'too early',
      { code: status.FAILED_PRECONDITION, details: 'time is not in sync yet' },
      { ok: false, error: { code: 'busy' } },
    ],
  ])('bootstrap: %s', async (_name, bootstrap, expected) => {
    const fake = await configured({ answers: { bootstrap } });
    expect(await (await connect(fake.port, access())).bootstrap()).toMatchObject(expected);
  });

  test('wants a client certificate, and that is told', async () => {
    const fake = await configured();
    const result = await (await connect(fake.port)).version();
    expect(result).toEqual({
      ok: false,
      error: {
        code: 'denied',
        message:
          'the node wants a client certificate: it is configured, a talosconfig is needed (tlsv13 alert certificate required)',
      },
    });
  });

  test('with a certificate for another address is not believed', async () => {
    const server = certificates.leaf(cluster, '/CN=x', { address: '10.9.9.9' });
    const fake = await configured({ server });
    const result = await (await connect(fake.port, access())).version();
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'tls', message: expect.stringMatching(/another address/) },
    });
  });

  test('whose certificate has expired is told as such', async () => {
    const fake = await configured({ server: certificates.leaf(cluster, '/CN=x', { days: -1 }) });
    const result = await (await connect(fake.port, access())).version();
    expect(result).toMatchObject({ ok: false, error: { code: 'expired' } });
  });

  // Talos is a Go program: its TLS alerts are these, which a server on Node does not send.
  test.each([
    [
      'error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:rec.c:1',
      'denied',
      /another cluster \(sslv3 alert bad/,
    ],
    ['error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:rec.c:1', 'denied', /another cluster/],
    [
      'error:0A000415:SSL routines:ssl3_read_bytes:sslv3 alert certificate expired:rec.c:1',
      'expired',
      /talosconfig expired/,
    ],
    ['connect ECONNREFUSED 10.0.0.1:50000', 'unreachable', /nobody listens/],
    ['read ECONNRESET\u001b[2J', 'unreachable', /does not answer \(read ECONNRESET \(now\)/],
  ])('says %s in words', (details, code, words) => {
    const problem = problemOfConnection(`No connection established. Last error: ${details} (now). Resolution note: `);
    expect(problem).toMatchObject({ code, message: expect.stringMatching(words) });
  });

  test('of another cluster is not believed', async () => {
    const other = certificates.authority('talos');
    const fake = await configured({ server: certificates.leaf(other, '/CN=x') });
    const result = await (await connect(fake.port, access())).version();
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'tls', message: expect.stringMatching(/not of this cluster/) },
    });
  });
});

describe('a talosconfig', () => {
  test('whose certificate has expired is told before anybody is asked', async () => {
    const later = Date.now() + 3 * 86_400_000;
    const result = await openTalosApi({ address: '127.0.0.1', port: 1, access: access(), now: () => later });
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'expired', message: expect.stringMatching(/expired on \d{4}-\d\d-\d\d: make a new one/) },
    });
    const early = await openTalosApi({ address: '127.0.0.1', port: 1, access: access(), now: () => 0 });
    expect(early).toMatchObject({ ok: false, error: { message: expect.stringMatching(/is the clock here right/) } });
  });

  test('names roles and endpoints', () => {
    expect(parseTalosconfig(talosconfig)).toMatchObject({
      ok: true,
      value: { context: 'rack-7', endpoints: ['127.0.0.1'], roles: ['os:admin'] },
    });
  });

  test.each<[string, string, RegExp]>([
    ['no YAML', 'a: [', /no talosconfig/],
    ['nothing', '', /no talosconfig/],
    ['no context', 'context: x\ncontexts: {y: {}}', /no context "x": there is y/],
    ['a prototype as context', 'context: __proto__\ncontexts: {y: {}}', /no context/],
    ['no keys', 'context: y\ncontexts: {y: {}}', /lacks ca, crt or key/],
    ['no base64', 'context: y\ncontexts: {y: {ca: "!", crt: "!", key: "!"}}', /lacks ca, crt or key/],
  ])('with %s is refused', (_name, text, reason) => {
    const result = parseTalosconfig(text);
    expect(result.ok ? 'read' : result.error).toMatch(reason);
  });

  test('with a damaged certificate is refused, and no key is in the reason', () => {
    const damaged = talosconfig.replace(
      /crt: .*/,
      `crt: ${Buffer.from('-----BEGIN CERTIFICATE-----\nx\n').toString('base64')}`,
    );
    const result = parseTalosconfig(damaged);
    expect(result.ok ? 'read' : result.error).toBe(
      'the client certificate in context "rack-7" of the talosconfig cannot be read',
    );
  });
});

describe('what the engine wants', () => {
  const parts = (port: number, withConfig: boolean) => ({
    ...ITSELF,
    port,
    timeoutMs: 3000,
    ...(withConfig ? { talosconfig: async () => ({ ok: true, value: talosconfig }) as const } : {}),
  });
  const at = { node: 'node-01', address: '127.0.0.1' };

  test('hardware is read in maintenance mode, and becomes evidence', async () => {
    const version = { messages: [{ version: { tag: 'v1.13.9' } }] };
    const fake = await start({ resources: RESOURCES, answers: { version } });
    const result = await runTalosEffect({ type: 'talos.readHardware', ...at }, parts(fake.port, false));
    expect(result).toMatchObject({
      ok: true,
      value: { type: 'talos.hardwareRead', node: 'node-01', version: 'v1.13.9', serial: '0123', disks: [{}, {}] },
    });
  });

  test('hardware of a configured node is read with the talosconfig', async () => {
    const fake = await configured({ resources: RESOURCES });
    const result = await runTalosEffect({ type: 'talos.readHardware', ...at }, parts(fake.port, true));
    expect(result).toMatchObject({ ok: true, value: { type: 'talos.hardwareRead', serial: '0123' } });
  });

  test('talos.reboot needs a talosconfig', async () => {
    const fake = await configured({ answers: { reboot: {} } });
    expect(await runTalosEffect({ type: 'talos.reboot', ...at }, parts(fake.port, false))).toMatchObject({
      ok: false,
      error: expect.stringMatching(/needs a talosconfig/),
    });
    expect(fake.asked).toEqual([]);
    const done = await runTalosEffect({ type: 'talos.reboot', ...at }, parts(fake.port, true));
    expect(done).toEqual({ ok: true, value: undefined });
    expect(ordersTo(fake)).toEqual(['Reboot']);
  });

  test('how a bootstrap ended is evidence, also where it could not be asked', async () => {
    const fake = await configured({ answers: { serviceList: {}, bootstrap: {} } });
    expect(await runTalosEffect({ type: 'talos.bootstrap', ...at }, parts(fake.port, false))).toMatchObject({
      ok: true,
      value: { type: 'talos.bootstrapEnded', problem: expect.stringMatching(/needs a talosconfig/) },
    });
    expect(fake.asked).toEqual([]);
    const done = await runTalosEffect({ type: 'talos.bootstrap', ...at }, parts(fake.port, true));
    expect(done).toEqual({ ok: true, value: { type: 'talos.bootstrapEnded', node: at.node, already: false } });
    expect(ordersTo(fake)).toEqual(['ServiceList', 'Bootstrap']);
  });
});

describe('what could erase or change a node', () => {
  const at = { node: 'node-01', address: '127.0.0.1' };
  const admin = (port: number) => ({
    ...ITSELF,
    port,
    timeoutMs: 3000,
    talosconfig: async () => ({ ok: true, value: talosconfig }) as const,
  });
  const disk = { 'SystemDisks.block.talos.dev': { 'system-disk': 'diskID: sda\n' } };
  const config = (text: string) => ({ 'MachineConfigs.config.talos.dev': { v1alpha1: text } });
  const applied = { applyConfiguration: { messages: [{ mode: 2 }] } };
  const BASE = 'version: v1alpha1\nmachine: {type: worker}\n';
  const VOLUME = `${BASE}---\napiVersion: v1alpha1\nkind: UserVolumeConfig\nname: data\n`;

  test('a reset is sent only while its job may, and how it ended is told', async () => {
    const fake = await configured({ answers: { reset: {} } });
    const effect = { type: 'talos.reset', ...at, job: 'j1' } as const;
    const refused = { ...admin(fake.port), mayReset: () => ({ ok: false, error: 'not armed' }) as const };
    expect(await runTalosEffect(effect, refused)).toMatchObject({
      value: { type: 'talos.resetEnded', problem: 'not armed' },
    });
    expect(await runTalosEffect(effect, admin(fake.port))).toMatchObject({
      value: { problem: expect.stringMatching(/nobody says/) },
    });
    expect(fake.asked).toEqual([]);
    const allowed = { ...admin(fake.port), mayReset: () => ({ ok: true, value: undefined }) as const };
    expect(await runTalosEffect(effect, allowed)).toEqual({
      ok: true,
      value: { type: 'talos.resetEnded', node: 'node-01', job: 'j1' },
    });
    expect(fake.asked.at(-1)?.fields).toMatchObject({ mode: 1, graceful: false, reboot: false });
    // It may be erasing itself all the same.
    const mute = await configured({});
    expect(await runTalosEffect(effect, { ...allowed, port: mute.port })).toMatchObject({
      value: { problem: expect.any(String), sent: true },
    });
  });

  test.each<[string, Record<string, Record<string, string>>, string, RegExp | undefined, number]>([
    ['goes to a node that is installed, without a reboot', { ...disk, ...config(BASE) }, BASE, undefined, 2],
    ['goes to none that runs from memory', config(BASE), BASE, /runs from memory/, 0],
    ['goes to none on which it would make a volume', { ...disk, ...config(BASE) }, VOLUME, /UserVolumeConfig data/, 0],
    ['goes to one that has its volumes already', { ...disk, ...config(VOLUME) }, VOLUME, undefined, 2],
    ['goes to none whose own cannot be read', disk, BASE, /cannot be read/, 0],
  ])('a configuration %s', async (_name, resources, text, problem, sent) => {
    const fake = await configured({ answers: applied, resources });
    const parts = { ...admin(fake.port), configFor: async () => ({ ok: true, value: text }) as const };
    const done = await runTalosEffect({ type: 'talos.apply', ...at, configHash: 'h' }, parts);
    const told = done.ok && done.value !== undefined && 'problem' in done.value ? done.value.problem : undefined;
    if (problem === undefined) expect(told).toBeUndefined();
    else expect(told).toMatch(problem);
    const applies = fake.asked.filter((one) => one.path.endsWith('/ApplyConfiguration'));
    expect(applies.map((one) => one.fields.mode)).toEqual(Array.from({ length: sent }, () => 2));
  });

  test('a node tells what it is, and an expired certificate is said plainly', async () => {
    const version = { messages: [{ version: { tag: 'v1.13.9' } }] };
    const schematic = { '1': `metadata:\n  name: schematic\n  version: ${'c'.repeat(64)}\n` };
    const resources = { ...disk, ...config(BASE), 'ExtensionStatuses.runtime.talos.dev': schematic };
    const fake = await configured({ answers: { version, serviceList: { messages: [{ services: [] }] } }, resources });
    expect(await runTalosEffect({ type: 'talos.check', ...at }, admin(fake.port))).toMatchObject({
      value: { facts: { version: 'v1.13.9', schematic: 'c'.repeat(64), systemDisk: 'sda' } },
    });
    const withDisks = await configured({ answers: { version }, resources: { ...RESOURCES, ...config(BASE) } });
    expect(await runTalosEffect({ type: 'talos.check', ...at }, admin(withDisks.port))).toMatchObject({
      value: { disks: [{ name: 'sda', serial: '00012345', holds: ['EFI', 'META'] }, { name: 'nvme0n1' }] },
    });
    const later = { ...admin(fake.port), now: () => Date.now() + 9 * 86_400_000 };
    expect(await runTalosEffect({ type: 'talos.check', ...at }, later)).toMatchObject({
      value: { facts: { problem: expect.stringMatching(/expired on/) } },
    });
  });
});

describe('where another machine answers at its address', () => {
  const at = { node: 'node-01', address: '127.0.0.1' };
  const WHY = 'node-02 answers at 127.0.0.1, not node-01';
  const ORDERS = [
    { type: 'talos.reset', ...at, job: 'j1' },
    { type: 'talos.apply', ...at, configHash: 'h' },
    { type: 'talos.bootstrap', ...at },
    { type: 'talos.reboot', ...at },
  ] as const;
  const WRITING = /\/(Reset|ApplyConfiguration|Bootstrap|Reboot)$/;
  const OWN = [
    ['itself, surely', { is: 'itself', sure: true, why: '' }, ['reset', 'apply', 'bootstrap', 'reboot', 'reads']],
    ['itself, by its MAC alone', { is: 'itself', sure: false, why: WHY }, ['apply', 'bootstrap', 'reboot', 'reads']],
    ['itself, as another one', { is: 'doubt', why: WHY }, ['reads']],
    ['another one', { is: 'another', why: WHY }, []],
  ] as const;

  async function run(
    effect: Parameters<typeof runTalosEffect>[0],
    answering: Answering,
    more: FakeOptions['answers'] = {},
  ) {
    const applied = { messages: [{ mode: 2 }] };
    const version = { messages: [{ version: { tag: 'v1.13.9' } }] };
    const waits = { messages: [{ services: [{ id: 'etcd', state: 'Preparing', health: { unknown: true } }] }] };
    const fake = await configured({
      answers: {
        reset: {},
        reboot: {},
        bootstrap: {},
        applyConfiguration: applied,
        serviceList: waits,
        version,
        ...more,
      },
      resources: { ...RESOURCES, 'MachineConfigs.config.talos.dev': { v1alpha1: 'version: v1alpha1\n' } },
    });
    const asked: unknown[] = [];
    const done = await runTalosEffect(effect, {
      port: fake.port,
      timeoutMs: 3000,
      talosconfig: async () => ({ ok: true, value: talosconfig }),
      mayReset: () => ({ ok: true, value: undefined }),
      configFor: async () => ({ ok: true, value: 'version: v1alpha1\n' }),
      whoAnswers: (node, address, { serial, links }) => {
        asked.push([node, address, serial, links.map(({ mac }) => mac)]);
        return answering;
      },
    });
    return { asked, said: JSON.stringify(done), sent: fake.asked.filter(({ path }) => WRITING.test(path)).length };
  }

  test.each(OWN)('says %s', async (_who, answering, may) => {
    for (const effect of ORDERS) {
      const { asked, said, sent } = await run(effect, answering);
      expect(asked).toEqual([['node-01', '127.0.0.1', '0123', ['52:54:00:0a:21:01', '52:54:00:0a:21:02']]]);
      const isMeant = may.some((one) => effect.type === `talos.${one}`);
      expect([effect.type, sent > 0]).toEqual([effect.type, isMeant]);
      expect(said.includes(WHY)).toBe(!isMeant);
    }
    const reads = may.some((one) => one === 'reads');
    const hardware = await run({ type: 'talos.readHardware', ...at }, answering);
    expect([hardware.said.includes('00012345'), hardware.said.includes(WHY)]).toEqual([reads, !reads]);
    const checked = await run({ type: 'talos.check', ...at }, answering);
    expect([checked.said.includes('00012345'), checked.said.includes(WHY)]).toEqual([reads, !reads]);
  });

  test('names that nothing proves to be its own are not kept as such', async () => {
    const unproven = { is: 'doubt', why: WHY, unproven: true } as const;
    const hardware = await run({ type: 'talos.readHardware', ...at }, unproven);
    expect(hardware.said).toContain('talos.hardwareRead');
    expect(hardware.said).not.toMatch(/"serial":"0123"|"uuid"/);
    const known = await run({ type: 'talos.readHardware', ...at }, { is: 'doubt', why: WHY });
    expect(known.said).toContain('"serial":"0123"');
  });

  test('nothing is ordered where it cannot be read who answers', async () => {
    const denied = { list: { code: status.PERMISSION_DENIED, details: 'not authorized' } };
    for (const effect of ORDERS) {
      const { said, sent } = await run(effect, { is: 'itself', sure: true, why: '' }, denied);
      expect([effect.type, sent]).toEqual([effect.type, 0]);
      expect(said).toMatch(/which machine answers at 127\.0\.0\.1 cannot be read/);
    }
  });
});

describe('before a bootstrap', () => {
  const services = (state: string) => ({
    serviceList: { messages: [{ services: [{ id: 'etcd', state, health: { unknown: true } }] }] },
  });
  const admin = (port: number) => ({
    ...ITSELF,
    port,
    timeoutMs: 5000,
    talosconfig: async () => ({ ok: true, value: talosconfig }) as const,
  });
  const effect = { type: 'talos.bootstrap', node: 'cp-01', address: '127.0.0.1' } as const;
  const sent = (fake: FakeTalos) => fake.asked.filter((one) => one.path.endsWith('/Bootstrap')).length;

  test('etcd that waits is told to begin', async () => {
    const fake = await configured({ answers: { ...services('Preparing'), bootstrap: {} } });
    const done = await runTalosEffect(effect, admin(fake.port));
    expect(done).toEqual({ ok: true, value: { type: 'talos.bootstrapEnded', node: 'cp-01', already: false } });
    expect(sent(fake)).toBe(1);
  });

  test('etcd that runs is left alone', async () => {
    const fake = await configured({ answers: { ...services('Running'), bootstrap: {} } });
    expect(await runTalosEffect(effect, admin(fake.port))).toMatchObject({ value: { already: true } });
    expect(sent(fake)).toBe(0);
  });

  test('another control plane whose etcd runs forbids it; one that does not answer tells nothing', async () => {
    const leaf = certificates.leaf(cluster, '/CN=cp-02', { address: '127.0.0.2' });
    const other = await configured({ server: leaf, address: '127.0.0.2', answers: services('Running') });
    const fake = await configured({ port: other.port, answers: { ...services('Preparing'), bootstrap: {} } });
    const beside = (name: string, address: string) => ({
      ...admin(fake.port),
      membersBeside: () => [{ name, address }],
    });
    expect(await runTalosEffect(effect, beside('cp-02', '127.0.0.2'))).toMatchObject({
      value: { problem: 'etcd runs on cp-02: the cluster is bootstrapped, and this node joins it by itself' },
    });
    expect(sent(fake)).toBe(0);
    expect(await runTalosEffect(effect, beside('cp-03', '127.0.0.3'))).toMatchObject({ value: { already: false } });
    expect(sent(fake)).toBe(1);
  });
});

import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { EventOf } from '../../../src/core/event.ts';
import type { ApplyWish } from '../../../src/drivers/talos-api/apply-config.ts';
import { fingerprintOf } from '../../../src/drivers/talos-api/probe-api.ts';
import { runTalosEffect, type TalosEffectParts } from '../../../src/drivers/talos-api/run-talos-effect.ts';
import { type CertificateFolder, createCertificates, type Pair } from './certificates.ts';
import { type FakeOptions, type FakeTalos, startFakeTalos } from './fake-talos.ts';
import { type MachineFacts, resourcesOf } from './maintenance-machine.ts';

let certificates: CertificateFolder;
let server: Pair;
const open: FakeTalos[] = [];
beforeAll(() => {
  certificates = createCertificates();
  server = certificates.leaf(certificates.authority('talos'), '/CN=maintenance-service.talos.dev');
});
afterAll(() => certificates.remove());
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const MACHINE: MachineFacts = {
  serial: 'CZJ1',
  uuid: '4c4c4544-004a-3210-8054-c2c04f4e4b32',
  mac: '52:54:00:00:00:01',
};
const EFFECT = {
  type: 'talos.apply',
  node: 'n1',
  address: '127.0.0.1',
  configHash: 'h',
  job: 'j',
  attempt: 2,
} as const;
const CONFIG = 'version: v1alpha1\nmachine: {type: worker}\n';
const fingerprint = (pair: Pair) =>
  fingerprintOf(new X509Certificate(pair.certificate).publicKey.export({ type: 'spki', format: 'der' }));

async function start(options: Partial<FakeOptions> = {}, facts: Partial<MachineFacts> = {}): Promise<FakeTalos> {
  const fake = await startFakeTalos({
    server,
    answers: { applyConfiguration: { messages: [{ mode: 1 }] } },
    resources: resourcesOf({ ...MACHINE, ...facts }),
    ...options,
  });
  open.push(fake);
  return fake;
}

async function apply(port: number, parts: Partial<TalosEffectParts> = {}) {
  const asked: (readonly [ApplyWish, string | undefined])[] = [];
  const done = await runTalosEffect(EFFECT, {
    whoAnswers: () => ({ is: 'itself', sure: true, why: '' }),
    port,
    timeoutMs: 5_000,
    configFor: async (wish, hardware) => {
      asked.push([wish, hardware?.serial]);
      return { ok: true, value: CONFIG };
    },
    ...parts,
  });
  return { asked, done };
}
const sent = (fake: FakeTalos) =>
  fake.asked
    .filter((one) => one.path.endsWith('/ApplyConfiguration'))
    .map(({ fields }) => Buffer.from(fields.data as Uint8Array).toString());
const ended = (changes: Partial<EventOf<'talos.configApplied'>> = {}) => ({
  ok: true,
  value: { type: 'talos.configApplied', node: 'n1', configHash: 'h', job: 'j', attempt: 2, ...changes },
});

test('the machine is looked at, the gate is asked with what was seen, and then it gets its configuration', async () => {
  const fake = await start();
  const { asked, done } = await apply(fake.port, { fingerprintOf: () => fingerprint(server) });
  expect(done).toEqual(ended());
  expect(asked).toEqual([[{ node: 'n1', configHash: 'h', job: 'j', attempt: 2 }, 'CZJ1']]);
  expect(sent(fake)).toEqual([CONFIG]);
});

test.each<readonly [string, Partial<MachineFacts>, Partial<TalosEffectParts>, RegExp]>([
  ['Talos is on its disk', { holds: ['EFI', 'META', 'STATE'] }, {}, /Talos is installed on sda: nothing was written/],
  ['the gate refuses', {}, { configFor: async () => ({ ok: false, error: 'not armed' }) }, /^not armed$/],
])('nothing is sent where %s', async (_name, facts, parts, problem) => {
  const fake = await start({}, facts);
  const { done } = await apply(fake.port, parts);
  expect(done).toEqual(ended({ problem: expect.stringMatching(problem) }));
  expect(sent(fake)).toEqual([]);
});

test('what Talos refuses is told with its words', async () => {
  const fake = await start({ answers: { applyConfiguration: { code: 3, details: 'no disk matched' } } });
  expect((await apply(fake.port)).done).toEqual(ended({ problem: 'Talos refuses it: no disk matched' }));
});

test.each<readonly [string, () => Promise<number>, () => string | undefined, RegExp]>([
  ['nobody listens yet', async () => 1, () => undefined, /nobody listens/],
  [
    'another certificate is shown than its log told',
    async () => (await start()).port,
    () => fingerprint(certificates.authority('other')),
    /another machine may answer/,
  ],
])('an order is still open where %s', async (_name, portOf, fingerprintOf, problem) => {
  const { asked, done } = await apply(await portOf(), { fingerprintOf });
  expect(done).toEqual({ ok: false, error: expect.stringMatching(problem) });
  expect(asked).toEqual([]);
});

test('reading its hardware tells which certificate it showed', async () => {
  const fake = await start();
  const read = await runTalosEffect(
    { type: 'talos.readHardware', node: 'n1', address: '127.0.0.1' },
    { port: fake.port, whoAnswers: () => ({ is: 'itself', sure: true, why: '' }) },
  );
  expect(read).toMatchObject({
    value: { type: 'talos.hardwareRead', serial: 'CZJ1', fingerprint: fingerprint(server) },
  });
});

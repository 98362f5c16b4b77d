import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import { nodeSpec, planOf, sha256, uuidOf } from '../netboot/boot-fixture.ts';
import { attemptPath } from './attempt-path.ts';
import { type BootStack, startBootStack } from './boot-stack.ts';
import { httpGet } from './sim-machine.ts';

/** cloud-init's files hold keys: to the machine of the attempt, for its boot, and not for ever. */

const MAC = '52:54:00:00:00:01';
const NODE = '127.77.0.50';
const FILES = { 'user-data': '#cloud-config\npassword: hunter2\n', 'meta-data': 'instance-id: n1\n' };
let stack: BootStack;
beforeEach(async () => {
  stack = await startBootStack({ nodes: [nodeSpec('n1', MAC)] });
});
afterEach(async () => stack.stop());

const get = (path: string, from = NODE) => httpGet(`http://127.0.0.1:${stack.ports.http}${path}`, from, {}, 'GET');
const job = () => nodeOf(stack.engine.fleet(), 'n1')?.job;

/** Armed by name, script fetched: the folder of its attempt. */
async function boot(): Promise<string> {
  const { version: _talos, ...plain } = planOf('reinstall', stack.images, {
    foreign: true,
    profile: 'debian',
    configChecked: false,
    configHash: sha256(JSON.stringify(FILES)),
    kernelArgs: ['quiet', 'ds=nocloud;s=http://{server}/t/{token}/'],
  });
  const by = { user: 'test', from: 'tty1' };
  const expiresAt = stack.engine.now() + 30 * 60_000;
  const armed = { node: 'n1', job: 'job-n1', kind: 'reinstall', plan: plain, confirmed: 'n1', expiresAt, by } as const;
  stack.engine.emit({ type: 'operator.armed', ...armed });
  stack.engine.emit({ type: 'job.stored', node: 'n1', job: 'job-n1' });
  const rendered = { node: 'n1', plan: plain, artefactsProven: true, cloudInit: FILES };
  stack.render({ of: (name) => (name === 'n1' ? rendered : undefined) });
  stack.engine.emit({ type: 'lease.granted', mac: MAC, address: NODE, until: expiresAt, node: 'n1' });
  const script = await get(`/s?mac=${MAC}&uuid=${uuidOf(MAC)}&serial=SN-n1&buildarch=x86_64&platform=efi`);
  expect(script.body.toString()).toContain('ds=nocloud;s=http://127.0.0.1');
  return attemptPath(script.body);
}

async function handOver(): Promise<string> {
  const folder = await boot();
  expect((await get(`${folder}/kernel`)).status).toBe(200);
  expect((await get(`${folder}/initrd`)).status).toBe(200);
  await vi.waitFor(() => expect(job()?.spentAt).toBeDefined(), 20_000);
  expect((await get(`${folder}/handoff`)).status).toBe(200);
  return folder;
}

test('go out after the hand-off, as often as its stages ask, and are in no log', async () => {
  const folder = await handOver();
  for (const round of [1, 2]) {
    for (const [name, text] of Object.entries(FILES)) {
      const got = await get(`${folder}/${name}`);
      expect([round, name, got.status, got.body.toString()]).toEqual([round, name, 200, text]);
    }
    expect((await get(`${folder}/vendor-data`)).status).toBe(404);
  }
  expect(JSON.stringify([stack.logs, stack.engine.events])).not.toContain('hunter2');
  expect(JSON.stringify(stack.logs)).not.toContain(folder.slice(3));
});

test('go to no other address', async () => {
  const folder = await handOver();
  expect((await get(`${folder}/user-data`, '127.77.0.66')).status).toBe(404);
});

test('are closed some minutes after they were read', async () => {
  const folder = await handOver();
  expect((await get(`${folder}/user-data`)).status).toBe(200);
  await vi.waitFor(() => expect(nodeOf(stack.engine.fleet(), 'n1')?.attempt?.configServedAt).toBeDefined(), 20_000);
  stack.engine.advance(11 * 60_000);
  const late = await get(`${folder}/user-data`);
  expect([late.status, late.body.toString()]).toEqual([
    403,
    expect.stringMatching(/^read at .* no more than 10 minutes/),
  ]);
});

test('and once it took over, nothing boots it a second time', async () => {
  const folder = await handOver();
  expect((await get(`${folder}/kernel`)).status).toBe(404);
  const again = await get(`/s?mac=${MAC}&uuid=${uuidOf(MAC)}&serial=SN-n1&buildarch=x86_64&platform=efi`);
  expect(again.body.toString()).toContain('boot the local disk');
});

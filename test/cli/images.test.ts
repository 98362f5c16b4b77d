import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Bundle, bundleProgram } from './bundle.ts';

let program: Bundle;
let inventory: string;
let factory: Server;
const SCHEMATIC = 'c'.repeat(64);

/** As small as an image may be, and with its first bytes. */
function imageOf(path: string): Buffer | undefined {
  if (path.includes('cmdline')) return Buffer.from('talos.platform=metal slab_nomerge pti=on\n');
  if (path.includes('kernel')) return Buffer.concat([Buffer.from('MZ'), Buffer.alloc(4_000_000)]);
  if (path.includes('initramfs')) return Buffer.concat([Buffer.from('28b52ffd', 'hex'), Buffer.alloc(16_000_000)]);
  return undefined;
}

beforeAll(async () => {
  program = await bundleProgram();
  factory = createServer((request, response) => {
    const path = request.url ?? '';
    const body = path.includes('v1.12.99') ? undefined : imageOf(path);
    response.writeHead(body === undefined ? 404 : 200, { 'content-length': body?.length ?? 0 }).end(body);
  }).listen(0, '127.0.0.1');
  await once(factory, 'listening');
  const url = `http://127.0.0.1:${(factory.address() as AddressInfo).port}`;
  inventory = join(program.folder, 'site');
  mkdirSync(inventory);
  const site = `talos: { version: v1.13.9, schematic: ${SCHEMATIC}, factory: "${url}" }\n`;
  writeFileSync(join(inventory, '_site.yaml'), `site: lab\nassetsDir: assets\n${site}`);
  writeFileSync(join(inventory, 'n1.yaml'), 'macs: [52:54:00:00:00:01]\nserial: A1\ntalos: { version: v1.12.99 }\n');
  writeFileSync(join(inventory, 'n2.yaml'), 'macs: [52:54:00:00:00:02]\nserial: A2\n');
}, 60_000);
afterAll(async () => {
  factory.closeAllConnections();
  factory.close();
  await program.remove();
});

const images = (...words: string[]) => program.run(['images', ...words, '--inventory', inventory]);

test('one version that the factory does not have leaves the other machines theirs', { timeout: 60_000 }, async () => {
  const { code, out, err } = await images('pull');
  expect(code).toBe(1);
  expect(out).toContain('v1.13.9');
  expect(err).toMatch(/1 of 2 could not be pulled:\n {2}Talos v1\.12\.99 amd64 schematic c{12}: .*HTTP 404/);
});

test('a pull for scripts prints one document, whatever came of it', { timeout: 60_000 }, async () => {
  const failed = await images('pull', '--json');
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.out)).toEqual({
    error: expect.stringMatching(/Talos v1\.12\.99 .*HTTP 404/),
    pulled: [{ kind: 'kernel' }, { kind: 'initramfs' }, { kind: 'cmdline' }].map((one) => expect.objectContaining(one)),
  });
  const whole = await images('pull', '--json', '--version', 'v1.13.9');
  expect([whole.code, JSON.parse(whole.out)]).toMatchObject([0, [{ kind: 'kernel' }, {}, {}]]);
  const refused = await images('add', '--kernel', join(inventory, 'n1.yaml'), '--json');
  expect([refused.code, JSON.parse(refused.out)]).toEqual([1, { error: expect.stringContaining('does not begin') }]);
});

test('local files are added for the version and the schematic of the site', { timeout: 60_000 }, async () => {
  const file = join(program.folder, 'cmdline');
  writeFileSync(file, 'talos.platform=metal\n');
  const added = await images('add', '--cmdline', file, '--arch', 'arm64', '--json');
  expect([added.code, added.err]).toEqual([0, '']);
  expect(JSON.parse(added.out)).toMatchObject([{ version: 'v1.13.9', schematic: SCHEMATIC, arch: 'arm64' }]);
});

test('a file that is no kernel is added only when that is said', { timeout: 60_000 }, async () => {
  const file = join(program.folder, 'own-kernel');
  writeFileSync(file, 'a kernel of my own\n');
  const refused = await images('add', '--kernel', file, '--arch', 'arm64');
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(/own-kernel: .*does not begin like its kind.*--any-shape/);
  expect((await images('add', '--kernel', file, '--arch', 'arm64', '--any-shape')).code).toBe(0);
});

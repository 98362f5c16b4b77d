import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ImageFactory, openFactory } from '../../../src/drivers/factory/open-factory.ts';
import { renderSchematic, schematicIdOf } from '../../../src/drivers/factory/schematic.ts';
import { type LocalFactory, startFactory } from '../vault/local-factory.ts';
import { makeFolder, SCHEMATIC } from '../vault/vault-fixture.ts';

let local: LocalFactory;
let factory: ImageFactory;
let folder: Awaited<ReturnType<typeof makeFolder>>;

beforeEach(async () => {
  local = await startFactory();
  folder = await makeFolder();
  factory = open();
});
afterEach(async () => {
  await local.close();
  await folder.remove();
});

const open = () =>
  openFactory({
    baseUrl: `${local.baseUrl}/`,
    dispatcher: local.dispatcher,
    cacheFile: join(folder.path, 'cache', 'schematics.json'),
    timeoutMs: 500,
  });
const GPU = { extensions: ['nvidia-container-toolkit-lts', 'siderolabs/i915'], kernelArgs: ['console=ttyS1'] };
const gpuText = () => {
  const text = renderSchematic(GPU);
  return text.ok ? text.value : '';
};
const answerWith = (answer: unknown) => local.files.set('/schematics', Buffer.from(JSON.stringify(answer)));

describe('a schematic', () => {
  test('without anything has the known id, and needs no network', async () => {
    expect(await factory.schematicId({})).toEqual({ ok: true, value: SCHEMATIC });
    expect(await factory.schematicId({ extensions: [], kernelArgs: [] })).toEqual({ ok: true, value: SCHEMATIC });
    expect(local.requests).toEqual([]);
  });

  test('is posted as the factory writes it', async () => {
    answerWith({ id: schematicIdOf(gpuText()), schematic: gpuText() });
    expect(await factory.schematicId(GPU)).toEqual({ ok: true, value: schematicIdOf(gpuText()) });
    expect(local.requests).toHaveLength(1);
    await expect(local.requests[0]?.body).toMatchFileSnapshot('golden/schematic.yaml');
  });

  test('is asked for once, in any order of its extensions, also after a restart', async () => {
    answerWith({ id: 'ab'.repeat(32) });
    await factory.schematicId(GPU);
    await factory.schematicId({ ...GPU, extensions: [...GPU.extensions].reverse() });
    expect(await open().schematicId(GPU)).toEqual({ ok: true, value: 'ab'.repeat(32) });
    expect(local.requests).toHaveLength(1);
  });

  test('a damaged cache costs a request and no more', async () => {
    answerWith({ id: 'ab'.repeat(32) });
    await factory.schematicId(GPU);
    const { writeFile } = await import('node:fs/promises');
    await writeFile(join(folder.path, 'cache', 'schematics.json'), '{"x":');
    expect((await open().schematicId(GPU)).ok).toBe(true);
    expect(JSON.parse(await readFile(join(folder.path, 'cache', 'schematics.json'), 'utf8'))).toBeTypeOf('object');
  });

  test.each<[string, unknown, RegExp]>([
    ['no id', {}, /without a schematic id/],
    ['a path as id', { id: '../x' }, /without a schematic id/],
    ['an id that is not of its text', { id: 'ab'.repeat(32), schematic: 'customization: {}\n' }, /does not match/],
    ['no JSON', undefined, /without a schematic id/],
  ])('an answer with %s is refused', async (_name, answer, reason) => {
    local.files.set('/schematics', Buffer.from(JSON.stringify(answer) ?? '<html>'));
    const result = await factory.schematicId(GPU);
    expect(result.ok ? result.value : result.error).toMatch(reason);
  });

  test.each([['talos.config=http://x/'], ['talos.experimental.wipe=system'], ['talos.halt_if_installed=1']])(
    'never holds the one-shot %s',
    async (arg) => {
      const result = await factory.schematicId({ kernelArgs: [arg] });
      expect(result.ok ? '' : result.error).toMatch(/for one boot/);
    },
  );

  test('an odd extension name is refused before anything is sent', async () => {
    expect((await factory.schematicId({ extensions: ['a b'] })).ok).toBe(false);
    expect(local.requests).toEqual([]);
  });
});

describe('what the factory lists', () => {
  test('versions, newest first, a release after its candidates', async () => {
    local.files.set(
      '/versions',
      Buffer.from('["v1.9.0","v1.14.0-rc.1","v1.13.10","v1.13.9","v1.14.0","v1.14.0-alpha.2","junk",5]'),
    );
    expect(await factory.versions()).toEqual({
      ok: true,
      value: ['v1.14.0', 'v1.14.0-rc.1', 'v1.14.0-alpha.2', 'v1.13.10', 'v1.13.9', 'v1.9.0'],
    });
  });

  test('official extensions, with texts cleaned', async () => {
    const list = [{ name: 'siderolabs/i915', ref: 'r', author: 'a', description: 'GPU\u001b[31m driver' }, null];
    local.files.set('/version/v1.13.9/extensions/official', Buffer.from(JSON.stringify(list)));
    expect(await factory.extensions('1.13.9')).toEqual({
      ok: true,
      value: [{ name: 'siderolabs/i915', ref: 'r', author: 'a', description: 'GPU driver' }],
    });
  });

  test('the command line', async () => {
    local.files.set(`/image/${SCHEMATIC}/v1.13.9/cmdline-metal-amd64`, Buffer.from('talos.platform=metal\n'));
    expect(await factory.cmdline(SCHEMATIC, 'v1.13.9', 'amd64')).toEqual({ ok: true, value: 'talos.platform=metal\n' });
  });
});

describe('a factory in trouble is a sentence', () => {
  test.each<[string, { status?: number; page?: string; stallAfter?: number }, RegExp]>([
    [
      '400',
      { status: 400, page: 'extension "siderolabs/x" is not available' },
      /refuses this as invalid \("extension "siderolabs\/x" is not/,
    ],
    ['402', { status: 402 }, /enterprise feature/],
    ['404', { status: 404, page: '<html>' }, /does not know this \(HTTP 404\)/],
    ['500', { status: 500 }, /failed, or cannot read the version/],
    ['a stall', { stallAfter: 1 }, /no answer within 1 s|stalled/],
  ])('%s', async (_name, fault, reason) => {
    local.files.set('/versions', Buffer.from('["v1.13.9"]'));
    local.faults.set('/versions', fault);
    const result = await factory.versions();
    expect(result.ok ? 'listed' : result.error).toMatch(reason);
  });

  test('nobody there', async () => {
    await local.close();
    const result = await factory.versions();
    expect(result.ok ? '' : result.error).toMatch(/ECONNREFUSED|destroyed|closed/i);
    local = await startFactory();
  });

  test('no URL', async () => {
    const result = await openFactory({ baseUrl: 'factory', dispatcher: local.dispatcher }).versions();
    expect(result.ok ? '' : result.error).toMatch(/is no URL/);
  });
});

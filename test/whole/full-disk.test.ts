import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { connectLink, type LinkClient } from '../../src/link/connect-link.ts';
import type { FromClient, FromEngine } from '../../src/link/link-protocol.ts';
import { createSocketCarrier } from '../../src/link/socket-carrier.ts';
import { loopbackSite, makeFolder, run, type Serving, serve } from './run-program.ts';

/** The state folder lies on a small tmpfs that is filled up while the program runs. */

const isRoot = process.getuid?.() === 0;
if (!isRoot && process.env['CI'] === 'true') throw new Error('CI must run this as root: it mounts a tmpfs');
if (!isRoot) process.stdout.write('full-disk: skipped, it needs root to mount a tmpfs\n');

let serving: Serving | undefined;
let mounted: string | undefined;

afterEach(async () => {
  await serving?.stop('SIGKILL');
  if (mounted !== undefined) execFileSync('umount', ['-l', mounted]);
  serving = undefined;
  mounted = undefined;
});

const NODE =
  'macs: [52:54:00:0a:21:01]\nserial: CZJ2140K9P\nip: 127.77.0.33\ntalos: {disk: {serial: S6CKNE0T}, config: _config.yaml}\n';

const OTHER = NODE.replace('21:01', '21:02').replace('K9P', 'K9Q').replace('.33', '.34').replace('NE0T', 'NE0U');

const WIPE = ['provision', 'node-02', '--kind', 'wipe', '--confirm', 'node-02'];

async function dial(socket: string): Promise<LinkClient> {
  const client = await connectLink(createSocketCarrier<FromClient, FromEngine>(createConnection(socket)), {
    user: 'test',
    from: 'here',
    screen: 'test',
    write: true,
  });
  if (!client.ok) throw new Error(client.error);
  return client.value;
}

async function status(socket: string) {
  const { out } = await run(['status', '--json', '--socket', socket]);
  return JSON.parse(out) as { readonly saving: { readonly is: string; readonly reason?: string } };
}

/** As the iPXE of node-02 asks; only the first words of what it is to do. */
async function askScript(http: number): Promise<string> {
  const query = 'mac=52:54:00:0a:21:02&serial=CZJ2140K9Q&buildarch=x86_64&platform=efi';
  const script = await (await fetch(`http://127.77.0.1:${http}/s?${query}`)).text();
  return /^echo (crashcart: .*)$/m.exec(script)?.[1] ?? script;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let left = 60; left > 0; left--) {
    if (await condition()) return;
    await new Promise((again) => setTimeout(again, 250));
  }
  throw new Error('it did not happen in time');
}

test.skipIf(!isRoot)(
  'a full disk is told, arms nothing, and recovers when space returns',
  { timeout: 60_000 },
  async () => {
    const site = await loopbackSite();
    const http = Number(/http: (\d+)/.exec(site)?.[1]);
    const folder = makeFolder({
      '_site.yaml': site,
      'node-01.yaml': NODE,
      'node-02.yaml': OTHER,
      '_config.yaml': 'version: v1alpha1\n',
    });
    const disk = join(folder, '.disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', disk]);
    mounted = disk;
    writeFileSync(join(folder, '.kernel'), 'a kernel');
    const assets = join(folder, '.assets');
    const added = await run([
      'images',
      'add',
      '--any-shape',
      '--assets',
      assets,
      '--version',
      'v1.13.9',
      '--kernel',
      join(folder, '.kernel'),
      '--initramfs',
      join(folder, '.kernel'),
    ]);
    expect(added.code).toBe(0);
    serving = await serve(['--inventory', folder, '--state', join(disk, 'state'), '--assets', join(folder, '.assets')]);
    expect(await run([...WIPE, '--socket', serving.socket])).toMatchObject({ code: 0, err: '' });
    const client = await dial(serving.socket);
    const hold = (why: string) => client.ask({ type: 'act', action: { type: 'hold', nodes: ['node-01'], why } });
    expect(await hold('before')).toMatchObject({ ok: true });

    const filler = join(disk, 'filler');
    try {
      writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024));
    } catch {
      // Full is what it is for.
    }
    await until(async () => {
      const result = await hold('x'.repeat(2000));
      return !result.ok;
    });
    const { socket } = serving;
    await until(async () => (await status(socket)).saving.is === 'failing');
    expect((await status(socket)).saving.reason).toMatch(/space|full/i);
    const table = await run(['status', '--socket', socket]);
    expect(table.out).toContain('NOT SAVING');
    expect(await askScript(http)).toBe('crashcart: node-02: wait');
    expect((await run(['status', '--socket', socket])).out).toMatch(/node-02 .*NOT_NOTED .*not saving/);
    await client.ask({ type: 'act', action: { type: 'release', nodes: ['node-01'] } });
    const armed = await client.ask({
      type: 'act',
      action: { type: 'arm', kind: 'inspect', nodes: ['node-01'], planHashes: {} },
    });
    expect(armed).toMatchObject({ ok: false, error: expect.stringContaining('not saving') });

    rmSync(filler);
    await until(async () => (await status(socket)).saving.is === 'ok');
    expect(await askScript(http)).toBe('crashcart: node-02: wipe');
    expect((await run(['status', '--socket', socket])).out).not.toContain('NOT_NOTED');
    expect(await hold('after')).toMatchObject({ ok: true });
    await client.ask({ type: 'act', action: { type: 'release', nodes: ['node-01'] } });
    const rearmed = await client.ask({
      type: 'act',
      action: { type: 'arm', kind: 'inspect', nodes: ['node-01'], planHashes: {} },
    });
    expect(rearmed).toMatchObject({ ok: true });
    client.close();
    expect(await serving.stop()).toBe(0);
  },
);

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { OperatorAction } from '../../src/core/operator-action.ts';
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

const THIRD = NODE.replace('21:01', '21:03').replace('K9P', 'K9R').replace('.33', '.35').replace('NE0T', 'NE0V');

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

/** Two machines, of which node-02 is to be wiped, and a state folder on a small disk. */
async function serveOnSmallDisk(size = '1m') {
  const site = await loopbackSite();
  const folder = makeFolder({
    '_site.yaml': site,
    'node-01.yaml': NODE,
    'node-02.yaml': OTHER,
    '_config.yaml': 'version: v1alpha1\n',
  });
  const disk = join(folder, '.disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', disk]);
  mounted = disk;
  const kernel = join(folder, '.kernel');
  writeFileSync(kernel, 'a kernel');
  const assets = join(folder, '.assets');
  const image = ['--version', 'v1.13.9', '--kernel', kernel, '--initramfs', kernel];
  expect((await run(['images', 'add', '--any-shape', '--assets', assets, ...image])).code).toBe(0);
  const add = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const start = () => serve(['--inventory', folder, '--state', join(disk, 'state'), '--assets', assets]);
  serving = await start();
  expect(await run([...WIPE, '--socket', serving.socket])).toMatchObject({ code: 0, err: '' });
  const filler = join(disk, 'filler');
  const fill = () => {
    try {
      writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024));
    } catch {
      // Full is what it is for.
    }
  };
  return { http: Number(/http: (\d+)/.exec(site)?.[1]), add, start, serving, fill, free: () => rmSync(filler) };
}

test.skipIf(!isRoot)(
  'a full disk is told, arms nothing, and recovers when space returns',
  { timeout: 60_000 },
  async () => {
    const { http, serving, fill, free } = await serveOnSmallDisk();
    const client = await dial(serving.socket);
    const hold = (why: string) => client.ask({ type: 'act', action: { type: 'hold', nodes: ['node-01'], why } });
    expect(await hold('before')).toMatchObject({ ok: true });

    fill();
    await until(async () => {
      await hold('x'.repeat(2000));
      return (await status(serving.socket)).saving.is === 'failing';
    });
    const { socket } = serving;
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

    free();
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

/** An operator before an engine whose disk was filled just now. */
async function dialFull({ child, socket }: Serving, fill: () => void) {
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const client = await dial(socket);
  fill();
  const act = (action: OperatorAction) => client.ask({ type: 'act', action });
  await until(async () => {
    // What the last page of the journal still takes is saved as ever.
    await act({ type: 'ignoreStranger', mac: '02:00:00:00:00:01', ignored: true });
    return (await status(socket)).saving.is === 'failing';
  });
  return { act, client, errors: () => errors };
}

type Saved = { readonly switches: { readonly panic?: object }; readonly nodes: readonly { readonly hold?: object }[] };

test.skipIf(!isRoot).each<readonly [string, NodeJS.Signals, number | null]>([
  ['a stop', 'SIGTERM', 1],
  ['kill -9', 'SIGKILL', null],
])(
  'what was forbidden on a full disk is known after %s, and no wipe goes out',
  { timeout: 60_000 },
  async (_name, signal, code) => {
    const { http, add, start, serving: first, fill, free } = await serveOnSmallDisk();
    const { act, client, errors } = await dialFull(first, fill);
    const noted = { ok: true, value: expect.stringContaining('noted beside the journal, which does not save') };
    expect(await act({ type: 'hold', nodes: ['node-01'], why: 'smoke' })).toMatchObject(noted);
    expect(await act({ type: 'cancel', nodes: ['node-02'] })).toMatchObject(noted);
    add('node-03.yaml', THIRD);
    await until(async () => (await run(['status', '--socket', first.socket])).out.includes('node-03'));
    expect(await act({ type: 'protect', nodes: ['node-03'] })).toMatchObject(noted);
    expect(await act({ type: 'panic', on: true })).toMatchObject(noted);
    expect((await run(['status', '--socket', first.socket])).out).not.toContain('NOT SAVED');
    client.close();
    expect(await first.stop(signal)).toBe(code);
    const ended = [
      'not on disk',
      'noted beside the journal, and known to the next start: hold node-01; cancel node-02; protect node-03; PANIC',
    ];
    for (const words of code === null ? [] : ended) expect(errors()).toContain(words);
    free();
    serving = await start();
    const log = () => serving?.lines().join('\n') ?? '';
    await until(async () => log().includes('taken over from the run before'));
    expect(log()).toContain('in its journal: PANIC; cancel node-02; hold node-01; protect node-03');
    const shown = JSON.parse((await run(['status', '--json', '--socket', serving.socket])).out) as Saved;
    expect(shown).toMatchObject({ switches: { panic: {} }, nodes: [{ hold: { why: 'smoke' } }, {}, {}] });
    expect(shown.nodes[1]).not.toHaveProperty('job');
    expect(await askScript(http)).toBe('crashcart: node-02: boot the local disk');
    const later = await dial(serving.socket);
    expect(await later.ask({ type: 'act', action: { type: 'panic', on: false } })).toMatchObject({ ok: true });
    expect(
      (await run(['provision', 'node-03', '--kind', 'wipe', '--confirm', 'node-03', '--socket', serving.socket])).err,
    ).toContain('node-03 is protected');
    later.close();
    expect(await serving.stop()).toBe(0);
    serving = await start();
    expect(await askScript(http)).toBe('crashcart: node-02: boot the local disk');
    expect(log()).not.toContain('taken over');
  },
);

test.skipIf(!isRoot)(
  'what cannot even be noted is named while it stands and at the end, which is a failure',
  { timeout: 60_000 },
  async () => {
    const { start, serving: first, fill, free } = await serveOnSmallDisk('200k');
    const { act, client, errors } = await dialFull(first, fill);
    const notSaved = { ok: false, error: expect.stringContaining(', but NOT SAVED: ') };
    expect(await act({ type: 'panic', on: true })).toMatchObject(notSaved);
    expect(await act({ type: 'hold', nodes: ['node-01'], why: 'smoke' })).toMatchObject(notSaved);
    expect((await status(first.socket)).saving).toMatchObject({
      unkept: [{ what: 'PANIC' }, { what: 'hold', of: 'node-01' }],
    });
    expect((await run(['status', '--socket', first.socket])).out).toMatch(
      /NOT SAVED, lost if the engine ends now: PANIC; hold node-01\nPANIC key .*\(NOT SAVED\)(.|\n)*hold NOT SAVED; on hold/,
    );
    client.close();
    expect(await first.stop()).toBe(1);
    expect(errors()).toContain(
      'NOT SAVED, and lost by this end: PANIC; hold node-01; the next start does not know of them',
    );
    expect(first.lines().join('\n')).toContain('panic done: PANIC: every answer is now `local`, but NOT SAVED');
    free();
    serving = await start();
    expect((await run(['status', '--socket', serving.socket])).out).not.toContain('PANIC');
    expect(await serving.stop()).toBe(0);
  },
);

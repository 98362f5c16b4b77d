import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { carriedProblem } from '../../../src/drivers/image/carried-problem.ts';
import { squashFiles } from '../../../src/drivers/image/squash-files.ts';
import { createNoise, damaged } from '../../talos/noise.ts';

/** Images as Talos' imager makes them, with the tools that it calls. */
const missing = ['cpio', 'zstd', 'gzip', 'mksquashfs', 'objcopy'].filter(
  (name) => spawnSync('which', [name]).status !== 0,
);
if (missing.length > 0 && process.env.CI === 'true')
  throw new Error(`CI must have ${missing.join(', ')} (Debian: cpio, zstd, squashfs-tools, binutils)`);
if (missing.length > 0) process.stderr.write(`skipped: images of Talos need ${missing.join(', ')}\n`);

const WHOLE = 'version: v1alpha1\nmachine:\n  type: worker\n  install:\n    disk: /dev/sda\n';
const HARMLESS = 'apiVersion: v1alpha1\nkind: KmsgLogConfig\nname: remote\nurl: tcp://10.0.0.5:1/\n';
const UNASKED =
  'apiVersion: v1alpha1\nkind: UnattendedInstallConfig\ninstaller:\n  image: x\ndiskSelector:\n  match: system_disk\n';

const noiseOf = (seed: number, bytes: number): Buffer => Buffer.from(createNoise(seed).bytes(bytes));

let root = '';
let made = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'crashcart-image-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const fresh = (name: string): string => {
  made += 1;
  const path = join(root, `${made}-${name}`);
  mkdirSync(dirname(path), { recursive: true });
  return path;
};

function folderOf(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = fresh('folder');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const cpioOf = (files: Readonly<Record<string, string | Buffer>>): Buffer => {
  const names = Object.keys(files).join('\n');
  const args = ['-H', 'newc', '--create', '--reproducible', '--quiet', '-R', '+0:+0'];
  return execFileSync('cpio', args, { cwd: folderOf(files), input: names, maxBuffer: 1 << 28 });
};
const zstd = (bytes: Buffer, ...args: string[]): Buffer =>
  execFileSync('zstd', ['-T0', '-c', '--quiet', ...args], { input: bytes, maxBuffer: 1 << 28 });

/** The extension that holds a configuration; `-Xcompression-level` puts the packer's options behind the superblock. */
function extension(config: string, compress = ['-comp', 'zstd', '-Xcompression-level', '18'], more = {}): Buffer {
  const folder = folderOf({ 'usr/local/etc/talos/config.yaml': config, ...more });
  const image = fresh('config.sqsh');
  const label = ['-p', '/usr/local/etc/talos/config.yaml x security.selinux=system_u:object_r:system_state_t:s0'];
  const flags = ['-all-root', '-noappend', '-no-progress', '-quiet', ...compress, '-xattrs-exclude', '.*', ...label];
  const labelled = spawnSync('mksquashfs', [folder, image, ...flags]);
  // Old ones know no label.
  if (labelled.status !== 0) execFileSync('mksquashfs', [folder, image, ...flags.slice(0, -4)], { stdio: 'ignore' });
  return readFileSync(image);
}

/** Of Zstandard, to be skipped. */
const EMPTY_FRAME = Buffer.from('502a4d1800000000', 'hex');

const listOf = (...layers: readonly (readonly [image: string, name: string])[]): string =>
  `layers:\n${layers.map(([image, name]) => `    - image: ${image}\n      metadata:\n        name: ${name}\n        version: 1.0.0\n`).join('')}`;

const base = (): Buffer => zstd(cpioOf({ init: noiseOf(1, 300_000), 'rootfs.sqsh': noiseOf(2, 6_000_000) }), '-3');
const ucode = (): Buffer => cpioOf({ 'kernel/x86/microcode/GenuineIntel.bin': noiseOf(3, 5_001) });
const layersOf = (config: string, image = extension(config)): Buffer =>
  zstd(
    cpioOf({
      'ucode.sqsh': noiseOf(4, 900_000),
      'virtual.sqsh': image,
      'extensions.yaml': listOf(['ucode.sqsh', 'intel-ucode'], ['virtual.sqsh', 'embedded-config']),
    }),
    '-18',
  );

async function problemOf(kind: string, ...parts: readonly Buffer[]): Promise<string | undefined> {
  const path = fresh('image');
  writeFileSync(path, '');
  for (const part of parts) appendFileSync(path, part);
  return await carriedProblem(kind, path);
}

describe.skipIf(missing.length > 0)('an image that brings its own configuration', { timeout: 60_000 }, () => {
  test('is refused where that is a whole one, wherever it stands', async () => {
    const said = /^a machine configuration comes with it, and it is a whole machine configuration.*embeddedMachineConf/;
    const layers = layersOf(WHOLE);
    for (const parts of [
      [base(), layers],
      [ucode(), base(), layers],
      [base(), Buffer.alloc(3), layers],
      [
        zstd(cpioOf({ a: 'b' })),
        Buffer.from('2a2a4d18', 'hex').fill(0x50, 0, 1),
        Buffer.from([3, 0, 0, 0, 1, 2, 3]),
        layers,
      ],
      [execFileSync('gzip', ['-c'], { input: execFileSync('zstd', ['-dc'], { input: layers }) })],
      [execFileSync('zstd', ['-dc'], { input: layers })],
    ])
      expect(await problemOf('initramfs', ...parts)).toMatch(said);
  });

  test('is refused where a part of one writes disks, or cannot be read', async () => {
    expect(await problemOf('initramfs', base(), layersOf(`${HARMLESS}---\n${UNASKED}`))).toMatch(
      /its UnattendedInstallConfig writes disks/,
    );
    expect(await problemOf('initramfs', base(), layersOf(': : :\n- x'))).toMatch(/its configuration cannot be read/);
    expect(await problemOf('initramfs', base(), layersOf('', Buffer.from('hsqs')))).toMatch(/that cannot be read/);
    const other = extension(WHOLE, ['-comp', 'lz4']);
    expect(await problemOf('initramfs', base(), layersOf('', other))).toMatch(/that cannot be read/);
  });

  test('is refused however much stands before its list', async () => {
    const files = (layers: number) =>
      cpioOf({
        ...Object.fromEntries(Array.from({ length: layers }, (_, n) => [`l${n}.sqsh`, Buffer.alloc(4 * 1024 * 1024)])),
        'virtual.sqsh': extension(WHOLE),
        'extensions.yaml': listOf(['l0.sqsh', 'other'], ['virtual.sqsh', 'embedded-config']),
      });
    for (const layers of [1, 17])
      expect(await problemOf('initramfs', base(), zstd(files(layers)))).toMatch(/is a whole machine configuration/);
  });

  test('is refused with a list that is too large, that cannot be read, or that another one hides', async () => {
    const list = listOf(['virtual.sqsh', 'embedded-config']);
    const withList = (text: string, more = {}) =>
      zstd(cpioOf({ 'virtual.sqsh': extension(WHOLE), 'extensions.yaml': text, ...more }));
    expect(await problemOf('initramfs', base(), withList(`${list}# ${'x'.repeat(1024 * 1024)}\n`))).toBe(
      'its extensions.yaml is too large to be looked into for a machine configuration (more than 1 MiB)',
    );
    const alias = list.replace('name: embedded-config', 'author: &e embedded-config\n        name: *e');
    expect(await problemOf('initramfs', base(), withList(alias))).toMatch(/its extensions\.yaml cannot be read/);
    expect(await problemOf('initramfs', base(), withList(list, { 'z/extensions.yaml': listOf() }))).toMatch(
      /is a whole machine configuration/,
    );
    const large = zstd(cpioOf({ 'virtual.sqsh': Buffer.alloc(17 * 1024 * 1024), 'extensions.yaml': list }));
    expect(await problemOf('initramfs', base(), large)).toMatch(/^its virtual\.sqsh is too large .*16 MiB/);
    const many = Array.from({ length: 1001 }, () => EMPTY_FRAME);
    expect(await problemOf('initramfs', ...many, layersOf(WHOLE))).toMatch(/has more than 1000 archives/);
  });

  test('is taken where all it says is where to report to', async () => {
    expect(await problemOf('initramfs', base(), layersOf(HARMLESS))).toBeUndefined();
    expect(await problemOf('initramfs', ucode(), base())).toBeUndefined();
    const named = zstd(cpioOf({ 'a.sqsh': extension(WHOLE), 'extensions.yaml': listOf(['a.sqsh', 'another']) }));
    expect(await problemOf('initramfs', base(), named)).toBeUndefined();
  });

  test('is read however its extension was packed: long, with folders and links beside it, by gzip, not at all', async () => {
    const long = `${HARMLESS}# ${noiseOf(5, 200_000).toString('hex')}\n---\n${WHOLE}`;
    const many = Object.fromEntries(Array.from({ length: 700 }, (_, n) => [`usr/share/f${n}`, `name: ${n}\n`]));
    for (const image of [
      extension(long),
      extension(WHOLE, ['-comp', 'gzip']),
      extension(WHOLE, ['-comp', 'zstd', '-noI', '-noD', '-noF', '-noX']),
      extension(WHOLE, ['-comp', 'zstd', '-no-fragments']),
      extension(WHOLE, undefined, many),
    ])
      expect(await problemOf('initramfs', base(), layersOf('', image))).toMatch(/is a whole machine configuration/);
  });

  test('loses no word over bytes of nothing, and never hangs', async () => {
    const image = extension(WHOLE);
    const small = cpioOf({ 'a.sqsh': image, 'extensions.yaml': listOf(['a.sqsh', 'embedded-config']) });
    const whole = Buffer.concat([ucode(), zstd(cpioOf({ init: noiseOf(1, 30_000) })), zstd(small)]);
    const noise = createNoise(7);
    for (let round = 0; round < 500; round++) {
      await problemOf('initramfs', Buffer.from(damaged(whole, noise)));
      await problemOf('initramfs', Buffer.from(damaged(small, noise)));
      await squashFiles(Buffer.from(damaged(image, noise)));
    }
    expect(await problemOf('initramfs', Buffer.alloc(0))).toBeUndefined();
    expect(await problemOf('initramfs', Buffer.alloc(3_000_000))).toBeUndefined();
    // Millions of empty blocks, of empty frames, of empty files.
    const magic = Buffer.from('28b52ffd', 'hex');
    expect(await problemOf('initramfs', magic, Buffer.alloc(20_000_000))).toBeUndefined();
    const empty = Buffer.alloc(20_000_000, Buffer.from('502a4d1800000000', 'hex'));
    expect(await problemOf('initramfs', empty)).toMatch(/has more than 1000 archives/);
    const header = Buffer.from(`070701${'0'.repeat(88)}00000002${'0'.repeat(8)}a\0`.padEnd(112, '\0'));
    expect(await problemOf('initramfs', Buffer.alloc(20_000_000, header))).toBeUndefined();
  });
});

const STUB = ['/usr/lib/ipxe/snponly.efi', '/usr/lib/ipxe/ipxe.efi'].find(
  (path) => spawnSync('test', ['-r', path]).status === 0,
);

/** Names come twice in an image of several profiles, which objcopy does not make: they are written in behind it. */
function program(sections: readonly (readonly [name: string, content: string | Buffer])[]): Buffer {
  const own = (index: number): string => `.own${String(index).padStart(4, '0')}`;
  const flags = sections.flatMap(([, content], index) => {
    const file = fresh('section');
    writeFileSync(file, content);
    const address = `0x${(0x4000000 + index * 0x1000000).toString(16)}`;
    return ['--add-section', `${own(index)}=${file}`, '--change-section-vma', `${own(index)}=${address}`];
  });
  const to = fresh('uki.efi');
  execFileSync('objcopy', [...flags, STUB ?? '', to], { stdio: 'ignore' });
  const bytes = readFileSync(to);
  for (const [index, [name]] of sections.entries())
    bytes.write(name.padEnd(8, '\0'), bytes.indexOf(own(index)), 'latin1');
  return bytes;
}

describe.skipIf(missing.length > 0 || STUB === undefined)('a unified kernel image', { timeout: 60_000 }, () => {
  const OWN = 'talos.platform=metal console=tty0 talos.events.sink=10.0.0.1:4001';

  test('is refused with a wipe, or a configuration of elsewhere, on its own line', async () => {
    expect(await problemOf('secureUki', program([['.cmdline', OWN]]))).toBeUndefined();
    for (const bad of ['talos.experimental.wipe=system', 'talos.config=http://10.0.0.9/c', 'talos.config.inline=x'])
      expect(await problemOf('secureUki', program([['.cmdline', `${OWN} ${bad}\0`]]))).toBe(
        `it holds "${bad}", which this program alone sets, for one boot of a machine that was armed: take it out (of the schematic, if it is the factory's)`,
      );
    expect(await problemOf('secureUki', program([['.cmdline', `${OWN} talos.config=none`]]))).toBeUndefined();
    expect(await problemOf('secureUki', program([['.cmdline', OWN.replace('metal', 'nocloud')]]))).toMatch(
      /"talos\.platform=nocloud", and on that platform Talos takes its configuration from elsewhere/,
    );
  });

  test('is judged by what it boots with by itself, as the reset of an installer is never picked over the network', async () => {
    const wipes = `${OWN} talos.experimental.wipe=system:EPHEMERAL,STATE`;
    const first = [
      ['.profile', 'ID=main\n'],
      ['.cmdline', OWN],
    ] as const;
    const second = [
      ['.profile', 'ID=reset-maintenance\n'],
      ['.cmdline', wipes],
    ] as const;
    expect(await problemOf('secureUki', program([...first, ...second]))).toBeUndefined();
    expect(await problemOf('secureUki', program([...second, ...first]))).toMatch(/wipe=system:EPHEMERAL,STATE/);
  });

  test('is refused with a configuration in its initramfs, whatever kind it is added as', async () => {
    const bad = program([
      ['.cmdline', OWN],
      ['.initrd', Buffer.concat([base(), layersOf(WHOLE)])],
    ]);
    for (const kind of ['secureUki', 'uki', 'kernel']) expect(await problemOf(kind, bad)).toMatch(/whole machine conf/);
    expect(
      await problemOf(
        'secureUki',
        program([
          ['.cmdline', OWN],
          ['.initrd', base()],
        ]),
      ),
    ).toBeUndefined();
  });
});

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { runCommand } from './run-command.ts';

const INSTALLER = join(import.meta.dirname, 'installer');
const CACHE = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'crashcart-firmware');

export type Arch = 'amd64' | 'arm64';

/** Program (or file) → the Debian package that brings it. */
const NEEDED: readonly (readonly [string, string])[] = [
  ['qemu-system-x86_64', 'qemu-system-x86'],
  ['qemu-system-aarch64', 'qemu-system-arm'],
  ['qemu-img', 'qemu-utils'],
  ['/usr/share/OVMF/OVMF_CODE_4M.fd', 'ovmf'],
  ['/usr/share/AAVMF/AAVMF_CODE.fd', 'qemu-efi-aarch64'],
  ['/usr/lib/ipxe/snponly.efi', 'ipxe'],
  ['/usr/lib/ipxe/qemu/pxe-virtio.rom', 'ipxe-qemu'],
  ['ip', 'iproute2'],
  ['dnsmasq', 'dnsmasq-base'],
  ['dhcrelay', 'isc-dhcp-relay'],
  ['tcpdump', 'tcpdump'],
  ['radvd', 'radvd'],
  ['python3', 'python3'],
  ['openssl', 'openssl'],
  ['mformat', 'mtools'],
  ['sgdisk', 'gdisk'],
  ['syslinux', 'syslinux'],
  ['/usr/lib/syslinux/modules/bios/ldlinux.c32', 'syslinux-common'],
  ['cpio', 'cpio'],
  ['zstd', 'zstd'],
  ['modprobe', 'kmod'],
];

/** What is missing here, in words; empty when the rack can be built. */
export async function missingHere(): Promise<string> {
  const missing: string[] = [];
  for (const [name, from] of NEEDED) {
    const found = name.startsWith('/')
      ? existsSync(name)
      : (await runCommand('sh', ['-c', `command -v ${name}`])).code === 0;
    if (!found) missing.push(from);
  }
  if (missing.length > 0) return `apt-get install ${[...new Set(missing)].join(' ')}`;
  if (process.getuid?.() !== 0) return 'root is needed for network namespaces';
  if (!existsSync('/dev/net/tun')) return '/dev/net/tun is not there';
  const probe = `crashcart-probe-${process.pid}`;
  const made = await runCommand('ip', ['netns', 'add', probe]);
  await runCommand('ip', ['netns', 'del', probe]);
  return made.code === 0 ? '' : `network namespaces cannot be made: ${made.err.trim()}`;
}

/**
 * The folder with kernel, initramfs and newer iPXE, built from Debian's packages once for each machine, and again when
 * their sources change: a clean clone has them at once, and needs no network when its tests run.
 */
export async function prepareImages(archs: readonly Arch[]): Promise<string> {
  const ready = join(CACHE, await stampOfSources());
  if (existsSync(ready)) return ready;
  const building = join(CACHE, `building-${process.pid}`);
  try {
    await mkdir(building, { recursive: true });
    for (const arch of archs) await build(building, 'build.sh', arch);
    await build(building, 'newer-ipxe.sh');
    for (const name of ['apt', 'debs', 'work']) await rm(join(building, name), { recursive: true, force: true });
    // Whole or not at all; where another run was first, its images stay.
    await rename(building, ready).catch((error: unknown) => {
      if (!existsSync(ready)) throw error;
    });
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return ready;
}

async function stampOfSources(): Promise<string> {
  const sources = createHash('sha256');
  for (const name of (await readdir(INSTALLER)).sort()) sources.update(await readFile(join(INSTALLER, name)));
  return sources.digest('hex');
}

/** Packages come over the network, which fails for a moment now and then. */
async function build(into: string, script: string, ...args: string[]): Promise<void> {
  for (let left = 2; ; left -= 1) {
    const done = await runCommand(join(INSTALLER, script), [...args, into], { timeoutMs: 300_000 });
    if (done.code === 0) return;
    const said = `${script} ended with ${done.code}: ${(done.err || done.out).slice(-2_000)}`;
    if (left === 0) throw new Error(`${said}\nIt needs Debian's packages: does \`apt-get update\` work here?`);
    console.log(`${said}\nIt is tried again.`);
    // An update that failed counts as done: lists that came in half stand there.
    await rm(join(into, 'apt'), { recursive: true, force: true });
    await setTimeout(20_000);
  }
}

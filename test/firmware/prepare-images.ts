import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun, runCommand } from './run-command.ts';

const INSTALLER = join(import.meta.dirname, 'installer');

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

/** Kernel, initramfs and newer iPXE in `cache`, built once from Debian's packages and again when their sources change. */
export async function prepareImages(cache: string, archs: readonly ('amd64' | 'arm64')[]): Promise<void> {
  await mkdir(cache, { recursive: true });
  const sources = createHash('sha256');
  for (const name of (await readdir(INSTALLER)).sort()) sources.update(await readFile(join(INSTALLER, name)));
  const stamp = sources.digest('hex');
  for (const arch of archs) {
    const mark = join(cache, `built-${arch}`);
    if ((await readFile(mark, 'utf8').catch(() => '')) === stamp) continue;
    await mustRun(join(INSTALLER, 'build.sh'), [arch, cache], { timeoutMs: 300_000 });
    await writeFile(mark, stamp);
  }
  if (archs.includes('arm64') && !existsSync(join(cache, 'ipxe/ipxe-arm64.efi')))
    await mustRun(join(INSTALLER, 'newer-ipxe.sh'), [cache], { timeoutMs: 300_000 });
}

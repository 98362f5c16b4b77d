import type { Arch } from '../core/spec.ts';
import { isAtLeast, type TalosVersion } from './talos-version.ts';

/**
 * What the imager puts on the `metal` command line, per minor release. Only a fallback: the factory's own
 * `cmdline-metal-<arch>` is better, because it also carries what the schematic adds.
 * `from` and `until` are minors of Talos 1; `until` is the first minor without the argument.
 */
interface DefaultArg {
  readonly arg: string;
  readonly from: number;
  readonly until?: number;
  readonly arch?: Arch;
}

const DEFAULT_ARGS: readonly DefaultArg[] = [
  { arg: 'talos.platform=metal', from: 9 },
  { arg: 'console=ttyAMA0', from: 9, arch: 'arm64' },
  { arg: 'console=tty0', from: 9 },
  { arg: 'init_on_alloc=1', from: 9, until: 14 },
  { arg: 'slab_nomerge', from: 9 },
  { arg: 'pti=on', from: 9 },
  { arg: 'consoleblank=0', from: 9 },
  { arg: 'nvme_core.io_timeout=4294967295', from: 9, until: 14 },
  { arg: 'printk.devkmsg=on', from: 9 },
  { arg: 'ima_template=ima-ng', from: 9, until: 11 },
  { arg: 'ima_appraise=fix', from: 9, until: 11 },
  { arg: 'ima_hash=sha512', from: 9, until: 11 },
  { arg: 'selinux=1', from: 10 },
  { arg: 'module.sig_enforce=1', from: 12 },
  { arg: 'proc_mem.force_override=never', from: 13 },
];

const OLDEST_MINOR = 9;
const NEWEST_MINOR = 14;

/** Undefined for a minor that this table was never held against: a guess could end in a reboot loop. */
export function fallbackCmdline(version: TalosVersion, arch: Arch): readonly string[] | undefined {
  const { major, minor } = version;
  if (major !== 1 || minor < OLDEST_MINOR || minor > NEWEST_MINOR) return undefined;
  return DEFAULT_ARGS.filter(
    (one) =>
      one.from <= minor &&
      (one.until === undefined || minor < one.until) &&
      (one.arch === undefined || one.arch === arch),
  ).map((one) => one.arg);
}

/** Missing, the first phase of the first sequence fails and Talos reboots every 10 s (kspp.go, 1.9 to 1.14). */
export const ENFORCED_ARGS: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: 'talos.platform=metal', pattern: /^talos\.platform=metal$/ },
  { name: 'slab_nomerge', pattern: /^slab_nomerge=?$/ },
  { name: 'pti=on', pattern: /^pti=on$/ },
];

/**
 * Whether the node jumps into the installed kernel (no POST, no PXE) or resets through firmware.
 * arm64: broken and switched off in 1.11.6, all of 1.12 and 1.13.0; back in 1.13.1.
 */
export function usesKexec(version: TalosVersion, arch: Arch, secureBoot: boolean): boolean {
  if (secureBoot) return false;
  if (arch === 'amd64') return true;
  if (isAtLeast(version, 1, 13, 1)) return true;
  return !isAtLeast(version, 1, 11, 6);
}

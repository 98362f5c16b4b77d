import { whyNoArgument } from '../core/kernel-argument.ts';
import { isReserved, whyOtherPlatform } from '../core/reserved-argument.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Arch, NodeSpec } from '../core/spec.ts';
import { ENFORCED_ARGS, fallbackCmdline } from './kernel-quirks.ts';
import { renderNetworkArgs } from './network-args.ts';
import { parseTalosVersion } from './talos-version.ts';

export interface KernelArgsInput {
  readonly spec: NodeSpec;
  /** Text of the factory's `cmdline-metal-<arch>` for this schematic and version. */
  readonly factoryCmdline?: string;
  readonly version: string;
  readonly arch: Arch;
  readonly urls: { readonly config?: string; readonly eventSink?: string; readonly kernelLog?: string };
  readonly haltIfInstalled: boolean;
  /** `system`, or `system:LABEL,LABEL`. Reboots always: it must go out once and never again. */
  readonly wipe?: 'system' | `system:${string}`;
  /** `ttyS0,115200`: beside the default console, for serial-over-LAN. */
  readonly console?: string;
  /** For old iPXE on UEFI, without LoadFile2: `initrd=<name as downloaded>`. */
  readonly initrdName?: string;
}

/** x86 cuts at 2048 (COMMAND_LINE_SIZE), silently; what is cut is the end, where our arguments stand. */
const KERNEL_ARGS_MAX_BYTES = 2000;

/** The imager lets these replace the default when given as extra arguments; everything else is appended. */
const REPLACING: readonly string[] = ['console', 'talos.platform'];

export function renderKernelArgs(input: KernelArgsInput): Result<string[]> {
  const { spec } = input;
  const base = baseArgs(input);
  if (!base.ok) return base;
  const network = networkArgs(spec);
  if (!network.ok) return network;
  const extra = spec.talos.kernelArgsReplace ? [] : spec.talos.kernelArgs;
  const reserved = [...base.value, ...extra].find(isReserved);
  if (reserved !== undefined) {
    return fail(
      `kernel argument "${show(reserved)}" is set by this program, per attempt: remove it from kernelArgs, or from the command line file of the image`,
    );
  }
  const merged = mergeExtra(
    [...base.value, ...(input.console === undefined ? [] : [`console=${input.console}`])],
    extra,
  );
  // The article puts its network before the command line, we put ours behind the factory's; Talos reads both.
  const args = spec.talos.kernelArgsReplace ? [...network.value, ...merged] : [...merged, ...network.value];
  return checkArgs([...args, ...ownArgs(input)]);
}

function baseArgs({ spec, factoryCmdline, version, arch }: KernelArgsInput): Result<readonly string[]> {
  if (spec.talos.kernelArgsReplace) return ok(spec.talos.kernelArgs.flatMap((arg) => words(arg)));
  if (factoryCmdline !== undefined) {
    const args = words(factoryCmdline);
    if (args.some((arg) => arg.startsWith('talos.platform='))) return ok(args);
    return fail('the command line file of the image factory holds no talos.platform=: pull the image again');
  }
  const parsed = parseTalosVersion(version);
  if (!parsed.ok) return parsed;
  const args = fallbackCmdline(parsed.value, arch);
  if (args !== undefined) return ok(args);
  return fail(
    `no default command line is known for Talos ${parsed.value.tag}: pull or add its cmdline-metal-${arch} file`,
  );
}

/** Only one `vlan=` and one `bond=` count, so what an operator wrote by hand stands alone. */
function networkArgs(spec: NodeSpec): Result<readonly string[]> {
  const { network, talos } = spec;
  const written = new Set(talos.kernelArgs.flatMap(words).map(keyOf));
  if (network.vlan !== undefined && network.interface === undefined && network.bond === undefined) {
    return fail('`vlan` needs `interface` (or `bond`): a VLAN is made on top of a named link');
  }
  return ok(renderNetworkArgs(spec).filter((arg) => !written.has(keyOf(arg))));
}

/** `-name` removes an argument, `-name=value` that one value; `console` and `talos.platform` replace. */
function mergeExtra(base: readonly string[], extra: readonly string[]): string[] {
  const removed = extra.filter((arg) => arg.startsWith('-')).map((arg) => arg.slice(1));
  const added = extra.filter((arg) => !arg.startsWith('-'));
  const replaced = REPLACING.filter((key) => added.some((arg) => keyOf(arg) === key));
  const kept = base.filter(
    (arg) => !removed.includes(arg) && !removed.includes(keyOf(arg)) && !replaced.includes(keyOf(arg)),
  );
  return [...kept, ...added.filter((arg) => !kept.includes(arg))];
}

function ownArgs({ spec, urls, haltIfInstalled, wipe, initrdName }: KernelArgsInput): string[] {
  return [
    ...(spec.firmwareReboot ? ['sysctl.kernel.kexec_load_disabled=1'] : []),
    ...(haltIfInstalled ? ['talos.halt_if_installed=1'] : []),
    ...(wipe === undefined ? [] : [`talos.experimental.wipe=${wipe}`]),
    ...(urls.config === undefined ? [] : [`talos.config=${urls.config}`]),
    ...(urls.eventSink === undefined ? [] : [`talos.events.sink=${urls.eventSink}`]),
    ...(urls.kernelLog === undefined ? [] : [`talos.logging.kernel=${urls.kernelLog}`]),
    ...(initrdName === undefined ? [] : [`initrd=${initrdName}`]),
  ];
}

/** Of a plan, and of what strangers are sent. */
export function checkArgs(args: readonly string[]): Result<string[]> {
  for (const arg of args) {
    const problem = whyNoArgument(arg);
    if (problem !== undefined) return fail(`kernel argument "${show(arg)}" ${problem}`);
  }
  const elsewhere = whyOtherPlatform(args);
  if (elsewhere !== undefined) return fail(`the kernel command line: ${elsewhere}`);
  for (const { name, pattern } of ENFORCED_ARGS) {
    if (!args.some((arg) => pattern.test(arg))) {
      return fail(`kernel argument ${name} is missing: Talos refuses to start without it and reboots for ever`);
    }
  }
  const lengthBytes = args.join(' ').length;
  if (lengthBytes >= KERNEL_ARGS_MAX_BYTES) {
    return fail(
      `the kernel command line is ${lengthBytes} bytes long, and must stay below ${KERNEL_ARGS_MAX_BYTES}: shorten kernelArgs`,
    );
  }
  return ok([...args]);
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
const keyOf = (arg: string): string => arg.split('=', 1)[0] ?? arg;
const show = (arg: string): string => arg.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);

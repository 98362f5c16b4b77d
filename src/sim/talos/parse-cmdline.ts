import { parseHostPort } from '../wire/loopback.ts';

/** What Talos reads from its kernel command line. The first of several counts, as in Talos itself. */
export interface TalosCmdline {
  readonly platform: string | undefined;
  readonly config: string | undefined;
  readonly eventSink: { readonly address: string; readonly port: number } | undefined;
  readonly kernelLog: string | undefined;
  readonly haltIfInstalled: boolean;
  readonly wipe: string | undefined;
  readonly kexecDisabled: boolean;
  /** `ip=`: the static address on this computer, where it names one. */
  readonly address: string | undefined;
  readonly hostName: string | undefined;
  /** Enforced arguments that are not there: Talos then refuses to start and reboots for ever. */
  readonly missing: readonly string[];
  readonly cloudInit: string | undefined;
}

const ENFORCED: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['talos.platform', /^talos\.platform=./],
  ['slab_nomerge', /^slab_nomerge=?$/],
  ['pti', /^pti=on$/],
];

export function parseCmdline(text: string): TalosCmdline {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const read = (name: string): string | undefined =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const ip = words
    .find((word) => /^ip=127(?:\.\d{1,3}){3}:/.test(word))
    ?.slice(3)
    .split(':');
  const sink = parseHostPort(read('talos.events.sink') ?? '');
  const config = read('talos.config');
  return {
    platform: read('talos.platform'),
    config: config === 'none' ? undefined : config,
    eventSink: sink.ok ? sink.value : undefined,
    kernelLog: read('talos.logging.kernel'),
    haltIfInstalled: read('talos.halt_if_installed') === '1',
    wipe: read('talos.experimental.wipe'),
    kexecDisabled: read('sysctl.kernel.kexec_load_disabled') === '1',
    address: ip?.[0],
    hostName: read('talos.hostname') ?? (ip?.[4] === '' ? undefined : ip?.[4]),
    missing: ENFORCED.filter(([, pattern]) => !words.some((word) => pattern.test(word))).map(([name]) => name),
    cloudInit: /(?:^|\s)ds=nocloud[^\s]*?;s=([^\s;]+)/.exec(text)?.[1],
  };
}

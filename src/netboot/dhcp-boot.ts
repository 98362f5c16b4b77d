import type { NodeState } from '../core/node.ts';
import type { Firmware } from '../core/spec.ts';
import type { ArchRow } from '../protocols/dhcp/arch-table.ts';
import type { DhcpClient } from '../protocols/dhcp/classify-dhcp-client.ts';
import type { DhcpOptions } from '../protocols/dhcp/dhcp-message.ts';
import { NO_PXEDHCP_SETTING } from '../protocols/dhcp/ipxe-settings.ts';
import { type BootNet, type BootSite, httpBase } from './boot-site.ts';
import { chooseLoader } from './choose-loader.ts';
import type { GateAnswer } from './gate.ts';
import { archOfCpu, askGate, type BootView } from './gate-question.ts';
import type { Identity } from './identity.ts';
import { localManner } from './local-manner.ts';
import { HTTP_LADDER, type OfferVariant, offerVariantAt, PROXY_LADDER, PXE_LADDER } from './offer-ladder.ts';
import type { Silence } from './silence.ts';

export type BootClient = Exclude<DhcpClient, { readonly kind: 'os' }>;

/** Discovery control of PXE 2.1: use the file of this offer, no multicast, no broadcast, no menu. */
const USE_BOOT_FILE = { code: 6, data: Uint8Array.of(8) } as const;

/** What the offer says about booting. `silent`: no offer at all. `none`: an address, and no boot file. */
export type BootOffer =
  | {
      readonly is: 'file';
      readonly offered: string;
      readonly variant: number;
      readonly file: string;
      readonly options: DhcpOptions;
      readonly reason: string;
    }
  | {
      readonly is: 'none' | 'silent';
      readonly variant: number;
      readonly reason: string;
      readonly lacks?: 'loader';
      /** Why it is not sure who asks, where nothing behind this could make it so. */
      readonly unsure?: string;
    };

/** As the end of a line that says which address goes with it. */
export function bootText(boot: BootOffer | undefined): string {
  if (boot === undefined) return '';
  return boot.is === 'file' ? `, ${boot.offered} (${boot.reason})` : ` (${boot.reason})`;
}

/** Where a file alone would be an answer. */
export const noFileKind = (boot: Exclude<BootOffer, { readonly is: 'file' }> | undefined): Silence =>
  boot?.is === 'none' && boot.lacks === 'loader' ? 'loader' : 'gate';

export function firmwareOf(arch: ArchRow | undefined): Firmware {
  return arch === undefined || arch.firmware === 'other' ? 'bios' : arch.firmware;
}

/** Where a product took another offer before, its siblings begin with that one. */
function variantOf(view: BootView, node: NodeState | undefined): number {
  if (node === undefined) return 0;
  if (node.offerVariant > 0 || node.seen.product === undefined) return node.offerVariant;
  return view.fleet.modelVariants[node.seen.product] ?? 0;
}

export interface BootAsk {
  readonly site: BootSite;
  readonly net: BootNet;
  readonly client: BootClient;
  readonly identity: Identity;
  readonly proxy: boolean;
  readonly route: 'dhcp' | 'proxy';
}

export function offerBoot(view: BootView, ask: BootAsk): BootOffer {
  const { client, identity, route } = ask;
  const gate = askGate(view, route, identity, { arch: archOfCpu(client.arch?.cpu) });
  const node = identity.is === 'stranger' ? undefined : identity.node;
  const variant = variantOf(view, node);
  if (gate.give === 'nothing') return { is: 'silent', variant, reason: gate.reason };
  const reason = describeGate(gate);
  if (gate.give === 'local' && localManner(node, firmwareOf(client.arch)) === 'silence') {
    return { is: 'silent', variant, reason: `${reason}; sent to its disk by silence` };
  }
  if (client.kind === 'httpBoot' && node?.job?.plan.uki === true) {
    if (gate.give === 'write' || gate.give === 'boot') return fileOffer(ask, variant, ukiUrl(ask), reason);
    // There is no script behind it that could settle who it is.
    if (gate.give === 'lead')
      return { is: 'none', variant, reason: `no UKI before it is sure who asks: ${gate.reason}`, unsure: gate.reason };
  }
  if (client.kind === 'ipxe' && speaksHttp(client)) return scriptOffer(ask, variant, reason);
  const loader = chooseLoader(ask.site.spec, view.artefacts, client.arch, node);
  if (!loader.ok) return { is: 'none', variant, reason: loader.why, lacks: 'loader' };
  const why = client.kind === 'ipxe' ? `${reason}; its iPXE has no HTTP, so it gets ours` : reason;
  return client.kind === 'httpBoot'
    ? fileOffer(ask, variant, `${httpBase(ask.site, ask.net)}/b/${loader.name}`, why)
    : fileOffer(ask, variant, loader.name, why);
}

/** `.efi` at the end: some firmware looks at the name alone. */
const ukiUrl = ({ site, net }: BootAsk): string => `${httpBase(site, net)}/u/boot.efi`;

/** Without option 175 nothing is known of the build; every one since 2010 has HTTP. */
function speaksHttp(client: BootClient): boolean {
  const features = client.ipxe?.features ?? [];
  return features.length === 0 || features.includes('http');
}

function describeGate(gate: Exclude<GateAnswer, { readonly give: 'nothing' }>): string {
  switch (gate.give) {
    case 'write':
      return `${gate.stage}: ${gate.reason}`;
    case 'boot':
      return `${gate.what}: ${gate.reason}`;
    case 'seed':
      return `local: ${gate.reason}`;
    case 'wait':
      return `wait: ${gate.reason}`;
    case 'lead':
      return `loader only: ${gate.reason}`;
    case 'local':
      return `local: ${gate.reason}`;
  }
}

function scriptOffer({ site, net, proxy }: BootAsk, variant: number, reason: string): BootOffer {
  const url = `${httpBase(site, net)}/boot.ipxe`;
  // Beside another server iPXE must wait for that one; where both are ours, not waiting saves 2 s of every boot.
  const settings = proxy ? { vendorClass: 'PXEClient' } : { ipxe: [NO_PXEDHCP_SETTING] };
  return { is: 'file', offered: url, variant, file: url, options: { ...settings, bootFile: url }, reason };
}

function fileOffer({ client, proxy, net }: BootAsk, variant: number, name: string, reason: string): BootOffer {
  const url = client.kind === 'httpBoot';
  const shape = offerVariantAt(url ? HTTP_LADDER : proxy ? PROXY_LADDER : PXE_LADDER, variant);
  return {
    is: 'file',
    offered: name,
    variant,
    file: shape.file ? name : '',
    options: bootOptions(shape, client, name, net.serverText),
    reason: variant === 0 ? reason : `${reason}; offer variant "${shape.name}"`,
  };
}

/** Made key by key: every offer has one, and an object put together from parts takes ten times as long. */
function bootOptions(shape: OfferVariant, client: BootClient, name: string, server: string): DhcpOptions {
  const options: { -readonly [K in keyof DhcpOptions]: DhcpOptions[K] } = {};
  const url = client.kind === 'httpBoot';
  const end = shape.nul ? '\0' : '';
  if (shape.options || url) options.bootFile = `${name}${end}`;
  if (shape.options && !url) options.tftpServerName = `${server}${end}`;
  if (shape.vendorClass) options.vendorClass = url ? 'HTTPClient' : 'PXEClient';
  if (shape.discovery && client.kind === 'pxe') options.vendorInfo = [USE_BOOT_FILE];
  return options;
}

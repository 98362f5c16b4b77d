import type { BootTarget } from '../core/bmc.ts';
import { networkAgain, place } from '../core/lifecycle/override-ignored.ts';
import type { NodeState } from '../core/node.ts';
import { parseBmcUrl } from '../drivers/bmc-url.ts';

/** How a machine would be brought to boot from us: by whom, over which way, and what is set on its BMC for it. */
export interface BootWay {
  readonly by: 'bmc' | 'wakeOnLan' | 'person';
  readonly over: 'pxe' | 'uefiHttp' | 'virtualMedia';
  readonly override?: { readonly target: string; readonly enabled: 'Once'; readonly mode?: 'UEFI' | 'Legacy' };
  /** In the order in which they are done. */
  readonly steps: readonly string[];
  readonly warnings: readonly string[];
}

const REDFISH: { readonly [T in BootTarget]: string } = { pxe: 'Pxe', uefiHttp: 'UefiHttp', cd: 'Cd' };
const WORDS = { pxe: 'PXE', uefiHttp: 'UEFI HTTP boot', virtualMedia: 'iPXE as a virtual medium' } as const;

export const wayText = ({ over, by }: BootWay): string =>
  by === 'bmc'
    ? `${WORDS[over]}, by its BMC`
    : `${WORDS[over]}, ${by === 'wakeOnLan' ? 'woken by LAN or by hand' : 'by hand'}`;

/** The order is the one that arming would give; here it is put into words. */
export function bootWay(node: NodeState): BootWay {
  const order = networkAgain(node, { id: '', overrideRetried: false }, 'cycle');
  if (node.spec.bmc === undefined) return byHand(node);
  const over = order.target === 'cd' ? 'virtualMedia' : order.target;
  const mode =
    order.mode === undefined ? {} : { mode: order.mode === 'uefi' ? ('UEFI' as const) : ('Legacy' as const) };
  const override = { target: REDFISH[order.target], enabled: 'Once' as const, ...mode };
  const insert =
    over === 'virtualMedia' ? ['iPXE is inserted as a virtual medium, once the gate lets this job boot'] : [];
  return {
    by: 'bmc',
    over,
    override,
    steps: [
      ...insert,
      `boot override ${override.target}, ${override.enabled}, ${override.mode ?? 'mode as it is'}: set and read back`,
      'power cycle, or on where it is off; read back',
      ...(over === 'virtualMedia' ? ['medium ejected when the job ends'] : []),
      'override cleared when the job ends',
    ],
    warnings: warningsOf(node, order.target, node.spec.bmc.url),
  };
}

function byHand(node: NodeState): BootWay {
  const mac = node.spec.identity.macs[0];
  const over = node.spec.firmware === 'http' || node.spec.boot === 'secureBoot' ? 'uefiHttp' : 'pxe';
  const press = `a person power-cycles ${place(node)} and chooses ${over === 'pxe' ? 'network' : 'HTTP'} boot (often F12); the wire is the proof`;
  return {
    by: mac === undefined ? 'person' : 'wakeOnLan',
    over,
    steps: [...(mac === undefined ? [] : [`a wake-up packet is sent to ${mac}, which helps where it is off`]), press],
    warnings:
      node.spec.boot === 'virtualMedia'
        ? ['boot: virtual-media needs a BMC, and it has none: nothing is inserted']
        : [],
  };
}

/** What is known of the BMC and speaks against it. */
function warningsOf(node: NodeState, target: BootTarget, url: string): readonly string[] {
  const bmc = node.seen.bmc;
  const address = parseBmcUrl(url);
  const warnings: string[] = [];
  if (!address.ok) return [`its BMC: ${address.error}`];
  const isIpmi = address.value.kind === 'ipmi';
  if (target === 'cd' && isIpmi) warnings.push('IPMI inserts no medium: write an https:// address in bmc.url');
  else if (target === 'cd' && bmc?.canInsertMedia === false)
    warnings.push('its BMC says that it takes no image (often for want of a licence)');
  if (target === 'cd' && node.spec.firmware === 'bios')
    warnings.push('a BIOS boots ipxe.iso of the ipxe package: it must be in the vault or in the system');
  if (node.spec.firmware === 'http' && target === 'pxe')
    warnings.push('its BMC offers no UEFI HTTP boot: it would boot by PXE');
  if (target === 'uefiHttp' && isIpmi) warnings.push('IPMI knows no UEFI HTTP boot: write firmware: uefi');
  if (bmc === undefined && !isIpmi) warnings.push('nothing was read of its BMC yet: what it offers is not known');
  return warnings;
}

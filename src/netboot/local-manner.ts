import type { NodeState } from '../core/node.ts';
import type { Firmware, LocalBoot } from '../core/spec.ts';

/** How a machine is sent to its own disk. `exit` and `sanboot` are said by the script, the others by having no script. */
export type LocalManner = Exclude<LocalBoot, 'auto'>;

/**
 * What `auto` tries, in turn, each time the machine did not arrive at its disk. BIOS goes on to the disk after `exit`; on
 * UEFI only `exit 1` goes on (0 ends in the firmware's menu), and iPXE's ipxe.efi of 2019 hangs on both under OVMF.
 * sanboot is for BIOSes that begin again at the first boot entry.
 */
const AUTO: { readonly [F in Firmware]: readonly LocalManner[] } = {
  bios: ['exit', 'sanboot', 'silence'],
  uefi: ['exit', 'notFound', 'silence'],
  http: ['exit', 'notFound', 'silence'],
};

export function localManner(node: NodeState | undefined, firmware: Firmware | undefined): LocalManner {
  const asked = node?.spec.localBoot ?? 'auto';
  if (asked !== 'auto') return asked;
  // iPXE, which could be told to exit, does not run there: the firmware's own HTTP boot must find nothing.
  if (node?.spec.boot === 'secureBoot') return 'notFound';
  const row = AUTO[firmware ?? node?.seen.firmware ?? node?.spec.firmware ?? 'uefi'];
  return row[Math.min(node?.localMissed ?? 0, row.length - 1)] ?? 'exit';
}

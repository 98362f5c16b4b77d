import type { NodeState } from '../../core/node.ts';
import { reasonOf } from './node-look.ts';

/** Fifteen columns are what a rack row on an 80-column console has for a reason. */
export const SHORT_COLUMNS = 15;

/** Of a cause what tells it from the others; the whole sentence is one Enter away. */
const SHORT: Readonly<Record<string, string>> = {
  BMC_UNREACHABLE: 'BMC silent',
  BMC_REFUSED: 'BMC did nothing',
  BMC_CREDENTIALS: 'BMC password',
  BMC_PIN: 'BMC certificate',
  BMC_TLS: 'BMC TLS',
  BMC_SESSIONS: 'BMC sessions',
  BMC_BUSY: 'BMC is busy',
  NO_MEDIUM: 'no boot medium',
  HELD_BACK: 'boot held back',
  BMC_NO_POWER: 'no power change',
  BMC_OVERRIDE_IGNORED: 'booted its disk',
  BOOTED_DISK: 'fell to disk',
  NO_PXE: 'no PXE request',
  UNSERVED_NETWORK: 'not served here',
  OFFER_IGNORED: 'takes no offer',
  STOPPED_ASKING: 'stopped asking',
  NO_ADDRESS: 'no address',
  POOL_EMPTY: 'no free address',
  SECOND_SERVER: 'not our turn',
  FIRST_SERVER: 'first server',
  LOADER_MISSING: 'no loader here',
  NO_LOADER: 'no loader asked',
  LOADER_NOT_SERVED: 'asks other file',
  LOADER_SIZE_ONLY: 'asks size alone',
  RIVAL_PXE: 'rival PXE',
  RIVAL_DHCP: 'rival DHCP',
  RIVAL_NAK: 'rival NAK',
  OWN_ADDRESS: 'address twice',
  TFTP_STALL: 'TFTP stopped',
  IPXE_HANG: 'iPXE silent',
  SCRIPT_NO_FETCH: 'no script asked',
  BOOTSTRAP_ONLY: 'no own script',
  REQUEST_REFUSED: 'HTTP refused',
  NO_KERNEL: 'no kernel asked',
  NO_INITRD: 'no initrd asked',
  DL_STALL: 'image stopped',
  KERNEL_SILENT: 'kernel silent',
  KERNEL_PANIC: 'kernel panic',
  UP_LATE: 'no config asked',
  NOT_SEEN_AGAIN: 'not seen again',
  CONFIG_SILENT: 'config, no word',
  ALREADY_INSTALLED: 'has a system',
  CONFIG_BAD: 'config refused',
  HALTED: 'has a system',
  WIPE_LATE: 'wipe is slow',
  INSTALL_FAILED: 'install failed',
  INSTALL_LATE: 'install is slow',
  LOST_AFTER_INSTALL: 'gone at reboot',
  DISK_BOOT_MISSED: 'misses its disk',
  RUNNING_LATE: 'not RUNNING',
  NOT_READY: 'not ready',
  LOOP: 'boot loop',
  IDENTITY_CONFLICT: 'wrong machine',
  IDENTITY_UNSURE: 'not identified',
  SENT_TO_DISK: 'kept from it',
  NOT_NOTED: 'our disk fails',
  NOT_ASKED_AGAIN: 'asks no more',
  DISK_MISSING: 'no such disk',
  PLAN_CHANGED: 'plan changed',
  LEFT_INVENTORY: 'file was gone',
  JOB_EXPIRED: 'job expired',
  ATTEMPTS_SPENT: 'attempts spent',
  ASK_PERSON: 'wants a person',
  LOST_SIGHT: 'not heard of',
};

/** The reason where it fits; where it would be cut, the few words for its cause: the start of an error says the least. */
export function reasonFor(node: NodeState, columns: number): string {
  const reason = reasonOf(node);
  if (node.health.is === 'ok' || reason.length <= columns) return reason;
  const short = SHORT[node.health.code];
  if (short === undefined) return reason;
  return columns >= 40 ? `${short}: ${reason}` : short;
}

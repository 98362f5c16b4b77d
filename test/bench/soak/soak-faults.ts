import type { CauseCode } from '../../../src/core/cause.ts';
import type { MachineFaults } from '../../../src/sim/machine/machine-faults.ts';
import type { SimMachineSpec } from '../../../src/sim/machine/sim-host.ts';

/** What is wrong with a machine in one round, and how that round must end for it. */
export interface SoakFault {
  readonly name: string;
  readonly faults: MachineFaults;
  /** It arrives; or it stops, and the engine names one of these causes. */
  readonly ends: 'ready' | readonly CauseCode[];
  /** It may arrive all the same. */
  readonly orReady?: true;
  /** On the way to `ready` it hangs with this cause until the operator retries its job. */
  readonly retryAt?: readonly CauseCode[];
  readonly needs?: 'tftp' | 'loader' | 'bmc';
  /** Its cause takes some minutes: not in a short run, and the next wave does not wait for it. */
  readonly slow?: true;
  /** Longer than the patience with all others. */
  readonly takesMin?: number;
}

export const SOAK_FAULTS: readonly SoakFault[] = [
  { name: 'kernelPanic', faults: { kernelPanic: true }, ends: ['KERNEL_PANIC'] },
  { name: 'installFails', faults: { installFails: true }, ends: ['INSTALL_FAILED'] },
  { name: 'bootLoop', faults: { bootLoop: true }, ends: ['LOOP'] },
  { name: 'configRejected', faults: { configRejected: true }, ends: ['CONFIG_BAD'] },
  // Where a session stands open, nobody asks for the password again.
  {
    name: 'wrongPassword',
    faults: { bmc: { wrongPassword: true } },
    ends: ['BMC_CREDENTIALS'],
    orReady: true,
    needs: 'bmc',
  },
  { name: 'deafBmc', faults: { bmc: { deafOverride: true } }, ends: ['BMC_REFUSED'], needs: 'bmc' },
  { name: 'tftpStalls', faults: { tftpStalls: 1 }, ends: 'ready', retryAt: ['TFTP_STALL'], needs: 'tftp' },
  { name: 'downloadStalls', faults: { downloadStalls: 1 }, ends: ['DL_STALL'] },
  { name: 'ipxeHangs', faults: { ipxeHangs: 1 }, ends: 'ready', retryAt: ['IPXE_HANG'], needs: 'loader', slow: true },
  // The next offer is another one; firmware that gave up before it runs what is on the disk.
  {
    name: 'offerIgnored',
    faults: { offerIgnored: true },
    ends: 'ready',
    retryAt: ['OFFER_IGNORED', 'BOOTED_DISK'],
    needs: 'loader',
    slow: true,
  },
  { name: 'tftpLoss', faults: { tftpLoss: 0.03 }, ends: 'ready', needs: 'tftp' },
  { name: 'slowDownload', faults: { slowDownload: true }, ends: 'ready' },
  { name: 'noEventSink', faults: { noEventSink: true }, ends: 'ready' },
  { name: 'noKernelLog', faults: { noKernelLog: true }, ends: 'ready' },
  { name: 'firmwareReboot', faults: { firmwareReboot: true }, ends: 'ready' },
  { name: 'slowBmc', faults: { bmc: { slowS: 20 } }, ends: 'ready', needs: 'bmc' },
  { name: 'flappingBmc', faults: { bmc: { flapping: 0.2 } }, ends: 'ready', needs: 'bmc' },
  {
    name: 'deadAfterInstall',
    faults: { deadAfterInstall: true },
    ends: ['LOST_AFTER_INSTALL'],
    slow: true,
    // POST may take fifteen minutes, and so long it is waited for where no kexec was announced.
    takesMin: 18,
  },
  { name: 'deadPower', faults: { bmc: { powerStuck: true } }, ends: ['BMC_NO_POWER'], needs: 'bmc', slow: true },
];

/** A machine that says the UUID of another, which stands installed beside it. */
export const twinOf = (uuid: string): SoakFault => ({
  name: 'duplicateUuid',
  faults: { duplicateUuid: uuid },
  ends: ['IDENTITY_CONFLICT'],
});

export const SOUND: SoakFault = { name: 'none', faults: {}, ends: 'ready' };

/** How a round ends for such a machine, if it is one of the ends that its fault has. */
export const isEndOf = ({ ends }: SoakFault, code: CauseCode): boolean => ends !== 'ready' && ends.includes(code);

const NEVER_BY_LOAD: ReadonlySet<CauseCode> = new Set<CauseCode>(['BMC_REFUSED', 'BMC_TLS', 'BMC_PIN']);

/**
 * A busy host makes sound machines hang: iPXE gives up, firmware asks no more. What a sound BMC refuses is no matter of
 * load: it is wrong each time, and was a fault of ours when it was seen.
 */
export const mayHang = (code: CauseCode, { faults }: SoakFault): boolean =>
  faults.bmc !== undefined || !NEVER_BY_LOAD.has(code);

export function suits({ firmware }: SimMachineSpec, hasBmc: boolean, { needs }: SoakFault): boolean {
  if (needs === 'bmc') return hasBmc;
  if (needs === undefined) return true;
  return firmware !== 'bios-ipxe-rom' && (needs === 'loader' || !firmware.endsWith('-http'));
}

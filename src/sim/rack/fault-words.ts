import type { FaultName } from './assign-faults.ts';

/** What goes wrong, for who chooses: the machine's side of it. What the program makes of it is for the screen to say. */
const FAULT_WORDS: Readonly<Record<FaultName, string>> = {
  awaitsBootstrap: 'a control plane whose etcd waits for its bootstrap, as in a new cluster',
  bootLoop: 'resets when its kernel starts, every time, and comes to the network again',
  configRejected: 'Talos refuses the configuration that it fetched',
  cutBmc: 'its BMC stops in the middle of its answers',
  deadAfterInstall: 'installs, restarts, and is never heard of again',
  deadApi: 'its Talos API never opens',
  deadPower: 'its BMC takes power commands and does nothing',
  deafBmc: 'its BMC says yes to the boot override and keeps the old one',
  downloadStalls: 'the download of the initramfs stops in the middle, once',
  duplicateUuid: 'says the UUID of another machine',
  etagBmc: 'its BMC refuses every write that names the version it read',
  firmwareReboot: 'restarts through its firmware where others go on by kexec',
  flappingBmc: 'its BMC drops every fourth request',
  fullBmc: 'all sessions of its BMC are taken by others',
  haltsInstalled: 'Talos is on its disk already',
  installFails: 'its disk cannot be written',
  ipxeHangs: 'iPXE hangs after it was loaded, once',
  kernelPanic: 'its kernel panics',
  longPost: 'takes twelve minutes for its POST',
  lyingOverride: 'its BMC shows the boot override as set, and the old disk is booted',
  neverReady: 'runs, and never becomes ready',
  noBmc: 'has no BMC: a person must press its button (a simulated one does, when the screen asks)',
  noEventSink: 'its events never arrive here',
  noKernelLog: 'its kernel log never arrives here',
  offerIgnored: 'its firmware passes over the first way of offering a boot file',
  replaysReports: 'tells its whole boot again on every new connection',
  rivalDhcp: 'a forgotten DHCP server with a boot file of its own answers it first',
  slowBmc: 'its BMC takes 20 s for each answer',
  slowDownload: 'has a link of a fiftieth of the speed',
  tftpLoss: 'loses one TFTP packet in ten, each way',
  tftpStalls: 'the TFTP transfer of its loader stops in the middle, once',
  unavailableBmc: 'its BMC is still starting: busy for some requests',
  wrongDisk: 'its disks are not those of the inventory',
  wrongPassword: 'its BMC refuses the password',
};

/** `its kernel panics (kernelPanic)`. */
export const faultText = (name: string): string => `${new Map(Object.entries(FAULT_WORDS)).get(name) ?? ''} (${name})`;

export const renderFaults = (): string =>
  [
    'crashcart demo --faults LIST, where LIST is',
    '  none, some        nothing goes wrong; what a newcomer should meet (the default, of a rehearsal it is none)',
    '  kernelPanic       one machine, by chance',
    '  tftpLoss:3        three of them',
    '  wrongDisk:r01-u07 that machine',
    'or several of these with commas between them. What goes wrong:',
    '',
    ...Object.entries(FAULT_WORDS)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, words]) => `  ${name.padEnd(18)}${words}`),
    '',
  ].join('\n');

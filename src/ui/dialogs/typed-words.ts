/** The head of each dialog that asks; what has none is headed by its help. */
export const TITLES: Readonly<Record<string, string>> = {
  install: 'INSTALL',
  reinstall: 'REINSTALL',
  wipe: 'WIPE',
  inspect: 'INSPECT',
  rescue: 'RESCUE',
  wave: 'INSTALL IN WAVES',
  waveErase: 'REINSTALL IN WAVES',
  powerOff: 'POWER OFF',
  powerForceOff: 'POWER OFF AT ONCE',
  powerCycle: 'POWER CYCLE',
  powerReset: 'RESET',
  discovery: 'DISCOVERY BOOT',
  waveResume: 'THE WAVE GOES ON',
  waveCancel: 'CANCEL THE REST OF THE WAVE',
  panic: 'END OF PANIC',
  adopt: 'ADOPT',
  trust: 'TRUST THE BMC OF',
  hold: 'HOLD',
  release: 'RELEASE',
  protect: 'PROTECT',
  unprotect: 'LIFT THE PROTECTION OF',
  retry: 'RETRY',
  cancelJob: 'CANCEL THE JOB OF',
  locate: 'BLINK THE LED OF',
  readBmc: 'READ THE BMC OF',
  bootDisk: 'BOOT THE DISK OF',
  talosCheck: 'ASK TALOS ON',
  restart: 'RESTART',
  powerOn: 'POWER ON',
  bootstrap: 'BOOTSTRAP ETCD ON',
  talosReboot: 'REBOOT',
  applyConfig: 'APPLY CONFIGURATION TO',
  quit: 'QUIT AND LOSE ORDERS',
};

/** What is about to happen, before the plan names whom. */
export const INTROS: Readonly<Record<string, string>> = {
  install:
    'This boots the machine from the network and installs it to its disk. If a system is on a disk already, it halts and touches nothing.',
  reinstall: 'This ERASES the disks and installs again.',
  wipe: 'This ERASES the disks and leaves the machine empty.',
  inspect:
    'This boots the machine into maintenance mode; where Talos is on a disk, it halts. Nothing is written. What runs there now ends.',
  rescue:
    'This boots a system in memory; Talos halts where it is on a disk. Nothing is written. What runs there now ends.',
  wave: 'One node first, then five at a time. The first failure stops the wave. A node that has a system halts.',
  waveErase: 'This ERASES the disks: one node first, then five at a time. The first failure stops the wave.',
  powerOff: 'The system is asked to shut down.',
  powerForceOff: 'The power goes at once. What is not written to a disk is lost.',
  powerCycle: 'The power goes off and on. What is not written to a disk is lost.',
  powerReset: 'The machine is reset. What is not written to a disk is lost.',
  discovery:
    'For 30 minutes every unknown machine that asks is booted into maintenance mode, to be read; one that has Talos on a disk halts. Nothing is written.',
  waveResume: 'The machines that wait are armed again, a few at a time.',
  waveCancel: 'The wave ends for good: what waits is not started. What runs goes on.',
  panic: 'Machines that are armed get their answers again: what is armed to be erased, is.',
  hold: 'Until it is released, a held machine gets no answer but local boot, and nothing can be armed on it.',
  protect:
    'Nothing that writes its disks is armed or served, over restarts as well. Inspect and rescue still are. It lasts until it is lifted.',
  unprotect: 'Its disks can be erased again by whoever types its name.',
  release: 'The machines are answered again as before.',
  cancelJob: 'Nothing more is sent for these jobs. What is being written already is not stopped by this.',
  restart: 'Transfers that run break off, and machines ask again. The others go on.',
  trust:
    'The certificate that the BMC shows now is trusted from here on. Compare the fingerprint at the machine first.',
  bootstrap: 'This starts a NEW etcd cluster on this node. Do it once per cluster, on one node.',
  talosReboot: 'Talos stops its services and restarts. What runs on the node ends.',
  applyConfig:
    'This sends the machine configuration of the inventory to a node that runs. No disk is written: what would need that, or a reboot, is refused.',
  quit: 'This process holds the stack, and these orders are NOT SAVED. The next start does not know of them: what they forbid may be answered and erased then.',
  breakGlass:
    'Breaking the lock lets this session act on locked nodes for 15 minutes. Recorded: who, when, from where, why, and every action.',
};

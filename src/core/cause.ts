/** Every way in which a machine does not come up: one line of cause, one line of advice. The node's screen shows both. */
export const CAUSES = {
  BMC_UNREACHABLE: [
    'The BMC does not answer.',
    'Check its cable, address and `bmc.url`; or power-cycle by hand and choose network boot.',
  ],
  BMC_REFUSED: [
    'The BMC did not do what it was asked for.',
    'Read its message below; try the power menu, or boot from the network by hand.',
  ],
  BMC_CREDENTIALS: [
    'The BMC refused the user name or password.',
    'Correct `bmc.username` and the password reference; nothing is tried again by itself.',
  ],
  BMC_PIN: [
    'The certificate of the BMC is not the one that was confirmed.',
    'Compare the fingerprint at the machine, then confirm the new one.',
  ],
  BMC_TLS: [
    'No safe connection to the BMC could be made: its TLS is too old, or its certificate does not hold.',
    'Read its message below; `tlsMinVersion` lets old TLS in, `tls.ca` and `tls.name` say which certificate is right.',
  ],
  BMC_SESSIONS: [
    'All sessions of the BMC are taken by others.',
    'Close sessions on its own page, or wait until they expire (30 s to 30 min); then retry.',
  ],
  BMC_BUSY: [
    'The BMC was busy for too long and took no change: the machine is in POST, or a job is queued in the BMC.',
    'Look at the machine and at the job queue of its BMC, then retry.',
  ],
  NO_MEDIUM: [
    'There is no medium that its BMC could insert.',
    'Read its message below; bring the loader into the vault and retry, or write `boot: network` in its file.',
  ],
  HELD_BACK: [
    'Its boot was held back from here (by PANIC, because its BMC is another one now, as its file protects it since, or as is told below), and nothing is sent again by itself.',
    'See below what held it. When that is over, look at the machine and retry, or cancel its job.',
  ],
  BMC_NO_POWER: [
    'The BMC took the power request, but the machine did not change its power state.',
    'Look at the machine: power supply, power button lock. Then retry.',
  ],
  BMC_OVERRIDE_IGNORED: [
    'BMC boot override ignored: it was accepted and read back, and the machine booted its disk.',
    'Choose network boot by hand (F12), or put the network first in the boot order.',
  ],
  BOOTED_DISK: [
    'The machine runs from its disk, and its job needs a network boot that went through.',
    'See below how far its network boot came: cable, MTU, boot order, a second DHCP server. Then retry, or choose network boot by hand (F12).',
  ],
  NO_PXE: [
    'The machine is on, and no network boot request was seen.',
    'Is PXE or HTTP boot enabled for this NIC, the cable in the provisioning switch, the port up and in the right VLAN?',
  ],
  UNSERVED_NETWORK: [
    'It asks for a network boot from where DHCP is not served, and gets no answer.',
    'Read below where its request came from. Write that network into `_site.yaml` (`subnet:`, `relay:` with the address of the relay, `dhcp: authoritative` or `proxy`; it is read again by itself), or correct the relay, or put its cable or VLAN into a network that is served. Then start it once more from the network.',
  ],
  OFFER_IGNORED: [
    'It asks again and again for an address and takes none of our offers.',
    'Firmware is given the next offer variant by itself; look for a second DHCP server and at the boot mode (BIOS, UEFI, HTTP).',
  ],
  STOPPED_ASKING: [
    'It asked for an address and what to boot, was answered, and was not heard of again.',
    'Look at its screen: does its firmware or iPXE hang, or did it go on to another NIC, boot entry or its disk? Else check cable, NIC and switch port: spanning tree drops all that comes in the first 30 s of a link (make it an edge port, `portfast`).',
  ],
  NO_ADDRESS: [
    'It takes no address: no DHCP server was heard to offer it one, and beside `dhcp: proxy` it gets none from here.',
    'Look at the DHCP server of this network: is it up, has its scope a free address for this MAC, do VLAN and relay lead there? Or write `dhcp: authoritative` and a `pool:` for this network. If its log shows offers to this machine, look for a second boot server and at the boot mode.',
  ],
  POOL_EMPTY: [
    'It asks for an address, and none is free for it: nothing was offered.',
    'Read below why. Where its `ip:` cannot be given, find who is there, or correct it: it gets that within a minute after that one is gone. Else give its network a `pool:`, or a larger one, or the machine an `ip:` of its own; offers that nobody takes come back after a minute.',
  ],
  SECOND_SERVER: [
    'It asks for an address and got none: as the second DHCP server here we leave it to the first one for a while, and that one gives it none.',
    'Look at the first server: is it up, does it know this machine? Where it is gone, or this machine asks for a shorter time than `answerAfter:` says, lower that in `_site.yaml` (without it we answer at once; it is read again by itself). Who asks on is answered then.',
  ],
  FIRST_SERVER: [
    'The first DHCP server here answered it: as the second one we leave it to that one for a while.',
    'Lower `answerAfter:` in `_site.yaml` (without it we answer at once; it is read again by itself), or keep this machine from that server (its MAC, or the boot file that it gives it); then boot it anew.',
  ],
  LOADER_MISSING: [
    'Its firmware gets an address and no boot file: there is no boot loader here that it can run.',
    'Add the file that is named below (`crashcart images add --loader FILE`), or switch its firmware to another boot mode.',
  ],
  NO_LOADER: [
    'The firmware took its address and never fetched the boot loader.',
    'Check the way back to TFTP or HTTP here, beside `dhcp: proxy` to proxyDHCP too (the services screen names their ports): firewall, VLAN, next-server.',
  ],
  LOADER_NOT_SERVED: [
    'The firmware took its address and asked here for a boot file that is not served.',
    'Another server, or a boot-file option that was left behind somewhere (66, 67, `filename`), names that file: take it out there. The next boot gets the next offer variant by itself.',
  ],
  LOADER_SIZE_ONLY: [
    'The firmware asked how large the boot loader is, was told so, and never fetched it.',
    'The way here is open, so look at its screen: Secure Boot, too little memory, a file that it does not take? Its next boot gets another loader, if more than one is served; or try another boot mode (BIOS, UEFI, HTTP).',
  ],
  RIVAL_PXE: [
    'Another server answered this machine with its own boot file.',
    'Take the boot file out of that server (options 66 and 67, its PXE service); beside `dhcp: proxy` it may go on giving addresses. The services screen names it.',
  ],
  RIVAL_DHCP: [
    'This machine took its address from another DHCP server.',
    'Switch that server off on this wire. If it is to give the addresses, write `dhcp: proxy` for this network; then it must name no boot file (options 66 and 67). The services screen names it.',
  ],
  RIVAL_NAK: [
    'Another DHCP server refuses (NAK) the address that this machine got from us.',
    'Switch that server off on this wire, or take `authoritative` out of it. If it is to give the addresses, write `dhcp: proxy` for this network. The services screen names it.',
  ],
  OWN_ADDRESS: [
    'Another host has the address of this one, and answered this machine in its place.',
    'Find that host by the MAC below (the switch names its port): often it is the boot server of before. Take the address away from it, or give this host another one (`address:` in `_site.yaml`). Until then it is chance which of the two a machine reaches.',
  ],
  TFTP_STALL: [
    'The transfer of the boot loader stopped: no block was acknowledged for 10 s.',
    'Check MTU, duplex and the cable. What it gets next is said with the reason: smaller blocks where not even the first was acknowledged, else another loader.',
  ],
  IPXE_HANG: [
    'The boot loader was sent and iPXE never asked for anything.',
    'Another loader is tried by itself (snponly, undionly); try a newer one in `loader:`.',
  ],
  SCRIPT_NO_FETCH: [
    'iPXE has its address and did not fetch the boot script.',
    'Check the way to HTTP here (the services screen names its port), and that no other DHCP server answered iPXE.',
  ],
  BOOTSTRAP_ONLY: [
    'iPXE fetched `/boot.ipxe`, and never asked for the boot script of its own that this names.',
    'It reached HTTP here, so look at its screen, where iPXE says why: link lost, or it hangs. It tries again for a minute, then goes on to the next boot entry. If it hangs, try another loader in `loader:`.',
  ],
  REQUEST_REFUSED: [
    'It asked over HTTP, and its request was refused here: it is none that can be answered.',
    'Read below what was wrong with it; another or a newer loader (`loader:`) asks in another way.',
  ],
  NO_KERNEL: [
    'It has its boot script and did not fetch the kernel.',
    'Look at its screen, where iPXE says why: no memory left, link lost, HTTP here not reached. The script tries again for a minute, then the machine boots its disk. If it hangs, try another loader in `loader:`.',
  ],
  NO_INITRD: [
    'It has the kernel and did not fetch the initramfs: the kernel was not started.',
    'Look at its screen, where iPXE says why: no memory left (2 GiB are needed), link lost, HTTP here not reached. The script tries again for a minute, then the machine boots its disk. If it hangs, try another loader in `loader:`.',
  ],
  DL_STALL: [
    'The download of the kernel or initramfs stopped: no bytes for 15 s.',
    'Check the link and the switch port; the script retries by itself.',
  ],
  KERNEL_SILENT: [
    'The kernel was handed over and nothing was heard from it.',
    'Look at the console: wrong `console=`, too little memory (2 GiB are needed), a NIC without driver (extension missing?).',
  ],
  KERNEL_PANIC: ['The kernel panicked.', 'Read the log; try without extra kernel arguments, or another Talos version.'],
  UP_LATE: [
    'The system started, and has not asked for its configuration.',
    'Check whether it got an address, which one, and the route from there to HTTP here (the services screen names its port).',
  ],
  NOT_SEEN_AGAIN: [
    'It was given what its profile boots, and was not seen to boot its disk.',
    'What that does is not reported here, so look at its console: it may have installed and run, wait for something, or have failed. It is given nothing more by itself: to arm it again installs once more.',
  ],
  CONFIG_SILENT: [
    'It fetched its configuration, and has not told what came of it.',
    'It may be installing, so look at its console before you power it. If it goes on there, check the way from it to events and kernel log here (the services screen names their ports), and from here to its API on TCP 50000: firewall, VLAN, address.',
  ],
  ALREADY_INSTALLED: [
    'Talos is already on a disk of this machine, so it does not ask for a configuration.',
    'Boot its disk, or choose reinstall (erases it) and type its name.',
  ],
  CONFIG_BAD: [
    'Talos refused its machine configuration.',
    'Correct what the message names, cancel the job and arm it again: only what was confirmed is served.',
  ],
  HALTED: [
    'Talos found an installation and halted, as it was told to. Nothing was touched.',
    'Choose: boot the disk, or reinstall (erases it) and type the name.',
  ],
  WIPE_LATE: ['The disk is being wiped for over 10 minutes.', 'Look at the console; power-cycle if nothing moves.'],
  INSTALL_FAILED: [
    'The installer failed.',
    'Read the log: registry reachable, disk present and healthy, EFI variables writable?',
  ],
  INSTALL_LATE: [
    'The installation takes over 15 minutes.',
    'Is the installer image reachable (registry, proxy, mirror)? Is the disk slow?',
  ],
  LOST_AFTER_INSTALL: [
    'The machine was installed, rebooted, and was not heard of again.',
    'Look at the console. With kexec trouble set `firmwareReboot: true`; check that its disk comes in the boot order.',
  ],
  DISK_BOOT_MISSED: [
    'Told to boot its disk, the machine asked for the network again.',
    'Is there a system on its disk? Where it is empty, arm an install. Else its firmware does not reach it: boot order, boot mode (BIOS or UEFI), or another `localBoot:` manner.',
  ],
  RUNNING_LATE: [
    'It boots from disk, and has not reported RUNNING in 10 minutes.',
    'Read its log; a worker waits for the control plane, a control plane for bootstrap.',
  ],
  NOT_READY: ['It runs, and is not ready.', 'The unmet conditions are shown; a new cluster waits for bootstrap.'],
  LOOP: [
    'It booted three times in 30 minutes without coming up. Every answer is now `local`.',
    'Read the timelines of the attempts; release it after the cause is mended.',
  ],
  IDENTITY_CONFLICT: [
    'The machine names itself differently from the inventory.',
    'Compare MAC, UUID, serial and switch port on this screen; correct the inventory or the cabling, or find the right machine.',
  ],
  IDENTITY_UNSURE: [
    'It is armed, and was sent to its local disk: what it says of itself does not make sure which machine it is.',
    'Sure is a MAC together with a UUID, serial or board serial, all its own: write those that it names into its file and arm it again, unless it is another machine that says the same. A placeholder is none: give it a serial in its firmware (SMBIOS).',
  ],
  SENT_TO_DISK: [
    'It is armed, and was sent to its local disk: what was confirmed for it cannot be served, or may not be.',
    'Read below why. Correct that, or cancel its job and arm it again; then its next network boot gets what it is armed for.',
  ],
  NOT_NOTED: [
    'What it is armed for was not sent: our own disk did not keep the note of it.',
    'See to the disk of the state folder; `status` says what is wrong with it. Who asks for a script waits in iPXE and goes on by itself when the note can be kept; cancel its job, and it boots its disk. A kernel or initrd is asked for a minute long, then it boots its disk; for a UKI nothing waits. Where it asks no more it needs a retry or a power-cycle.',
  ],
  NOT_ASKED_AGAIN: [
    'What it is armed for was not sent, as our own disk did not keep the note of it. That is over, and it has not asked since.',
    'Where it still waits in iPXE, it asks within a minute and goes on by itself. Else retry it, or power-cycle it for a network boot (F12); cancel its job, and it boots its disk.',
  ],
  DISK_MISSING: [
    'No disk of the machine is the one that the inventory names; nothing was written.',
    'Inspect the machine, or read what disks its BMC lists; correct `talos.disk`, cancel its job and arm it again.',
  ],
  PLAN_CHANGED: [
    'What would be booted is no longer what was confirmed (image or configuration changed).',
    'Put back what changed, or cancel its job and arm it again to confirm the new plan. Until then its network boot ends at its disk.',
  ],
  LEFT_INVENTORY: [
    'Its file was gone from the inventory, or renamed: that ended its job.',
    'Arm it again if it is the machine that is meant; no file that comes back arms anything.',
  ],
  JOB_EXPIRED: [
    'The job expired before it was done.',
    'See below how far the machine came. Arm it again when it can be reached; a boot that gets its script in time is let through to its end.',
  ],
  ATTEMPTS_SPENT: ['All attempts of this job are used.', 'Read the timelines, then arm again.'],
  ASK_PERSON: ['This machine has no BMC that works.', 'Power-cycle it by hand and choose network boot (often F12).'],
  LOST_SIGHT: [
    'This was true before the program restarted; nothing was heard since.',
    'Wait for evidence, or read the power state.',
  ],
} as const satisfies Record<string, readonly [cause: string, advice: string]>;

export type CauseCode = keyof typeof CAUSES;

export const causeOf = (code: CauseCode): string => CAUSES[code][0];
export const adviceOf = (code: CauseCode): string => CAUSES[code][1];

import type { BmcIdentity, BmcLogLine, BmcProblem, BootOverride, LampRest, Power, PowerAction } from './bmc.ts';
import type { Drift, DriftField } from './drift.ts';
import type { HostBoot } from './host-boot.ts';
import type { Actor, DiskDoubt, JobKind, Plan } from './job.ts';
import type { OrderFound } from './order-found.ts';
import type { Beside, EvidenceClass, Lack, NotAtIp, ScriptAnswer } from './phase.ts';
import type { Played } from './played.ts';
import type { Told } from './reported.ts';
import type { SeenDisk } from './seen.ts';
import type { SeenApi, SeenMachine } from './seen-talos.ts';
import type { Firmware, NodeSpec, Problem, UplinkSpec } from './spec.ts';
import type { TimeMs } from './time.ts';
import type { UnkeptOrder } from './unkept.ts';

/** What firmware asked, and what it was offered. */
export interface FirmwareAsk {
  readonly arch: number;
  readonly xid: number;
  readonly secs: number;
  readonly uuid?: string;
  /** The boot file that we offered, and how; absent when we stayed silent. */
  readonly offered?: string;
  readonly variant?: number;
  readonly reason: string;
  readonly beside?: Beside;
}

/**
 * Everything that happens, in the past tense: `source.whatHappened`. Evidence about one machine carries its `node`;
 * who that is was resolved when the answer was decided (token, then address, then MAC), and is not guessed again here.
 * No event holds a secret: tokens and configurations appear as hashes.
 */
export type EvidenceBody =
  // BMC
  | { readonly type: 'bmc.overrideSet'; readonly node: string; readonly job: string; readonly read: BootOverride }
  /** Sent, and not answered yet. Its end is `bmc.resetDone`, `bmc.powerFound` or `bmc.failed`. */
  | {
      readonly type: 'bmc.powerAsked';
      readonly node: string;
      readonly job?: string;
      readonly action: PowerAction;
      /** A boot that it cuts uses up no attempt, unless that had a script that writes. Absent: it does, as it did once. */
      readonly spares?: true;
    }
  | {
      readonly type: 'bmc.resetDone';
      readonly node: string;
      readonly job?: string;
      /** `on` of any order that found the machine off: nothing was cut. */
      readonly action: PowerAction;
      readonly power: Power;
      /** When the reset was sent. The machine may be on the wire before the BMC says that it is done. */
      readonly askedAt: TimeMs;
      /** Of whoever asked for this very one. */
      readonly order?: string;
    }
  /** It was to be switched, and was so already: nothing was sent. */
  | {
      readonly type: 'bmc.powerFound';
      readonly node: string;
      readonly job?: string;
      readonly action: PowerAction;
      readonly power: Power;
      readonly order?: string;
    }
  | { readonly type: 'bmc.powerRead'; readonly node: string; readonly power: Power }
  /** What became of the boot order of a machine that stays silent. `usedUp`: it is given again right after this. */
  | {
      readonly type: 'bmc.orderRead';
      readonly node: string;
      readonly job: string;
      readonly found: OrderFound;
      readonly read: BootOverride;
      readonly progress?: string;
    }
  /** What the BMC says of the boot: shown, and never more than that. */
  | { readonly type: 'bmc.progressRead'; readonly node: string; readonly progress: string }
  | { readonly type: 'bmc.logRead'; readonly node: string; readonly lines: readonly BmcLogLine[] }
  | {
      readonly type: 'bmc.identityRead';
      readonly node: string;
      readonly identity: BmcIdentity;
      readonly order?: string;
    }
  | {
      readonly type: 'bmc.failed';
      readonly node: string;
      readonly job?: string;
      readonly step: string;
      readonly problem: BmcProblem;
      readonly order?: string;
    }
  | { readonly type: 'bmc.overrideCleared'; readonly node: string; readonly job: string }
  | { readonly type: 'bmc.mediaInserted'; readonly node: string; readonly job: string }
  | { readonly type: 'bmc.mediaEjected'; readonly node: string; readonly job: string }
  | {
      readonly type: 'bmc.located';
      readonly node: string;
      readonly on: boolean;
      /** What the light showed before, to be put back when it is put out. */
      readonly rest?: LampRest;
      readonly order?: string;
    }
  // DHCP, by who asks. `leasedUntil`: the address is a lease of ours, and this is its grant as well. `subnet`: of this network.
  | (FirmwareAsk & {
      readonly type: 'dhcp.firmwareAsked';
      readonly node: string;
      readonly mac: string;
      readonly firmware: Firmware;
      readonly lacks?: Lack;
      /** Its names contradict the inventory, or belong to several machines. */
      readonly conflict?: string;
      /** Armed for a file that firmware starts itself, it got none: this does not make sure who it is, and no script will. */
      readonly unsure?: string;
    })
  | {
      readonly type: 'dhcp.firmwareTook';
      readonly node: string;
      readonly mac: string;
      readonly address: string;
      readonly firmware: Firmware;
      readonly bootFile?: string;
      readonly lacks?: Lack;
      readonly via: 'dhcp' | 'proxy';
      /** Of a proxy: it asked the boot server, or has not, whose firmware always does; older versions did not say. */
      readonly port4011?: boolean;
      readonly leasedUntil?: TimeMs;
      readonly subnet?: string;
      readonly notAtIp?: NotAtIp;
      readonly hostName?: string;
      /** What it had asked the moment before, where that was not told by itself. */
      readonly asked?: FirmwareAsk;
    }
  | {
      readonly type: 'dhcp.ipxeAsked';
      readonly node: string;
      readonly mac: string;
      readonly address?: string;
      readonly xid: number;
      /** What it may boot with an address that it has not taken yet; older versions did not tell. */
      readonly offered?: string;
      readonly lacks?: Lack;
      readonly beside?: Beside;
      readonly leasedUntil?: TimeMs;
      readonly subnet?: string;
      readonly notAtIp?: NotAtIp;
      readonly hostName?: string;
    }
  | {
      readonly type: 'dhcp.osAsked';
      readonly node: string;
      readonly mac: string;
      readonly address?: string;
      /** Older versions did not tell. */
      readonly lacks?: Lack;
      readonly leasedUntil?: TimeMs;
      readonly subnet?: string;
      readonly notAtIp?: NotAtIp;
      readonly hostName?: string;
    }
  | {
      readonly type: 'dhcp.rivalAnswered';
      readonly node: string;
      readonly server: string;
      readonly bootFile?: string;
      readonly ack: boolean;
      /** Its firmware said so itself, in its REQUEST: the answer may have been heard by nobody else. */
      readonly took?: true;
      /** The address that its REQUEST names. */
      readonly address?: string;
      /** Of a boot file, where it took an answer in which none is known; older versions did not say. */
      readonly file?: 'none' | 'unheard';
      /** A NAK: it may not have the address that it asks for. */
      readonly refused?: true;
      /** `server` is our own address, which another host with this MAC has as well. */
      readonly twin?: string;
      /** As the second server here (`answerAfter:`) we leave it to that one for a while. Older versions took it for a rival. */
      readonly first?: true;
    }
  /** Beside `dhcp: proxy`: the server that gives the addresses offers it one. Told once while it asks. */
  | {
      readonly type: 'dhcp.addressOffered';
      readonly node: string;
      readonly server: string;
      readonly address: string;
    }
  /** Armed, its firmware asked from where DHCP is not served; told now and then, until something of its boot is seen. */
  | { readonly type: 'dhcp.leftUnanswered'; readonly node: string; readonly mac: string; readonly why: string }
  // Loader, by TFTP or HTTP
  | {
      readonly type: 'loader.requested';
      readonly node: string;
      readonly file: string;
      readonly totalBytes: number;
      readonly by: 'tftp' | 'http';
      /** A HEAD: how large it is. Older versions told of none. */
      readonly sizeOnly?: true;
      /** Before it was opened; older versions did not tell. */
      readonly askedAt?: TimeMs;
    }
  | {
      readonly type: 'loader.progressed';
      readonly node: string;
      readonly file: string;
      readonly sentBytes: number;
      readonly totalBytes: number;
    }
  /** It is sent to its disk by finding no loader here. */
  | { readonly type: 'loader.withheld'; readonly node: string; readonly file: string; readonly reason: string }
  /** It asked for a boot file that is not ours. */
  | { readonly type: 'loader.notServed'; readonly node: string; readonly file: string }
  | { readonly type: 'loader.sent'; readonly node: string; readonly file: string; readonly totalBytes: number }
  /** Its first block was sent again for seconds, and nothing of it was acknowledged. */
  | {
      readonly type: 'loader.firstBlockLost';
      readonly node: string;
      readonly file: string;
      readonly blockBytes: number;
    }
  | {
      readonly type: 'loader.aborted';
      readonly node: string;
      readonly file: string;
      readonly probe: boolean;
      /** The machine asks anew from the same port; older versions ignored that. */
      readonly askedAnew?: true;
      readonly reason: string;
      /** Acknowledged until then; older versions did not tell. */
      readonly sentBytes?: number;
      /** Of which request that is the end; older versions did not tell. */
      readonly askedAt?: TimeMs;
    }
  // Boot script, images, configuration
  /** `/boot.ipxe`, which is the same for every machine: told of an iPXE that has not asked for its script yet. */
  | { readonly type: 'http.bootstrapAsked'; readonly node: string }
  | {
      readonly type: 'http.scriptAsked';
      readonly node: string;
      readonly mac?: string;
      readonly address: string;
      /** We alone give addresses there, and this is none that the machine has. */
      readonly elsewhere?: true;
      readonly answer: ScriptAnswer;
      readonly job?: string;
      readonly reason: string;
      readonly conflict?: string;
      /** It is armed, and was sent to its disk because who it is is not sure: what it named itself by. */
      readonly unsure?: string;
      /** It is armed, and was sent to its disk because what was confirmed for it cannot go out, or may not. */
      readonly held?: true;
      /** It lets the machine write: `http.answerSent` or `http.answerWithheld` follows. Absent in journals of older versions. */
      readonly noted?: true;
      readonly hardware: {
        readonly uuid?: string;
        readonly serial?: string;
        readonly boardSerial?: string;
        readonly asset?: string;
        readonly manufacturer?: string;
        readonly product?: string;
        readonly buildArch?: string;
        readonly platform?: string;
      };
    }
  /** It boots, and its power is about to be switched, or our disk keeps no note (`unsaved`): it was told to ask again. */
  | {
      readonly type: 'http.scriptPutOff';
      readonly node: string;
      readonly address: string;
      readonly unsaved?: true;
      readonly reason: string;
    }
  /**
   * What would have let it write was noted at `askedAt`, and not sent after all: that the note is not on disk (`unsaved`), or
   * that it may not have it any more. `again`: the same answer had gone out in this boot before.
   */
  | {
      readonly type: 'http.answerWithheld';
      readonly node: string;
      readonly job: string;
      readonly what: 'script' | 'image';
      readonly askedAt: TimeMs;
      readonly again?: true;
      readonly unsaved?: true;
      readonly reason: string;
    }
  /** What was noted at `askedAt` is on disk, and has left: of an own script, or a wipe's. */
  | { readonly type: 'http.answerSent'; readonly node: string; readonly job: string; readonly askedAt: TimeMs }
  /** It asks again every few seconds, and still waits: told now and then. */
  | { readonly type: 'http.scriptAwaited'; readonly node: string }
  | {
      readonly type: 'image.requested';
      readonly node: string;
      readonly image: 'kernel' | 'initrd';
      readonly totalBytes: number;
      /** Where that is no address of the machine. */
      readonly to?: string;
    }
  | {
      readonly type: 'image.progressed';
      readonly node: string;
      readonly image: 'kernel' | 'initrd';
      readonly sentBytes: number;
      readonly totalBytes: number;
      readonly bytesPerSecond: number;
    }
  | {
      readonly type: 'image.sent';
      readonly node: string;
      readonly image: 'kernel' | 'initrd';
      readonly totalBytes: number;
      readonly to?: string;
    }
  | {
      readonly type: 'image.aborted';
      readonly node: string;
      readonly image: 'kernel' | 'initrd';
      readonly sentBytes: number;
      readonly reason: string;
    }
  | { readonly type: 'http.handedOff'; readonly node: string }
  /** Its last byte was taken by the machine; a fetch that was only asked for, or cut, is not one. */
  | {
      readonly type: 'http.configServed';
      readonly node: string;
      readonly job: string;
      readonly configHash: string;
      /** Whose token it was. Absent in journals of older versions: the current one. */
      readonly attempt?: number;
    }
  | {
      readonly type: 'http.configCut';
      readonly node: string;
      readonly sentBytes: number;
      readonly reason: string;
    }
  | { readonly type: 'http.configRefused'; readonly node: string; readonly reason: string }
  /** What came from its address is no request that can be read: whatever it asked for, it was not given. `path`: as far as it is known. */
  | {
      readonly type: 'http.requestRefused';
      readonly node: string;
      readonly path: string;
      readonly status: number;
      readonly reason: string;
    }
  // What the node says, by event sink, kernel log or its API
  | {
      readonly type: 'talos.connected';
      readonly node: string;
      readonly address: string;
      readonly by: 'events' | 'kernelLog';
      /** The system that reported before: its connection was renewed, nothing booted. */
      readonly goesOn?: true;
    }
  | { readonly type: 'talos.phaseStarted'; readonly node: string; readonly sequence?: string; readonly phase: string }
  | { readonly type: 'talos.sequenceStarted'; readonly node: string; readonly sequence: string }
  | {
      readonly type: 'talos.stageChanged';
      readonly node: string;
      readonly stage: TalosStage;
      readonly ready: boolean;
      readonly unmet: readonly string[];
    }
  | { readonly type: 'talos.maintenanceEntered'; readonly node: string }
  | { readonly type: 'talos.halted'; readonly node: string }
  | { readonly type: 'talos.configFailed'; readonly node: string; readonly message: string }
  | { readonly type: 'talos.failed'; readonly node: string; readonly message: string }
  | { readonly type: 'talos.restarting'; readonly node: string; readonly how: 'kexec' | 'firmware' | 'off' }
  /** `lost`: nobody closed the connection, it stopped answering. */
  | { readonly type: 'talos.disconnected'; readonly node: string; readonly lost?: true }
  | {
      readonly type: 'talos.addressed';
      readonly node: string;
      readonly hostName?: string;
      readonly addresses: readonly string[];
    }
  | {
      readonly type: 'talos.installing';
      readonly node: string;
      readonly disk?: string;
      readonly percent?: number;
      readonly step?: string;
    }
  | { readonly type: 'talos.installed'; readonly node: string; readonly text: string }
  /** It said more than is written down: so many events or lines were passed over. */
  | {
      readonly type: 'talos.dropped';
      readonly node: string;
      readonly by: 'events' | 'kernelLog';
      readonly count: number;
    }
  /** The kernel log began anew: another kernel runs. Told by its clock alone, where no event sink reports. */
  | { readonly type: 'talos.kernelStarted'; readonly node: string }
  /** "machine is running and ready" in its log. */
  | { readonly type: 'talos.readyLogged'; readonly node: string }
  | { readonly type: 'talos.panicked'; readonly node: string; readonly message: string }
  | {
      readonly type: 'talos.hardwareRead';
      readonly node: string;
      readonly version?: string;
      readonly disks: readonly SeenDisk[];
      readonly serial?: string;
      readonly uuid?: string;
      readonly machine?: SeenMachine;
      /** Of the certificate that it showed in maintenance mode. */
      readonly fingerprint?: string;
    }
  /** The fingerprint of its maintenance certificate, by its own log. */
  | { readonly type: 'talos.certificateLogged'; readonly node: string; readonly fingerprint: string }
  /** Its own API was asked with a talosconfig; `problem` says why it told nothing. */
  | {
      readonly type: 'talos.checked';
      readonly node: string;
      readonly facts: Omit<SeenApi, 'at'>;
      readonly disks?: readonly SeenDisk[];
    }
  /** Talos was told to reset before a reinstall: it did and is off, or could not. `sent`: that went out, whatever came of it. */
  | {
      readonly type: 'talos.resetEnded';
      readonly node: string;
      readonly job: string;
      readonly problem?: string;
      readonly sent?: true;
    }
  /** etcd has begun, or had already; `problem` says why not. */
  | {
      readonly type: 'talos.bootstrapEnded';
      readonly node: string;
      readonly already: boolean;
      readonly problem?: string;
    }
  | {
      readonly type: 'talos.configApplied';
      readonly node: string;
      readonly configHash: string;
      /** The job whose configuration this was, for a boot that fetches none; absent: an operator's order. */
      readonly job?: string;
      readonly attempt?: number;
      readonly problem?: string;
    }
  | {
      readonly type: 'probe.opened';
      readonly node: string;
      readonly address: string;
      readonly certificate: 'maintenance' | 'cluster' | 'none';
    }
  | { readonly type: 'probe.closed'; readonly node: string };

/** What operators ask for. Only the engine makes these, after it checked who may. */
export type OperatorBody =
  | {
      readonly type: 'operator.armed';
      readonly node: string;
      readonly job: string;
      readonly kind: JobKind;
      readonly plan: Plan;
      /** For what erases: the host name as typed. */
      readonly confirmed?: string;
      readonly expiresAt: TimeMs;
      /** As the job has it; older versions did not say. */
      readonly letsEnd?: true;
      /** It is answered when its `job.stored` is on disk too. Absent in journals of older versions: when this was. */
      readonly savesFirst?: true;
      readonly wave?: string;
      readonly by: Actor;
    }
  /** `doubt`: what had gone out by then; where the journal lost the events that tell of it, this tells. */
  | {
      readonly type: 'operator.cancelled';
      readonly node: string;
      readonly doubt?: DiskDoubt;
      /** Where it waits in a wave, it is taken out of that. Older versions left it there. */
      readonly leavesWaves?: true;
      readonly by: Actor;
    }
  /** The `operator.armed` of this job is durable on disk: now its orders go out. */
  | { readonly type: 'job.stored'; readonly node: string; readonly job: string }
  /**
   * The order that armed it was answered as refused: it could not be stored, and nothing had left for it. `stands`: what says
   * that it is stored may reach the disk all the same, and the next start has to know of this.
   */
  | {
      readonly type: 'job.refused';
      readonly node: string;
      readonly job: string;
      readonly reason: string;
      readonly stands?: true;
    }
  /** What would be served to it now, against what was confirmed: why it would be sent to its disk instead, if it would be. */
  | { readonly type: 'job.compared'; readonly node: string; readonly job: string; readonly differs?: string }
  | {
      readonly type: 'operator.held';
      readonly node: string;
      readonly why: string;
      readonly doubt?: DiskDoubt;
      readonly leavesWaves?: true;
      readonly by: Actor;
    }
  | { readonly type: 'operator.released'; readonly node: string; readonly by: Actor }
  | {
      readonly type: 'operator.protected';
      readonly node: string;
      readonly why?: string;
      /** A job that was armed while the glass was broken ends too. Absent in journals of older versions: it went on. */
      readonly endsAll?: true;
      readonly doubt?: DiskDoubt;
      readonly leavesWaves?: true;
      readonly by: Actor;
    }
  | { readonly type: 'operator.unprotected'; readonly node: string; readonly by: Actor }
  | { readonly type: 'operator.retried'; readonly node: string; readonly by: Actor }
  | {
      readonly type: 'operator.poweredBy';
      readonly node: string;
      readonly action: PowerAction;
      readonly order?: string;
      readonly by: Actor;
    }
  | {
      readonly type: 'operator.locatedBy';
      readonly node: string;
      readonly on: boolean;
      readonly order?: string;
      readonly by: Actor;
    }
  | { readonly type: 'operator.inspectedBmc'; readonly node: string; readonly order?: string; readonly by: Actor }
  | {
      readonly type: 'operator.talosAsked';
      readonly node: string;
      readonly ask: 'reset' | 'reboot' | 'bootstrap' | 'check';
      /** For a bootstrap that is asked once more, through another node. */
      readonly reason?: string;
      readonly by: Actor;
    }
  | {
      readonly type: 'operator.configApplied';
      readonly node: string;
      /** Of the configuration that was on the screen: another one is not applied. */
      readonly configHash: string;
      readonly by: Actor;
    }
  | {
      readonly type: 'operator.driftIgnored';
      readonly node: string;
      readonly field: DriftField;
      readonly desired: string;
      readonly observed: string;
      readonly ignored: boolean;
      readonly by: Actor;
    };

export type SiteBody =
  | {
      readonly type: 'site.waveStarted';
      readonly wave: string;
      readonly kind: JobKind;
      readonly nodes: readonly WaveEntry[];
      readonly canary: number;
      readonly width: number;
      readonly stopAfterFailures: number;
      /** Of the jobs that it arms. */
      readonly letsEnd?: true;
      /** Told: control-plane nodes of one cluster may go at the same time. */
      readonly together?: true;
      /** For control-plane nodes without a job too. Absent in journals of older versions: it went on, and replays so. */
      readonly waitsForErased?: true;
      /** It arms nothing before it is told to be on disk. Absent in journals of older versions: it began at once. */
      readonly savesFirst?: true;
      readonly by: Actor;
    }
  | { readonly type: 'site.waveSaved'; readonly wave: string }
  /** Whoever started it was told that it is refused: it could not be stored. `stands`: as of `job.refused`. */
  | { readonly type: 'site.waveRefused'; readonly wave: string; readonly reason: string; readonly stands?: true }
  | {
      readonly type: 'site.wavePaused' | 'site.waveResumed' | 'site.waveCancelled';
      readonly wave: string;
      /** Of one that is resumed: from here on, as of one that is started. */
      readonly waitsForErased?: true;
      readonly by: Actor;
    }
  | { readonly type: 'site.panicSwitched'; readonly on: boolean; readonly by: Actor }
  | { readonly type: 'site.discoverySwitched'; readonly until?: TimeMs; readonly by: Actor }
  | { readonly type: 'site.glassBroken'; readonly reason: string; readonly until: TimeMs; readonly by: Actor }
  | { readonly type: 'site.glassMended'; readonly by: Actor }
  | {
      readonly type: 'site.fingerprintTrusted';
      readonly node: string;
      readonly fingerprint: string;
      readonly by: Actor;
    }
  | { readonly type: 'site.strangerIgnored'; readonly mac: string; readonly ignored: boolean; readonly by: Actor }
  | {
      readonly type: 'inventory.loaded';
      readonly nodes: readonly NodeSpec[];
      readonly site: string;
      readonly uplink?: UplinkSpec;
      readonly hash: string;
      readonly warnings: readonly Problem[];
      /** Who leaves by it is remembered. Absent in journals of older versions, which replay as they were. */
      readonly remembers?: true;
      /** What is known of a machine follows it where names are exchanged, and its place in a wave ends. As above. */
      readonly follows?: true;
      /** A protection that a file has got since is stronger than glass that was broken before. Absent as above. */
      readonly guards?: true;
      /** What forbids is remembered of all who left, for ever. Absent as above. */
      readonly keepsOrders?: true;
    }
  | { readonly type: 'inventory.rejected'; readonly problems: readonly Problem[] }
  | { readonly type: 'drift.found'; readonly node: string; readonly drift: readonly Drift[] }
  | {
      readonly type: 'engine.started';
      readonly version: string;
      readonly simulated: boolean;
      /** So far the clock is behind the journal, or before it. Older versions did not say, and moved nothing. */
      readonly setBackMs?: number;
      /** What was armed or opened ends so much earlier. */
      readonly endsEarlierMs?: number;
      /** For how long nobody ran: what was armed or opened has ended. */
      readonly spanUnknown?: 'rebooted' | 'unnoted' | 'journalLost';
      /** By which the next start knows. Absent in journals of older versions. */
      readonly boot?: HostBoot;
      /** Of a demo or a rehearsal. */
      readonly played?: Played;
      /** What nobody was told to be armed is ended. Older versions took it for armed. */
      readonly endsUnsaved?: true;
    }
  | { readonly type: 'store.failed'; readonly reason: string }
  | { readonly type: 'store.recovered' }
  /** All orders of now that would be lost with the program; empty when they are kept again. */
  | { readonly type: 'store.ordersUnkept'; readonly orders: readonly UnkeptOrder[] }
  | { readonly type: 'clock.ticked' }
  /** Somebody set the clock of the host. Events go on in the time before, which is so much later than that clock now. */
  | { readonly type: 'clock.stepped'; readonly byMs: number; readonly aheadMs: number }
  /** The host slept, or only this program stood still (`stopped`): so much time has passed in which nobody listened. */
  | { readonly type: 'clock.slept'; readonly forMs: number; readonly stopped?: true }
  /** To a stranger, or where the machine says more than its evidence is kept of. */
  | {
      readonly type: 'lease.granted';
      readonly mac: string;
      readonly address: string;
      readonly until: TimeMs;
      /** Older versions did not tell: there a MAC had one lease at most. */
      readonly subnet?: string;
      readonly hostName?: string;
      readonly node?: string;
    }
  | {
      readonly type: 'lease.ended';
      readonly mac: string;
      readonly address: string;
      readonly why: 'released' | 'declined' | 'expired';
    }
  | {
      readonly type: 'stranger.seen';
      readonly mac: string;
      readonly arch?: number;
      readonly vendorClass?: string;
      readonly uuid?: string;
      readonly serial?: string;
      readonly boardSerial?: string;
      readonly address?: string;
      readonly hostName?: string;
      readonly switchPort?: string;
      readonly asked: 'firmware' | 'ipxe' | 'os' | 'script';
      /** What it may boot, because discovery is on. */
      readonly offered?: string;
      /** Why it was not answered, although it might be. */
      readonly unserved?: string;
      /** As which machine of ours it names itself, while that one boots: it is another one. */
      readonly poses?: string;
      /** Or it is a NIC of that machine which nobody recorded; older versions were sure. */
      readonly unproven?: true;
    }
  /** A machine that nobody wrote down, booted into maintenance mode by the discovery switch. */
  | {
      readonly type: 'stranger.hardwareRead';
      readonly mac: string;
      readonly address: string;
      readonly version?: string;
      readonly disks: readonly SeenDisk[];
      readonly serial?: string;
      readonly uuid?: string;
      readonly machine: SeenMachine;
      readonly fingerprint?: string;
    }
  /** One that was booted for discovery and has Talos on a disk. */
  | { readonly type: 'stranger.halted'; readonly mac: string }
  | {
      readonly type: 'rival.heard';
      readonly server: string;
      readonly mac: string;
      /** Empty where nothing is known of that. */
      readonly offers: string;
      readonly bootFile?: string;
      readonly iface: string;
      /** It sent a NAK. */
      readonly refuses?: true;
      /** `server` is our own address, which another host has as well. */
      readonly isTwin?: true;
      /** It came to our server port, and not from its own address on a wire of ours: anybody can send such a one. */
      readonly isFar?: true;
      /** Not heard itself: this machine named it in its REQUEST. */
      readonly namedBy?: string;
    }
  /** Talos reported, and nobody can say which machine it is. */
  | {
      readonly type: 'reports.unassigned';
      readonly receiver: 'events' | 'kernelLog';
      readonly address: string;
      readonly count: number;
      readonly why: string;
    }
  /** Somebody else is at an address of this machine, or spoke in its name from one that is none of its own. */
  | {
      readonly type: 'address.contested';
      readonly node: string;
      readonly address: string;
      readonly how: 'inventory' | 'lease' | 'declined' | 'script' | 'refused';
      /** Who answers there, where that was seen. */
      readonly mac?: string;
      /** The machine whose MAC that is. */
      readonly usedBy?: string;
      /** It gets no other one: its network has no pool. */
      readonly isOnly?: true;
    }
  /** Nobody else is at the `ip:` of this machine any more, or was there at all. */
  | { readonly type: 'address.uncontested'; readonly node: string; readonly address: string }
  | { readonly type: 'service.changed'; readonly service: string; readonly state: ServiceState }
  | { readonly type: 'session.opened' | 'session.closed'; readonly bmc: string; readonly location: string };

export interface WaveEntry {
  readonly node: string;
  readonly job: string;
  readonly plan: Plan;
  readonly confirmed?: string;
}

export type TalosStage =
  | 'unknown'
  | 'booting'
  | 'installing'
  | 'maintenance'
  | 'running'
  | 'rebooting'
  | 'shuttingDown'
  | 'resetting'
  | 'upgrading';

export type ServiceState =
  /** `warning`: it works, and somebody or something hampers it. */
  | {
      readonly is: 'ok';
      readonly listens: string;
      readonly warning?: string;
      /** Absent in journals of older versions. */
      readonly cutOff?: readonly CutOffNet[];
    }
  /** `advice`: it is wanted, and cannot work now. Absent where nobody wants it, and in journals of older versions. */
  | { readonly is: 'off'; readonly why: string; readonly advice?: string }
  | { readonly is: 'failed'; readonly why: string; readonly advice: string };

/** A network whose machines get nothing from here, by what is wrong with this host. */
export interface CutOffNet {
  readonly subnet: string;
  readonly why: string;
  readonly since: TimeMs;
  /** So are all others that are served. */
  readonly isAll?: true;
}

/** Evidence of one machine; `told` where it rests on a report that may be told again. */
export type ReportBody = EvidenceBody & { readonly told?: Told };
export type EventBody = ReportBody | OperatorBody | SiteBody;
export type Event = EventBody & { readonly time: TimeMs };
export type EventType = EventBody['type'];
type EventMap = { readonly [B in EventBody as B['type']]: B & { readonly time: TimeMs } };
export type EventOf<T extends EventType> = EventMap[T];

export type EvidenceType = EvidenceBody['type'];
export type Evidenced = ReportBody & { readonly time: TimeMs };

/** On what a belief rests when this event caused it. */
export const EVIDENCE_FROM: { readonly [T in EvidenceType]: EvidenceClass } = {
  'bmc.overrideSet': 'bmc',
  'bmc.powerAsked': 'bmc',
  'bmc.resetDone': 'bmc',
  'bmc.powerFound': 'bmc',
  'bmc.powerRead': 'bmc',
  'bmc.orderRead': 'bmc',
  'bmc.progressRead': 'bmc',
  'bmc.logRead': 'bmc',
  'bmc.identityRead': 'bmc',
  'bmc.failed': 'bmc',
  'bmc.overrideCleared': 'bmc',
  'bmc.mediaInserted': 'bmc',
  'bmc.mediaEjected': 'bmc',
  'bmc.located': 'bmc',
  'dhcp.firmwareAsked': 'wire',
  'dhcp.firmwareTook': 'wire',
  'dhcp.ipxeAsked': 'wire',
  'dhcp.osAsked': 'wire',
  'dhcp.rivalAnswered': 'wire',
  'dhcp.addressOffered': 'wire',
  'dhcp.leftUnanswered': 'wire',
  'loader.requested': 'wire',
  'loader.progressed': 'wire',
  'loader.withheld': 'wire',
  'loader.notServed': 'wire',
  'loader.sent': 'wire',
  'loader.firstBlockLost': 'wire',
  'loader.aborted': 'wire',
  'http.bootstrapAsked': 'wire',
  'http.scriptAsked': 'wire',
  'http.answerWithheld': 'wire',
  'http.answerSent': 'wire',
  'http.scriptPutOff': 'wire',
  'http.scriptAwaited': 'wire',
  'image.requested': 'wire',
  'image.progressed': 'wire',
  'image.sent': 'wire',
  'image.aborted': 'wire',
  'http.handedOff': 'wire',
  'http.configServed': 'wire',
  'http.configCut': 'wire',
  'http.configRefused': 'wire',
  'http.requestRefused': 'wire',
  'talos.connected': 'node',
  'talos.phaseStarted': 'node',
  'talos.sequenceStarted': 'node',
  'talos.stageChanged': 'node',
  'talos.maintenanceEntered': 'node',
  'talos.halted': 'node',
  'talos.configFailed': 'node',
  'talos.failed': 'node',
  'talos.restarting': 'node',
  'talos.disconnected': 'node',
  'talos.addressed': 'node',
  'talos.installing': 'node',
  'talos.installed': 'node',
  'talos.dropped': 'node',
  'talos.kernelStarted': 'node',
  'talos.readyLogged': 'node',
  'talos.panicked': 'node',
  'talos.hardwareRead': 'node',
  'talos.certificateLogged': 'node',
  'talos.checked': 'node',
  'talos.resetEnded': 'node',
  'talos.bootstrapEnded': 'node',
  'talos.configApplied': 'node',
  'probe.opened': 'probe',
  'probe.closed': 'probe',
};

export function isEvidence(event: Event): event is Evidenced {
  return event.type in EVIDENCE_FROM;
}

import { bmcLineText, worstOf } from './bmc-log.ts';
import { progressText } from './boot-progress.ts';
import { cleanText } from './clean-text.ts';
import { refusedRequest } from './describe-refused.ts';
import { twinText } from './describe-rival.ts';
import type { Evidenced, FirmwareAsk } from './event.ts';
import { orderText } from './order-found.ts';

/** One line per piece of evidence, for the node's log and timeline. Network text is cleaned again: it costs nothing. */
export function describeEvidence(event: Evidenced): string {
  return cleanText(describe(event), 160);
}

const percent = (part: number, whole: number) => (whole > 0 ? `${Math.floor((100 * part) / whole)}%` : '');
const bytes = (count: number) => (count >= 1e6 ? `${(count / 1e6).toFixed(1)} MB` : `${Math.ceil(count / 1e3)} kB`);

const discovered = (mac: string, { arch, offered, reason }: FirmwareAsk): string =>
  `DISCOVER ${mac} arch=${arch} ${offered === undefined ? reason : `-> offer ${offered}`}`;

const sentTo = (address: string | undefined): string =>
  address === undefined ? '' : ` to ${address}, which is no address of this machine`;

function describe(event: Evidenced): string {
  switch (event.type) {
    case 'bmc.overrideSet':
      return `BMC: boot override ${event.read.target} ${event.read.enabled}, read back${event.read.replaced === undefined ? '' : `; in place of ${event.read.replaced}, which somebody had left`}`;
    case 'bmc.powerAsked':
      return `BMC: ${event.action} asked for`;
    case 'bmc.resetDone':
      return `BMC: ${event.action} done, power ${event.power}`;
    case 'bmc.powerFound':
      return `BMC: ${event.action}: it is ${event.power} already, nothing was sent`;
    case 'bmc.powerRead':
      return `BMC: power ${event.power}`;
    case 'bmc.orderRead':
      return `BMC: ${orderText(event.found, event.progress)}`;
    case 'bmc.progressRead':
      return `BMC: boot progress: ${progressText(event.progress)}`;
    case 'bmc.logRead': {
      const worst = worstOf(event.lines);
      if (worst === undefined) return 'BMC: its log is empty';
      return `BMC log, ${event.lines.length === 1 ? '1 line' : `${event.lines.length} lines`}; ${bmcLineText(worst, event.time)}`;
    }
    case 'bmc.identityRead':
      return `BMC: ${event.identity.vendor} ${event.identity.model ?? ''} serial ${event.identity.serial ?? '-'}${event.identity.leftover === undefined ? '' : `; boot override left at ${event.identity.leftover}`}`;
    case 'bmc.failed':
      return `BMC: ${event.step}: ${event.problem.message}`;
    case 'bmc.overrideCleared':
      return 'BMC: boot override cleared';
    case 'bmc.mediaInserted':
      return 'BMC: iPXE inserted as virtual medium';
    case 'bmc.mediaEjected':
      return 'BMC: virtual medium ejected';
    case 'bmc.located':
      return `BMC: locator LED ${event.on ? 'on' : 'off'}`;
    case 'dhcp.firmwareAsked':
      return discovered(event.mac, event);
    case 'dhcp.firmwareTook': {
      const took = `${event.via === 'proxy' ? 'proxy REQUEST' : 'ACK'} ${event.address} file ${event.bootFile ?? '-'}`;
      return event.asked === undefined ? took : `${discovered(event.mac, event.asked)}, ${took}`;
    }
    case 'dhcp.ipxeAsked':
      return `iPXE asks for an address ${event.address ?? ''}`;
    case 'dhcp.osAsked':
      return `a system asks for an address ${event.address ?? ''} ${event.hostName ?? ''}${event.lacks === undefined ? '' : `: ${event.lacks.why}`}`;
    case 'dhcp.rivalAnswered':
      if (event.twin !== undefined) return twinText(event);
      if (event.refused) return `another server ${event.server} refused (NAK) its address`;
      if (event.took) return `it took the answer of ${event.first ? 'the first' : 'another'} server, ${event.server}`;
      return `${event.first ? 'the first' : 'another'} server ${event.server} ${event.ack ? 'acknowledged' : 'offered'} ${event.bootFile ?? 'an address'}`;
    case 'dhcp.addressOffered':
      return `${event.server} offered it the address ${event.address}`;
    case 'dhcp.leftUnanswered':
      return `${event.why}: it got no answer`;
    case 'loader.requested':
      return `${event.by} ${event.file} ${bytes(event.totalBytes)}${event.sizeOnly === true ? ', its size alone' : ''}`;
    case 'loader.progressed':
      return `${event.file} ${percent(event.sentBytes, event.totalBytes)}`;
    case 'loader.withheld':
      return `${event.file} not given: ${event.reason}`;
    case 'loader.notServed':
      return `it asked for ${event.file}, which is not served`;
    case 'loader.firstBlockLost':
      return `${event.file}: the first block of ${event.blockBytes} bytes goes out again and again, and is not acknowledged`;
    case 'loader.sent':
      return `${event.file} sent, ${bytes(event.totalBytes)}`;
    case 'loader.aborted':
      return `${event.file} ${event.probe ? 'size probe' : `${event.askedAnew === true ? 'let go of' : 'aborted'}: ${event.reason}`}`;
    case 'http.bootstrapAsked':
      return 'it fetches /boot.ipxe';
    case 'http.scriptAsked':
      return `boot script: ${event.answer}${event.elsewhere === true ? sentTo(event.address) : ''} (${event.reason})${event.conflict === undefined ? '' : ` CONFLICT ${event.conflict}`}`;
    case 'http.answerWithheld':
      return `its ${event.what === 'script' ? 'boot script' : 'image'} was not sent: ${event.reason}`;
    case 'http.answerSent':
      return 'its boot script has left';
    case 'http.scriptPutOff':
      return `boot script: it is to ask again (${event.reason})`;
    case 'http.scriptAwaited':
      return 'boot script: it still waits';
    case 'image.requested':
      return `${event.image} ${bytes(event.totalBytes)} requested${sentTo(event.to)}`;
    case 'image.progressed':
      return `${event.image} ${percent(event.sentBytes, event.totalBytes)} ${bytes(event.bytesPerSecond)}/s`;
    case 'image.sent':
      return `${event.image} sent, ${bytes(event.totalBytes)}${sentTo(event.to)}`;
    case 'image.aborted':
      return `${event.image} broken off at ${bytes(event.sentBytes)}: ${event.reason}`;
    case 'http.handedOff':
      return 'the script is about to boot the kernel';
    case 'http.configServed':
      return `machine configuration served (${event.configHash.slice(0, 12)})`;
    case 'http.configCut':
      return `machine configuration cut off after ${event.sentBytes} bytes: ${event.reason}`;
    case 'http.configRefused':
      return `machine configuration refused: ${event.reason}`;
    case 'http.requestRefused':
      return refusedRequest(event);
    case 'talos.connected':
      return `${event.by === 'events' ? 'event sink' : 'kernel log'} connected from ${event.address}`;
    case 'talos.phaseStarted':
      return `talos phase ${event.phase}`;
    case 'talos.sequenceStarted':
      return `talos sequence ${event.sequence}`;
    case 'talos.stageChanged':
      return `talos stage ${event.stage}${event.ready ? ', ready' : ''}${event.unmet.length > 0 ? `, waits for ${event.unmet.join(', ')}` : ''}`;
    case 'talos.maintenanceEntered':
      return 'talos is in maintenance mode';
    case 'talos.halted':
      return 'talos halted: it is already installed';
    case 'talos.configFailed':
      return `talos refused the configuration: ${event.message}`;
    case 'talos.failed':
      return `talos failed: ${event.message}`;
    case 'talos.restarting':
      return `talos restarts (${event.how})`;
    case 'talos.disconnected':
      return event.lost === true ? 'event sink lost: it does not answer any more' : 'event sink closed';
    case 'talos.addressed':
      return `addresses ${event.addresses.join(', ')} ${event.hostName ?? ''}`;
    case 'talos.installing':
      return `installing ${event.disk ?? ''} ${event.percent === undefined ? '' : `${event.percent}%`} ${event.step ?? ''}`;
    case 'talos.installed':
      return `installed: ${event.text}`;
    case 'talos.dropped':
      return `${event.count} ${event.by === 'events' ? 'events' : 'lines of its kernel log'} came too fast and were passed over`;
    case 'talos.kernelStarted':
      return 'its kernel log begins anew: another kernel runs';
    case 'talos.readyLogged':
      return 'its log says that it is running and ready';
    case 'talos.panicked':
      return `PANIC ${event.message}`;
    case 'talos.hardwareRead':
      return `hardware read: ${event.disks.length} disks${event.version === undefined ? '' : `, Talos ${event.version}`}`;
    case 'talos.certificateLogged':
      return `its log tells the certificate of its maintenance mode: ${event.fingerprint}`;
    case 'talos.checked':
      return event.facts.problem === undefined
        ? `its API told: Talos ${event.facts.version ?? '-'}, ${event.facts.services.length} services`
        : `its API told nothing: ${event.facts.problem}`;
    case 'talos.resetEnded':
      return event.problem === undefined ? 'talos reset itself' : `talos did not reset itself: ${event.problem}`;
    case 'talos.bootstrapEnded':
      return event.problem === undefined
        ? `etcd ${event.already ? 'was bootstrapped before' : 'is bootstrapped'}`
        : `etcd was not bootstrapped: ${event.problem}`;
    case 'talos.configApplied':
      return event.problem === undefined
        ? `machine configuration applied (${event.configHash.slice(0, 12)})`
        : `machine configuration not applied: ${event.problem}`;
    case 'probe.opened':
      return `port 50000 answers (${event.certificate})`;
    case 'probe.closed':
      return 'port 50000 does not answer any more';
  }
}

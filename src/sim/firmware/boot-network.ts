import type { DhcpMessage } from '../../protocols/dhcp/dhcp-message.ts';
import type { BootEnd, SimHost } from '../machine/sim-host.ts';
import type { SimRun } from '../run/sim-run.ts';
import { askBootServer, BOOT_SERVER_PORT } from '../wire/ask-boot-server.ts';
import { createHttpClient } from '../wire/fetch-http.ts';
import { type Fetched, fetchTftp } from '../wire/fetch-tftp.ts';
import { bootFileOf, bootServerOf, type Lease, obtainLease } from '../wire/obtain-lease.ts';
import { type FirmwareKind, firmwareOptions } from './firmware-kinds.ts';
import { readLoaderMark } from './loader-mark.ts';
import { runIpxe } from './run-ipxe.ts';
import { readUkiMark } from './uki-mark.ts';

/** ExitBootServices, decompression, the kernel's own start. */
const HAND_OVER_MS = [1_500, 3_500] as const;

/** One pass of the network boot entry: address, loader, and whatever the loader then does. */
export async function bootNetwork(run: SimRun, host: SimHost, kind: FirmwareKind): Promise<BootEnd> {
  if (kind.isIpxe) return runIpxe(run, host, kind, undefined);
  host.step('dhcp');
  host.note(`${kind.byHttp ? 'HTTP' : 'PXE'} boot, ${kind.vendorClass}`);
  const lease = await obtainLease(run, {
    net: host.net(),
    circuit: host.spec.circuit,
    mac: host.spec.macs[0],
    random: host.random,
    broadcast: kind.broadcast,
    options: firmwareOptions(kind, host.spec.macs[0], host.uuid()),
    ...patienceOf(run, host, kind),
    settleMs: () => kind.settleMs,
    takes: (offer) => takesOffer(host, kind, offer),
    joins: (offer) => offer.options.vendorClass === classOf(kind) && takesOffer(host, kind, offer),
  });
  if (lease === undefined) return { is: 'next', why: 'no usable offer' };
  host.leased(lease);
  host.note(`address ${lease.address}, boot file ${lease.bootFile} from ${lease.nextServer}`);
  const booted = lease.proxy === undefined ? lease : await askProxy(run, host, kind, { ...lease, proxy: lease.proxy });
  if (booted === undefined) return { is: 'next', why: 'no answer on port 4011' };
  return bootFrom(run, host, kind, booted);
}

/** Real milliseconds: the engine calls an offer ignored after 40 s, and firmware that is scaled would be gone by then. */
const IGNORES_FOR_MS = 50_000;
const IGNORES_EVERY_MS = 2_000;

function patienceOf({ clock }: SimRun, host: SimHost, { discoverAtMs, giveUpMs }: FirmwareKind) {
  const forMs = IGNORES_FOR_MS * clock.speed;
  if (host.faults().offerIgnored !== true || forMs <= giveUpMs) return { discoverAtMs, giveUpMs };
  const count = IGNORES_FOR_MS / IGNORES_EVERY_MS;
  const more = Array.from({ length: count }, (_, i) => (i + 1) * IGNORES_EVERY_MS * clock.speed);
  return { discoverAtMs: [...discoverAtMs, ...more.filter((at) => at > Math.max(...discoverAtMs))], giveUpMs: forMs };
}

const classOf = (kind: FirmwareKind): string => (kind.byHttp ? 'HTTPClient' : 'PXEClient');

/** Discovery control of PXE 2.1, bit 3: take the file of the offer and ask no boot server. */
const saysUseFile = ({ options }: DhcpMessage): boolean =>
  options.vendorInfo?.some(({ code, data }) => code === 6 && ((data[0] ?? 0) & 8) !== 0) === true;

/**
 * Seen in the lab: UEFI over TFTP comes to port 4011 whatever the offer holds, UEFI HTTP boot never does. ROMs do unless
 * discovery control tells them not to.
 */
async function askProxy(
  run: SimRun,
  host: SimHost,
  kind: FirmwareKind,
  lease: Lease & { readonly proxy: DhcpMessage },
): Promise<Lease | undefined> {
  if (kind.byHttp || (kind.mode === 'bios' && saysUseFile(lease.proxy))) return lease;
  const ack = await askBootServer(run, {
    from: lease.address,
    // UEFI asks from the port that it asks; of a ROM's 68 a program without rights may have another.
    fromPort: kind.mode === 'uefi' ? BOOT_SERVER_PORT : 0,
    server: { address: bootServerOf(lease.proxy), port: host.ports().proxy ?? BOOT_SERVER_PORT },
    mac: host.spec.macs[0],
    xid: host.random.whole(1, 0xffff_fffe),
    options: firmwareOptions(kind, host.spec.macs[0], host.uuid()),
  });
  if (ack === undefined) return undefined;
  host.note(`boot server ${bootServerOf(ack)} on port 4011: ${bootFileOf(ack)}`);
  return { ...lease, bootFile: bootFileOf(ack), nextServer: bootServerOf(ack) };
}

async function bootFrom(run: SimRun, host: SimHost, kind: FirmwareKind, lease: Lease): Promise<BootEnd> {
  host.step('loader');
  const loader = kind.byHttp ? await loadByHttp(run, host, lease) : await loadByTftp(run, host, kind, lease);
  if (loader === undefined) return { is: 'next', why: 'no loader' };
  return startLoader(run, host, kind, lease, loader);
}

/** Seen in the lab: without a boot file, and for HTTP boot without class and URL, an offer is passed over in silence. */
function takesOffer(host: SimHost, kind: FirmwareKind, offer: DhcpMessage): boolean {
  const file = bootFileOf(offer);
  if (file === '') return false;
  // From a proxy the class is there in every variant, and the file of the first one in its field alone.
  const isProxy = offer.yiaddr === 0;
  const isFirstVariant = kind.byHttp
    ? offer.file === '' && !(offer.wire.get(67)?.includes(0) ?? false)
    : offer.options.vendorInfo === undefined &&
      offer.wire.has(67) !== isProxy &&
      (isProxy || offer.options.vendorClass === undefined);
  if (host.faults().offerIgnored === true && isFirstVariant) return false;
  return !kind.byHttp || (offer.options.vendorClass === 'HTTPClient' && /^http:\/\//.test(file));
}

async function loadByTftp(run: SimRun, host: SimHost, kind: FirmwareKind, lease: Lease): Promise<Fetched | undefined> {
  const { tftpLoss } = host.faults();
  const ask = {
    from: lease.address,
    server: { address: lease.nextServer, port: host.ports().tftp },
    file: lease.bootFile,
    ...(tftpLoss === undefined ? {} : { loss: { share: tftpLoss, random: host.random.fork('tftp') } }),
  };
  let totalBytes = 0;
  if (kind.probesSize) {
    const options = [{ name: 'tsize', value: '0' }, ...kind.tftpOptions];
    const probe = await fetchTftp(run, { ...ask, options, probe: true });
    if (!probe.ok) return failed(host, probe.error);
    totalBytes = probe.value.sizeBytes;
  }
  const stalls = host.spend('tftpStalls');
  const loader = await fetchTftp(run, {
    ...ask,
    options: kind.tftpOptions,
    ...(stalls ? { stallAt: 0.4, totalBytes } : {}),
  });
  return loader.ok ? loader.value : failed(host, loader.error);
}

async function loadByHttp(run: SimRun, host: SimHost, lease: Lease): Promise<Fetched | undefined> {
  const http = createHttpClient(run, lease.address, 'UefiHttpBoot/1.0');
  const head = await http.fetch({ url: lease.bootFile, method: 'HEAD' });
  if (!head.ok || head.value.status !== 200) {
    http.close();
    return failed(host, head.ok ? `HTTP ${head.value.status}` : head.error);
  }
  const loader = await http.fetch({ url: lease.bootFile, bytesPerSecond: host.bytesPerSecond() });
  http.close();
  if (!loader.ok) return failed(host, loader.error);
  return loader.value.status === 200 ? loader.value : failed(host, `HTTP ${loader.value.status}`);
}

function failed(host: SimHost, why: string): undefined {
  host.note(`loader: ${why}`);
  return undefined;
}

async function startLoader(
  run: SimRun,
  host: SimHost,
  kind: FirmwareKind,
  lease: Lease,
  loader: Fetched,
): Promise<BootEnd> {
  const uki = readUkiMark(loader.body);
  if (uki !== undefined && kind.mode === 'uefi' && uki.cpu === kind.cpu) {
    host.note(`starting ${lease.bootFile}, a signed UKI of ${loader.sizeBytes} bytes`);
    await run.sleep(host.random.between(HAND_OVER_MS[0], HAND_OVER_MS[1]));
    return { is: 'linux', args: uki.args, sizeBytes: loader.sizeBytes };
  }
  if (host.faults().secureBoot === true) {
    host.note(`Access Denied: ${lease.bootFile} is not signed by an enrolled key`);
    return { is: 'next', why: 'Secure Boot violation' };
  }
  const mark = readLoaderMark(loader.body);
  const isEfi = mark === undefined ? loader.body.toString('latin1', 0, 2) === 'MZ' : mark.mode === 'uefi';
  const isWrongCpu = mark !== undefined && kind.mode === 'uefi' && mark.cpu !== kind.cpu;
  if (isEfi !== (kind.mode === 'uefi') || isWrongCpu) {
    host.note(`the loader ${lease.bootFile} does not run here`);
    return { is: 'next', why: 'unsupported loader' };
  }
  host.note(`starting ${lease.bootFile}, ${loader.sizeBytes} bytes`);
  if (host.spend('ipxeHangs')) return { is: 'stopped', why: 'iPXE initialising devices...' };
  return runIpxe(run, host, kind, lease);
}

import { cleanText } from '../core/clean-text.ts';
import type { EventBody } from '../core/event.ts';
import type { Beside, Lack, NotAtIp } from '../core/phase.ts';
import type { Firmware } from '../core/spec.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import type { DhcpAsk } from './dhcp-ask.ts';
import { type BootClient, type BootOffer, firmwareOf } from './dhcp-boot.ts';
import { posingOf } from './identity.ts';

/** Made key by key: nearly every packet makes one or two, and an object put together from parts takes ten times as long. */
type Writing<T extends EventBody['type']> = Mutable<Extract<EventBody, { readonly type: T }>>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What a request proves, as events. Only machines of the inventory give evidence; all others are noted as strangers. */

export function hostNameOf({ message }: DhcpAsk): string | undefined {
  if (message.options.hostName === undefined) return undefined;
  const name = cleanText(message.options.hostName, 63);
  return name === '' ? undefined : name;
}

/** What became of its request: an address, something to boot, or why neither. */
type Given = { readonly address?: number; readonly offered?: string; readonly unserved?: string };

export function strangerSeen(ask: DhcpAsk, { address, offered, unserved }: Given = {}): EventBody {
  const { message, client, switchPort, key } = ask;
  const arch = client.kind === 'os' ? undefined : client.archCodes[0];
  const vendorClass = cleanText(message.options.vendorClass ?? '', 80);
  const hostName = hostNameOf(ask);
  const uuid = message.options.machineId?.uuid;
  return {
    type: 'stranger.seen',
    mac: key,
    ...(arch === undefined ? {} : { arch }),
    ...(vendorClass === '' ? {} : { vendorClass }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(address === undefined ? {} : { address: renderIpv4(address) }),
    ...(hostName === undefined ? {} : { hostName }),
    ...(switchPort === undefined ? {} : { switchPort }),
    asked: client.kind === 'os' ? 'os' : client.kind === 'ipxe' ? 'ipxe' : 'firmware',
    ...(offered === undefined ? {} : { offered }),
    ...(unserved === undefined ? {} : { unserved }),
    ...posingOf(ask.identity),
  };
}

/** Firmware, iPXE or a system, with its NIC. */
export function askerOf({ client, key }: Pick<DhcpAsk, 'client' | 'key'>): string {
  switch (client.kind) {
    case 'os':
      return `system ${key}`;
    case 'ipxe':
      return `iPXE ${key}`;
    default:
      return `firmware ${key} arch=${client.archCodes[0] ?? '-'}`;
  }
}

const lackIn = (boot: BootOffer | undefined): Lack | undefined =>
  boot !== undefined && 'lacks' in boot && boot.lacks !== undefined
    ? { of: boot.lacks, why: cleanText(boot.reason, 300) }
    : undefined;

function givenTo(boot: BootOffer | undefined, lacks: Lack | undefined): Given {
  if (lacks?.of === 'address') return { unserved: lacks.why };
  return boot?.is === 'file' ? { offered: boot.offered } : {};
}

/** Somebody asks: firmware, iPXE or a system. `boot` is what it is offered, if anything is. */
export function asked(ask: DhcpAsk, boot: BootOffer | undefined, lacks = lackIn(boot)): EventBody {
  const { node, key, client, message } = ask;
  if (node === undefined) return strangerSeen(ask, givenTo(boot, lacks));
  if (client.kind === 'os') {
    const hostName = hostNameOf(ask);
    const event: Writing<'dhcp.osAsked'> = { type: 'dhcp.osAsked', node, mac: key };
    if (hostName !== undefined) event.hostName = hostName;
    if (lacks !== undefined) event.lacks = lacks;
    return event;
  }
  if (client.kind === 'ipxe') {
    const event: Writing<'dhcp.ipxeAsked'> = { type: 'dhcp.ipxeAsked', node, mac: key, xid: message.xid };
    if (boot?.is === 'file') event.offered = boot.offered;
    if (lacks !== undefined) event.lacks = lacks;
    if (ask.net.spec.dhcp === 'proxy') event.beside = besideOf(ask);
    return event;
  }
  const event: Writing<'dhcp.firmwareAsked'> = {
    type: 'dhcp.firmwareAsked',
    node,
    mac: key,
    arch: client.arch?.code ?? client.archCodes[0] ?? 0,
    firmware: firmwareOfClient(client),
    xid: message.xid,
    secs: message.secs,
    reason: lacks?.why ?? cleanText(boot?.reason ?? '', 300),
  };
  if (lacks !== undefined) event.lacks = lacks;
  if (ask.net.spec.dhcp === 'proxy') event.beside = besideOf(ask);
  const uuid = message.options.machineId?.uuid;
  if (uuid !== undefined) event.uuid = uuid;
  if (boot?.is === 'file') {
    event.offered = boot.offered;
    event.variant = boot.variant;
  }
  if (boot?.is === 'none' && boot.unsure !== undefined) event.unsure = cleanText(boot.unsure, 300);
  if (ask.identity.is === 'conflict') event.conflict = cleanText(ask.identity.why, 300);
  return event;
}

interface Taken {
  readonly until: number;
  readonly notAtIp: NotAtIp | undefined;
}

/** Somebody has its address now: from us until the lease ends, or (proxy) from another server. */
export function took(
  ask: DhcpAsk,
  address: number,
  boot: BootOffer | undefined,
  via: 'dhcp' | 'proxy' | 'port4011',
  lease?: Taken,
): EventBody {
  const { node, key, client, message } = ask;
  const text = renderIpv4(address);
  if (node === undefined) return strangerSeen(ask, { ...givenTo(boot, undefined), address });
  const event: Taking =
    client.kind === 'os'
      ? { type: 'dhcp.osAsked', node, mac: key, address: text }
      : client.kind === 'ipxe'
        ? { type: 'dhcp.ipxeAsked', node, mac: key, address: text, xid: message.xid }
        : {
            type: 'dhcp.firmwareTook',
            node,
            mac: key,
            address: text,
            firmware: firmwareOfClient(client),
            via: via === 'dhcp' ? 'dhcp' : 'proxy',
          };
  if (event.type === 'dhcp.firmwareTook' && boot?.is === 'file') event.bootFile = boot.offered;
  if (event.type === 'dhcp.firmwareTook' && via === 'port4011') event.port4011 = true;
  // A ROM may go by the file of the offer, and UEFI HTTP boot does.
  if (event.type === 'dhcp.firmwareTook' && via === 'proxy' && event.firmware === 'uefi') event.port4011 = false;
  const lacks = lackIn(boot);
  if (event.type !== 'dhcp.osAsked' && lacks !== undefined) event.lacks = lacks;
  const hostName = lease === undefined && client.kind !== 'os' ? undefined : hostNameOf(ask);
  if (hostName !== undefined) event.hostName = hostName;
  if (lease !== undefined) {
    event.leasedUntil = lease.until;
    event.subnet = ask.net.spec.subnet;
    if (lease.notAtIp !== undefined) event.notAtIp = lease.notAtIp;
  }
  return event;
}

/** A server broadcasts its answer where it is asked to; otherwise, and through a relay, it may go by unheard. */
const besideOf = ({ message, net }: DhcpAsk): Beside =>
  message.broadcast && message.giaddr === 0 && net.spec.interface !== undefined ? 'heard' : 'unheard';

type Taking = Writing<'dhcp.osAsked'> | Writing<'dhcp.ipxeAsked'> | Writing<'dhcp.firmwareTook'>;

const firmwareOfClient = (client: BootClient): Firmware =>
  client.kind === 'httpBoot' ? 'http' : firmwareOf(client.arch);

export function leaseGranted(ask: DhcpAsk, address: number, until: number, node: string | undefined): EventBody {
  const hostName = hostNameOf(ask);
  const event: Writing<'lease.granted'> = {
    type: 'lease.granted',
    mac: ask.key,
    address: renderIpv4(address),
    until,
    subnet: ask.net.spec.subnet,
  };
  if (node !== undefined) event.node = node;
  if (hostName !== undefined) event.hostName = hostName;
  return event;
}

import { cleanText } from '../core/clean-text.ts';
import type { EventBody } from '../core/event.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import type { DhcpAsk } from './dhcp-ask.ts';
import { type BootOffer, firmwareOf } from './dhcp-boot.ts';

/** What a request proves, as events. Only machines of the inventory give evidence; all others are noted as strangers. */

export function hostNameOf({ message }: DhcpAsk): string | undefined {
  const name = cleanText(message.options.hostName ?? '', 63);
  return name === '' ? undefined : name;
}

export function strangerSeen(ask: DhcpAsk, address?: number): EventBody {
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
  };
}

/** Somebody asks: firmware, iPXE or a system. `boot` is what it is offered, if that was decided. */
export function asked(ask: DhcpAsk, boot: BootOffer | undefined): EventBody {
  const { node, key, client, message } = ask;
  if (node === undefined) return strangerSeen(ask);
  if (client.kind === 'os') {
    const hostName = hostNameOf(ask);
    return { type: 'dhcp.osAsked', node, mac: key, ...(hostName === undefined ? {} : { hostName }) };
  }
  if (client.kind === 'ipxe') return { type: 'dhcp.ipxeAsked', node, mac: key, xid: message.xid };
  const uuid = message.options.machineId?.uuid;
  const conflict = ask.identity.is === 'conflict' ? { conflict: cleanText(ask.identity.why, 300) } : {};
  return {
    type: 'dhcp.firmwareAsked',
    node,
    mac: key,
    arch: client.arch?.code ?? client.archCodes[0] ?? 0,
    firmware: client.kind === 'httpBoot' ? 'http' : firmwareOf(client.arch),
    xid: message.xid,
    secs: message.secs,
    ...(uuid === undefined ? {} : { uuid }),
    ...(boot?.is === 'file' ? { offered: boot.offered } : {}),
    variant: boot?.variant ?? 0,
    reason: cleanText(boot?.reason ?? '', 300),
    ...conflict,
  };
}

/** Somebody has its address now, from us or (proxy) from another server. */
export function took(ask: DhcpAsk, address: number, boot: BootOffer | undefined, via: 'dhcp' | 'proxy'): EventBody {
  const { node, key, client, message } = ask;
  const text = renderIpv4(address);
  if (node === undefined) return strangerSeen(ask, address);
  if (client.kind === 'os') {
    const hostName = hostNameOf(ask);
    return { type: 'dhcp.osAsked', node, mac: key, address: text, ...(hostName === undefined ? {} : { hostName }) };
  }
  if (client.kind === 'ipxe') return { type: 'dhcp.ipxeAsked', node, mac: key, address: text, xid: message.xid };
  return {
    type: 'dhcp.firmwareTook',
    node,
    mac: key,
    address: text,
    firmware: client.kind === 'httpBoot' ? 'http' : firmwareOf(client.arch),
    ...(boot?.is === 'file' ? { bootFile: boot.offered } : {}),
    via,
  };
}

export function leaseGranted(ask: DhcpAsk, address: number, until: number): EventBody {
  const { node, key } = ask;
  const hostName = hostNameOf(ask);
  return {
    type: 'lease.granted',
    mac: key,
    address: renderIpv4(address),
    until,
    ...(hostName === undefined ? {} : { hostName }),
    ...(node === undefined ? {} : { node }),
  };
}

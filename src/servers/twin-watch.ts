import { parseIpv4, renderIpv4 } from '../protocols/ipv4.ts';
import { indexOf } from './interface-socket.ts';
import { interfacesHere } from './interfaces-here.ts';
import type { Libc } from './libc.ts';
import { macOf, ownMacs } from './own-macs.ts';
import { createPacketInbox, ETH_P_ARP, ETH_P_IP, macText, openPacketEar, type PacketEar } from './packet-ear.ts';
import { arpOfTwins, dhcpOfTwins } from './twin-filter.ts';

/** Another host on this wire has one of our own addresses. */
export interface Twin {
  readonly iface: string;
  readonly address: string;
  readonly mac: string;
}

/** A DHCP message that it sent from there. */
export type TakeTwin = (payload: Buffer, twin: Twin) => void;

export interface TwinWatchParts {
  readonly libc: Libc;
  readonly ifaces: readonly string[];
  readonly own: () => Iterable<string>;
  /** There are others than before. */
  readonly onTwins?: () => void;
  readonly onDhcp?: TakeTwin;
  /** What twins answer is heard from the beginning on, and not only once one is known. */
  readonly isEager?: boolean;
}

export interface TwinWatch {
  readonly twins: () => readonly Twin[];
  /** False: nothing can be heard (CAP_NET_RAW). */
  readonly hears: () => boolean;
  readonly stop: () => void;
}

const TICK_MS = 500;
/** A question to everybody; where it begins, and while somebody was seen once, more often. */
const ASK_MS = 3_000;
const ASK_SOON_MS = 1_000;
const SOON_FOR_MS = 3_000;
/** An address that moves from one host to another is at both for a moment. */
const SURE_MS = 800;
/** Four questions without an answer. */
const GONE_MS = 14_000;
/** Of one interface: who forges them has as many as he likes. */
const MOST_KEPT = 16;
export const MOST_TWINS_SHOWN = 3;
/** InfiniBand has longer ones. */
const MAC_CHARS = 17;
const ETHERNET_IPV4 = Buffer.from('0001080006040001', 'hex');
const ARP = { sizeBytes: 28, senderMac: 8, senderAddress: 14, targetAddress: 24 } as const;

interface Sighting extends Twin {
  readonly firstAt: number;
  lastAt: number;
}

interface Place {
  readonly index: number;
  readonly arp: PacketEar;
  dhcp: PacketEar | undefined;
  key: string;
}

/**
 * The kernel throws away what comes from outside with an address of ours as its sender, so another host at that address is
 * seen by no socket but those of packets. It is asked for by ARP (RFC 5227: a probe changes nobody's table), and costs
 * nothing otherwise: only ARP is listened to, and what it answers by DHCP once one is known.
 */
export function watchTwins(parts: TwinWatchParts): TwinWatch {
  const { libc, ifaces, own, onTwins, onDhcp, isEager } = parts;
  const inbox = createPacketInbox(libc);
  const places = new Map<string, Place>();
  const seen = new Map<string, Sighting>();
  const beganAt = performance.now();
  let askedAt = Number.NEGATIVE_INFINITY;
  let macs = ownMacs();
  /** Read again once in a tick at most: it costs a file for each interface. */
  let macsNow: ReadonlySet<string> | undefined;
  let told = '';

  const addressesOn = (iface: string): readonly number[] => {
    const here = interfacesHere()?.[iface] ?? [];
    return [...own()].flatMap((text) => {
      const parsed = parseIpv4(text);
      return parsed.ok && here.some((one) => one.address === text) ? [parsed.value] : [];
    });
  };
  const twins = (): readonly Sighting[] => [...seen.values()].filter((one) => one.lastAt - one.firstAt >= SURE_MS);

  const leave = (iface: string): void => {
    const place = places.get(iface);
    place?.arp.close();
    place?.dhcp?.close();
    places.delete(iface);
  };

  /** Where it is, and which of our addresses it has now, may be another thing each time. */
  const place = (iface: string, addresses: readonly number[]): Place | undefined => {
    const index = indexOf(iface);
    const known = places.get(iface);
    const key = [...addresses, ...macs].join();
    if (index !== undefined && known?.index === index) {
      if (known.key !== key) {
        known.arp.filter(arpOfTwins(addresses, macs));
        known.dhcp?.filter(dhcpOfTwins(addresses, macs));
        known.key = key;
      }
      return known;
    }
    leave(iface);
    if (index === undefined || addresses.length === 0) return undefined;
    const arp = openPacketEar(libc, index, ETH_P_ARP, arpOfTwins(addresses, macs), inbox);
    if (arp === undefined) return undefined;
    const made: Place = { index, arp, dhcp: undefined, key };
    places.set(iface, made);
    return made;
  };

  const ask = (now: number): void => {
    askedAt = now;
    macs = ownMacs();
    for (const iface of ifaces) {
      const addresses = addressesOn(iface);
      const mac = macOf(iface);
      const here = place(iface, addresses);
      if (here === undefined || mac?.length !== MAC_CHARS) continue;
      for (const address of addresses) here.arp.send(probeOf(mac, address));
      // One that it has no longer is nobody's twin here.
      for (const [name, one] of seen)
        if (one.iface === iface && addresses.every((address) => renderIpv4(address) !== one.address)) seen.delete(name);
    }
  };

  const meet = (iface: string, bytes: Buffer, now: number): void => {
    if (bytes.length < ARP.sizeBytes) return;
    const mac = macText(bytes, ARP.senderMac);
    const address = renderIpv4(bytes.readUInt32BE(ARP.senderAddress));
    // An interface may be a new one.
    macsNow ??= ownMacs();
    if (macs.has(mac) || macsNow.has(mac)) return;
    const name = `${iface} ${address} ${mac}`;
    const known = seen.get(name);
    if (known !== undefined) known.lastAt = now;
    else meetNew(name, { iface, address, mac, firstAt: now, lastAt: now });
  };

  /** Where many claim an address, each once: that somebody does is sure all the same. */
  const meetNew = (name: string, one: Sighting): void => {
    const here = [...seen].filter(([, { iface }]) => iface === one.iface);
    if (here.length < MOST_KEPT) {
      seen.set(name, one);
      return;
    }
    const unsure = here.find(
      ([, { address, firstAt, lastAt }]) => address === one.address && lastAt - firstAt < SURE_MS,
    );
    if (unsure === undefined) return;
    const [other, { firstAt }] = unsure;
    seen.delete(other);
    seen.set(name, { ...one, firstAt });
  };

  const listen = (iface: string, here: Place, now: number): void => {
    here.arp.read((bytes) => meet(iface, bytes, now));
    const isWanted = isEager === true || twins().some((one) => one.iface === iface);
    if (isWanted && here.dhcp === undefined && onDhcp !== undefined)
      here.dhcp = openPacketEar(libc, here.index, ETH_P_IP, dhcpOfTwins(addressesOn(iface), macs), inbox);
    if (!isWanted) {
      here.dhcp?.close();
      here.dhcp = undefined;
    }
    here.dhcp?.read((bytes, mac) => {
      const payload = udpPayload(bytes);
      if (payload !== undefined && !macs.has(mac))
        onDhcp?.(payload, { iface, mac, address: renderIpv4(bytes.readUInt32BE(12)) });
    });
  };

  const tick = (): void => {
    const now = performance.now();
    macsNow = undefined;
    for (const [iface, here] of places) listen(iface, here, now);
    for (const [name, one] of seen) if (now - one.lastAt > GONE_MS) seen.delete(name);
    const isUnsure = now - beganAt < SOON_FOR_MS || seen.size > twins().length;
    if (now - askedAt >= (isUnsure ? ASK_SOON_MS : ASK_MS)) ask(now);
    const text = shownTwins(twins(), twinText).join();
    if (text === told) return;
    told = text;
    onTwins?.();
  };

  ask(beganAt);
  const ticking = setInterval(tick, TICK_MS);
  return {
    twins,
    hears: () => places.size > 0,
    stop: () => {
      clearInterval(ticking);
      for (const iface of [...places.keys()]) leave(iface);
    },
  };
}

/** What is wrong, without what to do. */
export const twinText = ({ iface, address, mac }: Twin): string =>
  `another host, ${mac} on ${iface}, has our own address ${address}`;

export const TWIN_ADVICE =
  'find it by that MAC (the switch names its port) and take the address away from it, or give this host another one';

const on = <T extends Twin>(iface: string, twins: readonly T[]): readonly T[] =>
  twins.filter((one) => one.iface === iface);

/** How many there are on an interface beside those that are shown; undefined: none. */
export function moreTwins(iface: string, twins: readonly Twin[]): string | undefined {
  const count = on(iface, twins).length;
  const more = count - MOST_TWINS_SHOWN;
  if (more <= 0) return undefined;
  const hosts = more === 1 ? `1 more host on ${iface} has` : `${more} more hosts on ${iface} have`;
  return `${count < MOST_KEPT ? '' : 'at least '}${hosts} an address of ours as well`;
}

/** Of each interface the first few. */
export const shownTwins = (twins: readonly Twin[], write: (twin: Twin) => string): readonly string[] =>
  [...new Set(twins.map(({ iface }) => iface))].flatMap((iface) => [
    ...on(iface, twins).slice(0, MOST_TWINS_SHOWN).map(write),
    ...[moreTwins(iface, twins) ?? []].flat(),
  ]);

function probeOf(mac: string, address: number): Buffer {
  const bytes = Buffer.alloc(ARP.sizeBytes);
  ETHERNET_IPV4.copy(bytes);
  Buffer.from(mac.replaceAll(':', ''), 'hex').copy(bytes, ARP.senderMac);
  bytes.writeUInt32BE(address, ARP.targetAddress);
  return bytes;
}

/** Undefined: no whole datagram. */
function udpPayload(packet: Buffer): Buffer | undefined {
  const at = ((packet[0] ?? 0) & 0x0f) * 4;
  const UDP_HEADER = 8;
  if (packet.length < at + UDP_HEADER || (packet.readUInt16BE(6) & 0x3fff) !== 0) return undefined;
  const size = packet.readUInt16BE(at + 4);
  return size < UDP_HEADER ? undefined : packet.subarray(at + UDP_HEADER, at + size);
}

import { readdirSync, readFileSync } from 'node:fs';
import { decodePcap, type PcapFrame } from '../../src/protocols/pcap.ts';
import { decodeUdpFrame, type UdpPacket } from '../../src/protocols/udp-frame.ts';

/** Real firmware on the wire (SeaBIOS, OVMF, AAVMF, iPXE 2019 and 2025), with dnsmasq and a proxyDHCP answering. */

const folder = new URL('fixtures/', import.meta.url);

export const captureNames: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith('.pcap'))
  .map((name) => name.slice(0, -5))
  .sort();

export function readFrames(name: string): readonly PcapFrame[] {
  const file = decodePcap(readFileSync(new URL(`${name}.pcap`, folder)));
  if (!file.ok) throw new Error(file.error);
  return file.value.frames;
}

export interface SeenPacket extends UdpPacket {
  readonly timeMs: number;
}

export function readUdp(name: string): readonly SeenPacket[] {
  return readFrames(name).flatMap(({ timeMs, frame }) => {
    const packet = decodeUdpFrame(frame);
    return packet === undefined ? [] : [{ ...packet, timeMs }];
  });
}

const DHCP_PORTS = new Set([67, 68, 4011]);

export const isDhcp = (packet: UdpPacket): boolean =>
  DHCP_PORTS.has(packet.source.port) && DHCP_PORTS.has(packet.destination.port);

export function readDhcp(name: string): readonly SeenPacket[] {
  return readUdp(name).filter(isDhcp);
}

/** What is left of UDP in these captures, but for mDNS-like noise, is TFTP. */
export function readTftp(name: string): readonly SeenPacket[] {
  return readUdp(name).filter((packet) => !isDhcp(packet));
}

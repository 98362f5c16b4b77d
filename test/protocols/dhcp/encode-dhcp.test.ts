import { describe, expect, test } from 'vitest';
import { decodeDhcp } from '../../../src/protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage, DhcpOptions, DhcpPacket } from '../../../src/protocols/dhcp/dhcp-message.ts';
import { DHCP_BUFFER_BYTES, encodeDhcp, encodeDhcpInto } from '../../../src/protocols/dhcp/encode-dhcp.ts';
import { createMachineId } from '../../../src/protocols/dhcp/structured-codecs.ts';
import { reply } from './dhcp-bytes.ts';

function decoded(bytes: Uint8Array): DhcpMessage {
  const result = decodeDhcp(bytes);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const codes = (packet: DhcpPacket) => [...decoded(encodeDhcp(packet)).wire.keys()];
const withOptions = (options: DhcpOptions, more: Partial<DhcpPacket> = {}): DhcpPacket => ({
  ...reply,
  ...more,
  options: { ...reply.options, ...options },
});

const everything: DhcpOptions = {
  messageType: 'ack',
  serverId: 0x0a000001,
  leaseSeconds: 600,
  renewSeconds: 300,
  rebindSeconds: 525,
  subnetMask: 0xffffff00,
  routers: [0x0a000001, 0x0a000002],
  dnsServers: [0x09090909],
  broadcastAddress: 0x0a0000ff,
  requestedAddress: 0x0a000007,
  vendorClass: 'PXEClient',
  bootFile: 'http://10.0.0.1/boot.ipxe',
  tftpServerName: '10.0.0.1',
  vendorInfo: [{ code: 6, data: Buffer.of(8) }],
  ipxe: [{ code: 176, data: Buffer.of(1) }],
  machineId: createMachineId('56d96de7-4f69-5b62-98b5-82a7fec58d7a'),
  clientId: Buffer.of(1, 2, 3),
  hostName: 'r07-u28',
  domainName: 'rack.lan',
  domainSearch: ['a.rack.lan', 'lan'],
  staticRoutes: [{ network: 0x0a010200, prefix: 23, gateway: 0x0a000001 }],
  ntpServers: [0x0a000009],
  mtu: 9000,
  timeOffset: -3600,
  rootPath: '/',
  tftpServers: [0x0a000001],
  configFile: 'c',
  pathPrefix: 'p/',
  rebootSeconds: 30,
  pxelinuxMagic: 0xf100747e,
  message: 'hello',
  maxMessageSize: 1472,
  requestedCodes: Buffer.of(1, 3, 6),
  userClass: ['iPXE'],
  arch: [7, 9],
  undi: { type: 1, major: 3, minor: 16 },
  rapidCommit: true,
  clientFqdn: Buffer.of(0, 0, 0, 97),
  subnetSelection: 0x0a010000,
  vendorIdentifyingClass: Buffer.of(0, 0, 1, 55, 1, 65),
  vendorIdentifyingInfo: Buffer.of(0, 0, 1, 55, 0),
  relayInfo: { raw: Buffer.of(1, 1, 65), circuitId: Buffer.of(65) },
};

describe('encodeDhcp', () => {
  test('every option comes back as it was', () => {
    const message = decoded(encodeDhcp({ ...reply, maxSizeBytes: 1472, options: everything }));
    expect(message.options).toEqual(everything);
    expect(message.problems).toEqual([]);
  });

  test('53, 54 and 51 lead and 82 closes, whatever the client asked for first', () => {
    const packet = withOptions(
      {
        leaseSeconds: 600,
        subnetMask: 0xffffff00,
        dnsServers: [1],
        routers: [1],
        relayInfo: { raw: Buffer.of(1, 1, 65) },
        hostName: 'a',
      },
      { extra: [{ code: 203, data: Buffer.of(1) }] },
    );
    expect(codes(packet)).toEqual([53, 54, 51, 1, 3, 6, 12, 203, 82]);
    expect(codes({ ...packet, order: Uint8Array.of(12, 6, 82, 6, 51, 250, 1, 53) })).toEqual([
      53, 54, 51, 12, 6, 1, 3, 203, 82,
    ]);
  });

  test('the order of the client holds for an ACK without a lease (INFORM)', () => {
    expect(codes(withOptions({ routers: [1], subnetMask: 2 }, { order: Uint8Array.of(3, 1) }))).toEqual([53, 54, 3, 1]);
  });

  test('a short reply is padded to 300 bytes (RFC 1542 2.1)', () => {
    const bytes = encodeDhcp(reply);
    expect(bytes.length).toBe(300);
    expect(bytes[240 + 3 + 6]).toBe(255);
    expect(bytes.subarray(250).every((byte) => byte === 0)).toBe(true);
  });

  test('a used buffer leaks nothing into the next message', () => {
    const buffer = Buffer.alloc(DHCP_BUFFER_BYTES);
    encodeDhcpInto(
      buffer,
      withOptions(everything, { maxSizeBytes: 1472, sname: 'x'.repeat(63), file: 'y'.repeat(127) }),
    );
    const size = encodeDhcpInto(buffer, reply);
    expect(buffer.subarray(0, size)).toEqual(encodeDhcp(reply));
  });

  test.each([
    ['none given', undefined, 548],
    ['too small', 100, 548],
    ['576', 576, 548],
    ['iPXE, 1472', 1472, 1444],
    ['OVMF, 65280', 65280, 1444],
  ])('the size the client takes is clamped to 576..1472: %s', (_name, maxSizeBytes, expected) => {
    const extra = Array.from({ length: 120 }, (_, i) => ({ code: 130 + (i % 5), data: Buffer.alloc(16, i) }));
    const size = encodeDhcp({
      ...reply,
      extra,
      file: 'f',
      sname: 's',
      ...(maxSizeBytes === undefined ? {} : { maxSizeBytes }),
    }).length;
    expect(size).toBeLessThanOrEqual(expected);
    expect(size).toBeGreaterThan(expected - 24);
  });

  test('what is longer than 255 bytes is split and comes back whole', () => {
    const bootFile = `http://10.0.0.1/${'a'.repeat(600)}`;
    const bytes = encodeDhcp(withOptions({ bootFile }, { maxSizeBytes: 1472 }));
    expect(decoded(bytes).options.bootFile).toBe(bootFile);
    const exact = 'b'.repeat(255);
    expect(decoded(encodeDhcp(withOptions({ bootFile: exact }))).options.bootFile).toBe(exact);
  });

  test('what does not fit moves into file and sname, and the least important is dropped by name', () => {
    const dropped: number[] = [];
    const buffer = Buffer.alloc(DHCP_BUFFER_BYTES);
    const packet = withOptions({
      bootFile: 'b'.repeat(200),
      hostName: 'h'.repeat(100),
      domainName: 'd'.repeat(60),
      rootPath: 'r'.repeat(50),
      pathPrefix: 'p'.repeat(90),
      message: 'm'.repeat(20),
      relayInfo: { raw: Buffer.of(1, 1, 65) },
    });
    const message = decoded(buffer.subarray(0, encodeDhcpInto(buffer, packet, dropped)));
    expect(message.wire.get(52)).toEqual(Buffer.of(3));
    expect(message.options).toEqual({
      ...packet.options,
      pathPrefix: undefined,
      relayInfo: { raw: Buffer.of(1, 1, 65), circuitId: Buffer.of(65) },
    });
    expect(dropped).toEqual([210]);
    expect([...message.wire.keys()].indexOf(82)).toBeLessThan([...message.wire.keys()].indexOf(12));
  });

  test('a boot file in `file` is never overwritten by options', () => {
    const packet = withOptions(
      { bootFile: 'b'.repeat(200), hostName: 'h'.repeat(60), domainName: 'd'.repeat(50) },
      { file: 'undionly.kpxe' },
    );
    const message = decoded(encodeDhcp(packet));
    expect(message.file).toBe('undionly.kpxe');
    expect(message.wire.get(52)).toEqual(Buffer.of(2));
    expect(message.options.domainName).toBe('d'.repeat(50));
  });

  test('a full reply still has room for the echo of option 82', () => {
    const relayInfo = { raw: Buffer.from([1, 58, ...Buffer.alloc(58, 65)]) };
    const extra = Array.from({ length: 60 }, (_, i) => ({ code: 130 + i, data: Buffer.alloc(4) }));
    const bytes = encodeDhcp({ ...withOptions({ relayInfo }), extra });
    const message = decoded(bytes);
    expect(bytes.length).toBeLessThanOrEqual(548);
    expect(message.options.relayInfo?.raw).toEqual(relayInfo.raw);
    expect(bytes.subarray(-61, -1)).toEqual(relayInfo.raw);
    expect(message.problems).toEqual([]);
  });

  test('an echo of 60,000 bytes does not break the buffer', () => {
    const dropped: number[] = [];
    const buffer = Buffer.alloc(DHCP_BUFFER_BYTES);
    const packet = withOptions({ clientId: Buffer.alloc(60_000, 1), relayInfo: { raw: Buffer.alloc(60_000, 2) } });
    expect(encodeDhcpInto(buffer, packet, dropped)).toBe(300);
    expect(dropped).toEqual([82, 61]);
  });

  test('long names are cut so that they end with a NUL', () => {
    const message = decoded(encodeDhcp({ ...reply, sname: 's'.repeat(99), file: 'f'.repeat(199) }));
    expect([message.sname.length, message.file.length]).toEqual([63, 127]);
    expect(message.options.messageType).toBe('offer');
  });
});

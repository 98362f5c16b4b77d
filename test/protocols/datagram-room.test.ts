import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDatagramRoom, DATAGRAM_HEAD_BYTES } from '../../src/protocols/datagram-room.ts';
import { decodeUdpFrame, encodeUdpFrame, type UdpEndpoint } from '../../src/protocols/udp-frame.ts';

/** What a frame socket sends, read by what reads captures; the kernel puts the Ethernet head before it. */

const ETHERNET = Buffer.from('ffffffffffff0200000000010800', 'hex');
const MOST = 1472;
const IP_BYTES = 20;
const SERVER: UdpEndpoint = { address: 0x0a090001, port: 67 };
const ALL: UdpEndpoint = { address: 0xffffffff, port: 68 };

/** To shrink a failure takes minutes where payloads are long, and the seed says it all. */
const AT_ONCE = { endOnFailure: true };

type Room = ReturnType<typeof createDatagramRoom>;

/** RFC 1071, as it says it: 16-bit words in the order of the wire, one's complement sum. */
function onesSum(bytes: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    sum += at % 2 === 0 ? (bytes[at] ?? 0) * 256 : (bytes[at] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

/** With the checksum in it, the sum of what it covers is all ones. */
function sumsOf(packet: Buffer): { readonly ip: number; readonly udp: number } {
  const udp = packet.subarray(IP_BYTES);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(udp.length);
  const pseudo = Buffer.concat([packet.subarray(12, 20), Buffer.of(0, 17), size]);
  return { ip: onesSum(packet.subarray(0, IP_BYTES)), udp: onesSum(Buffer.concat([pseudo, udp])) };
}

const packetOf = (room: Room, payload: Uint8Array, offset = 0, size = payload.length): Buffer =>
  Buffer.from(room.bytes.subarray(0, room.write(payload, offset, size)));

/** All but the number of the packet, and the checksum that it is in. */
const withoutId = (packet: Buffer): Buffer => {
  const copy = Buffer.from(packet);
  copy.fill(0, 4, 6);
  copy.fill(0, 10, 12);
  return copy;
};

function expectWhole(packet: Buffer, source: UdpEndpoint, destination: UdpEndpoint, payload: Uint8Array): void {
  const frame = Buffer.concat([ETHERNET, packet]);
  const read = decodeUdpFrame(frame);
  expect(read?.source).toMatchObject({ address: source.address, port: source.port });
  expect(read?.destination).toMatchObject({ address: destination.address, port: destination.port });
  expect(Buffer.from(read?.payload ?? []).equals(payload)).toBe(true);
  expect(packet.readUInt16BE(2)).toBe(packet.length);
  expect(packet.length).toBe(DATAGRAM_HEAD_BYTES + payload.length);
  expect(sumsOf(packet)).toEqual({ ip: 0xffff, udp: 0xffff });
  const model = encodeUdpFrame({ source, destination, payload }).subarray(ETHERNET.length);
  expect(withoutId(packet).equals(withoutId(model))).toBe(true);
}

const word = fc.integer({ min: 0, max: 0xffff });
const end = fc.record({ address: fc.integer({ min: 0, max: 0xffffffff }), port: word });
const payloads = fc.uint8Array({ minLength: 0, maxLength: MOST, size: 'max' });

test('whatever is sent from wherever to wherever, it is read as it was, with both checksums', () => {
  fc.assert(
    fc.property(end, end, payloads, (from, to, payload) => {
      expectWhole(packetOf(createDatagramRoom(from, to, MOST), payload), from, to, payload);
    }),
    { numRuns: 200, ...AT_ONCE },
  );
});

test('of replies one after the other in the same room none has anything of the one before', () => {
  fc.assert(
    fc.property(fc.array(payloads, { minLength: 2, maxLength: 6 }), (replies) => {
      const room = createDatagramRoom(SERVER, ALL, MOST);
      for (const payload of replies) expectWhole(packetOf(room, payload), SERVER, ALL, payload);
    }),
    { numRuns: 100, ...AT_ONCE },
  );
});

test('a shorter reply after a longer one, of every size about it, even and odd', () => {
  const room = createDatagramRoom(SERVER, ALL, MOST);
  for (const size of [MOST, MOST - 1, 301, 300, 299, 3, 2, 1, 0, 1, MOST - 1, MOST]) {
    const payload = Buffer.alloc(size, 0xa5);
    expectWhole(packetOf(room, payload), SERVER, ALL, payload);
  }
});

test('a reply is a piece of a larger buffer', () => {
  const piece = fc.tuple(payloads, fc.nat(), fc.nat()).map(([bytes, from, count]) => {
    const offset = bytes.length === 0 ? 0 : from % bytes.length;
    return { bytes, offset, size: bytes.length === offset ? 0 : count % (bytes.length - offset + 1) };
  });
  fc.assert(
    fc.property(piece, ({ bytes, offset, size }) => {
      const packet = packetOf(createDatagramRoom(SERVER, ALL, MOST), bytes, offset, size);
      expectWhole(packet, SERVER, ALL, bytes.slice(offset, offset + size));
    }),
    { numRuns: 200, ...AT_ONCE },
  );
});

test('a checksum that comes out as 0 is written as ffff: 0 would say that there is none', () => {
  fc.assert(
    fc.property(end, end, fc.uint8Array({ minLength: 2, maxLength: 64 }), (from, to, bytes) => {
      const payload = Buffer.from(bytes);
      payload.writeUInt16BE(0, 0);
      const room = createDatagramRoom(from, to, MOST);
      const before = packetOf(room, payload).readUInt16BE(26);
      // The word takes up what the others lack to all ones.
      payload.writeUInt16BE(before, 0);
      const packet = packetOf(room, payload);
      expect(packet.readUInt16BE(26)).toBe(0xffff);
      expectWhole(packet, from, to, payload);
    }),
    { numRuns: 100, ...AT_ONCE },
  );
});

test('70,000 packets of one room have numbers that come round, and good heads all the time', () => {
  const room = createDatagramRoom(SERVER, ALL, 4);
  const ids = new Set<number>();
  let bad = 0;
  for (let count = 0; count < 70_000; count += 1) {
    const packet = Buffer.from(room.bytes.buffer, room.bytes.byteOffset, room.write(Buffer.of(1, 2, 3), 0, 3));
    ids.add(packet.readUInt16BE(4));
    if (onesSum(packet.subarray(0, IP_BYTES)) !== 0xffff) bad += 1;
  }
  expect(bad).toBe(0);
  expect(ids.size).toBe(0x1_0000);
});

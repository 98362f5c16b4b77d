import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decodeArp, encodeArp } from '../../src/protocols/arp.ts';
import { computeChecksum } from '../../src/protocols/internet-checksum.ts';
import { parseIpv4, renderIpv4 } from '../../src/protocols/ipv4.ts';
import { decodePcap } from '../../src/protocols/pcap.ts';
import { type CapturedPacket, encodePcapng, encodePcapngHead, encodePcapngPacket } from '../../src/protocols/pcapng.ts';
import { decodeUdpFrame, encodeUdpFrame } from '../../src/protocols/udp-frame.ts';
import { captureNames, readFrames, readUdp } from './captures.ts';
import { hasTshark } from './has-tshark.ts';
import { ALL_NODES, computeLinkLocal, encodeRouterAdvertisement } from './router-advertisement.ts';
import { feedNoise } from './seeded-noise.ts';

const tshark = hasTshark();
if (!tshark) process.stderr.write('pcapng: tshark is not installed, so no other program reads our captures here\n');

function readByTshark(bytes: Buffer, fields: readonly string[]): readonly string[][] {
  const folder = mkdtempSync(join(tmpdir(), 'pcapng-'));
  try {
    writeFileSync(join(folder, 'a.pcapng'), bytes);
    const checks = ['-o', 'ip.check_checksum:TRUE', '-o', 'udp.check_checksum:TRUE'];
    const wanted = fields.flatMap((field) => ['-e', field]);
    const out = execFileSync('tshark', ['-n', '-r', join(folder, 'a.pcapng'), ...checks, '-T', 'fields', ...wanted], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return out
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const packets: readonly CapturedPacket[] = captureNames.flatMap((name) =>
  readUdp(name).map((packet, i) => ({ ...packet, comment: `${name} ${i}: offered r07-u28 → ipxe.efi` })),
);

describe('pcapng', () => {
  test('tshark is there where it must be', () => {
    expect(tshark || process.env.CI === undefined).toBe(true);
  });

  test.skipIf(!tshark)('tshark reads addresses, times, comments and good checksums', () => {
    const fields = [
      'frame.comment',
      'frame.time_epoch',
      'eth.src',
      'ip.src',
      'udp.srcport',
      'ip.dst',
      'udp.dstport',
      'ip.checksum.status',
      'udp.checksum.status',
      '_ws.malformed',
    ];
    const rows = readByTshark(encodePcapng('eth0', packets), fields);
    expect(rows).toHaveLength(packets.length);
    rows.forEach((row, i) => {
      const { comment, timeMs, source, destination } = packets[i] ?? fail();
      expect(row.slice(0, 1)).toEqual([comment]);
      expect(Number(row[1]) * 1000).toBeCloseTo(timeMs, 2);
      expect(row.slice(2)).toEqual([
        source.mac,
        renderIpv4(source.address),
        String(source.port),
        renderIpv4(destination.address),
        String(destination.port),
        '1',
        '1',
        ...row.slice(9),
      ]);
      expect(row[9] ?? '').toBe('');
    });
  });

  test.skipIf(!tshark)('tshark reads odd sizes, no comment, no MAC, and a comment that paints', () => {
    const end = { address: 0x0a000001, port: 67 };
    const odd = [0, 1, 2, 3, 4, 65_535].map((size) => ({
      timeMs: 1_700_000_000_000,
      source: end,
      destination: { address: 0xffffffff, port: 9999 },
      payload: Buffer.alloc(size, 255),
      ...(size === 3 ? { comment: '\u001b[31mred\nline' } : {}),
    }));
    const rows = readByTshark(encodePcapng('eth0\0', odd), [
      'udp.length',
      'frame.comment',
      'eth.dst',
      'udp.checksum.status',
    ]);
    expect(rows).toEqual([
      ['8', '', 'ff:ff:ff:ff:ff:ff', '1'],
      ['9', '', 'ff:ff:ff:ff:ff:ff', '1'],
      ['10', '', 'ff:ff:ff:ff:ff:ff', '1'],
      ['11', 'red line', 'ff:ff:ff:ff:ff:ff', '1'],
      ['12', '', 'ff:ff:ff:ff:ff:ff', '1'],
      ['65515', '', 'ff:ff:ff:ff:ff:ff', '1'],
    ]);
  });

  test('a file can be written packet by packet', () => {
    const few = packets.slice(0, 3);
    const parts = [encodePcapngHead('eth0'), ...few.map(encodePcapngPacket)];
    expect(Buffer.concat(parts)).toEqual(encodePcapng('eth0', few));
    expect(parts.every((part) => part.length % 4 === 0)).toBe(true);
  });
});

function fail(): never {
  throw new Error('more rows than packets');
}

describe('frames', () => {
  test('what was built is read back', () => {
    for (const { source, destination, payload } of packets) {
      expect(decodeUdpFrame(encodeUdpFrame({ source, destination, payload }))).toEqual({
        source,
        destination,
        payload,
      });
    }
  });

  test('a checksum that comes out as 0 is written as ffff, since 0 says that there is none', () => {
    const source = { address: 0x0a000001, port: 67 };
    const destination = { address: 0x0a000002, port: 68 };
    const payload = encodeUdpFrame({ source, destination, payload: Buffer.alloc(2) }).subarray(40, 42);
    expect(encodeUdpFrame({ source, destination, payload }).readUInt16BE(40)).toBe(0xffff);
  });

  test('a VLAN tag is stepped over', () => {
    const { source, destination, payload } = packets[0] ?? fail();
    const frame = encodeUdpFrame({ source, destination, payload });
    const tagged = Buffer.concat([frame.subarray(0, 12), Buffer.of(0x81, 0, 0, 7), frame.subarray(12)]);
    expect(decodeUdpFrame(tagged)).toEqual({ source, destination, payload });
  });

  test('a fragment and what is cut off are no packets', () => {
    const frame = encodeUdpFrame(packets[0] ?? fail());
    expect(decodeUdpFrame(frame.subarray(0, -1))).toBeUndefined();
    frame.writeUInt16BE(100, 20);
    expect(decodeUdpFrame(frame)).toBeUndefined();
  });

  test('200,000 damaged frames', () => {
    feedNoise(
      packets.slice(0, 40).map((packet) => encodeUdpFrame(packet)),
      200_000,
      14,
      (bytes) => {
        decodeUdpFrame(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
      },
    );
  });
});

describe('decodePcap', () => {
  const head = (magic: string) => Buffer.concat([Buffer.from(magic, 'hex'), Buffer.alloc(20)]);

  test.each([
    ['nothing', Buffer.alloc(0), '0 bytes are no capture'],
    ['pcapng', head('0a0d0d0a'), 'no pcap file: the first four bytes are none of its magic numbers'],
  ])('%s is refused', (_name, bytes, error) => {
    expect(decodePcap(bytes)).toEqual({ ok: false, error });
  });

  test.each([
    ['big-endian nanoseconds', 'a1b23c4d', '00000001000f42400000000100000001ff', 1001],
    ['little-endian microseconds', 'd4c3b2a1', '01000000e80300000100000001000000ff', 1001],
  ])('%s', (_name, magic, record, timeMs) => {
    const file = decodePcap(Buffer.concat([head(magic), Buffer.from(record, 'hex')]));
    expect(file).toMatchObject({ ok: true, value: { frames: [{ timeMs, frame: Buffer.of(255) }], cutOff: false } });
  });

  test('a capture that was killed keeps what is whole', () => {
    const bytes = Buffer.concat([
      head('d4c3b2a1'),
      Buffer.from('01000000e80300000100000001000000ff', 'hex'),
      Buffer.alloc(9),
    ]);
    expect(decodePcap(bytes)).toMatchObject({ ok: true, value: { frames: { length: 1 }, cutOff: true } });
  });
});

describe('ARP', () => {
  test('every ARP of the captures reads and writes the same bytes', () => {
    const seen = captureNames.flatMap(readFrames).filter(({ frame }) => frame.readUInt16BE(12) === 0x0806);
    expect(seen.length).toBeGreaterThan(20);
    for (const { frame } of seen) {
      const message = decodeArp(frame.subarray(14));
      if (!message.ok) throw new Error(message.error);
      expect(encodeArp(message.value)).toEqual(frame.subarray(14, 42));
    }
  });

  test.each([
    ['27 bytes', Buffer.alloc(27), '27 bytes are too few for ARP, which has 28'],
    ['zeros', Buffer.alloc(28), 'no ARP between Ethernet and IPv4'],
    [
      'operation 3',
      Buffer.concat([Buffer.from('0001080006040003', 'hex'), Buffer.alloc(20)]),
      '3 is neither a request (1) nor a reply (2)',
    ],
  ])('%s are refused', (_name, bytes, error) => {
    expect(decodeArp(bytes)).toEqual({ ok: false, error });
  });
});

describe('router advertisement', () => {
  const source = computeLinkLocal('52:54:00:1a:bd:03');

  test('the link-local address is that of the machine in the captures', () => {
    expect(source.toString('hex')).toBe('fe80000000000000505400fffe1abd03');
  });

  test.each([
    ['an announcement', { lifetimeSeconds: 0 }, 24],
    [
      'with everything',
      { lifetimeSeconds: 1800, mtu: 1500, prefix: { bytes: source, length: 64, validSeconds: 600 } },
      64,
    ],
  ])('%s has a right checksum and sizes', (_name, more, size) => {
    const message = encodeRouterAdvertisement({ mac: '52:54:00:1a:bd:03', ...more }, source);
    expect(message.length).toBe(size);
    expect(message.readUInt16BE(6)).toBe(more.lifetimeSeconds);
    expect(message[5]).toBe(0);
    // A sum over what holds its own checksum is zero.
    expect(computeChecksum(source, ALL_NODES, Buffer.of(0, 0, 0, size, 0, 0, 0, 58), message)).toBe(0);
  });

  test('dnsmasq writes the same kind of message in the captures', () => {
    const seen = captureNames
      .flatMap(readFrames)
      .filter(({ frame }) => frame.readUInt16BE(12) === 0x86dd && frame[54] === 134);
    for (const { frame } of seen) {
      const sum = computeChecksum(
        frame.subarray(22, 54),
        Buffer.of(0, 0, 0, frame.length - 54, 0, 0, 0, 58),
        frame.subarray(54),
      );
      expect(sum).toBe(0);
    }
    expect(seen.length).toBeGreaterThan(0);
  });
});

describe('IPv4 addresses', () => {
  test.each(['0.0.0.0', '10.77.189.1', '255.255.255.255'])('%s', (text) => {
    const address = parseIpv4(text);
    expect(address.ok && renderIpv4(address.value)).toBe(text);
  });

  test.each(['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '010.1.1.1', '1.2.3.-4', ' 1.2.3.4', '1.2.3.4/24', '0x1.2.3.4'])(
    '%j is refused',
    (text) => {
      expect(parseIpv4(text).ok).toBe(false);
    },
  );
});

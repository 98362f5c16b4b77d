import { describe, expect, test } from 'vitest';
import { swapUuid } from '../../../src/core/identity.ts';
import { decodeDhcp } from '../../../src/protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage, DhcpOptions } from '../../../src/protocols/dhcp/dhcp-message.ts';
import { createMachineId } from '../../../src/protocols/dhcp/structured-codecs.ts';
import { ascii, COOKIE, header, packet, type Tlv, tlvs } from './dhcp-bytes.ts';

function decoded(bytes: Uint8Array): DhcpMessage {
  const result = decodeDhcp(bytes);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const b = (...bytes: number[]) => Buffer.from(bytes);
const uuidBytes = [...Buffer.from('e76dd956694f625b98b582a7fec58d7a', 'hex')];

const good: readonly [string, Tlv, keyof DhcpOptions, unknown][] = [
  ['1 is the subnet mask', [1, 255, 255, 255, 0], 'subnetMask', 0xffffff00],
  ['2 is signed: west of Greenwich', [2, 0xff, 0xff, 0xf1, 0xf0], 'timeOffset', -3600],
  ['3 lists routers', [3, 10, 0, 0, 1, 10, 0, 0, 2], 'routers', [0x0a000001, 0x0a000002]],
  ['6 lists name servers', [6, 9, 9, 9, 9], 'dnsServers', [0x09090909]],
  ['12 is the host name', [12, ...ascii('r07-u28')], 'hostName', 'r07-u28'],
  ['15 is the domain', [15, ...ascii('rack.lan')], 'domainName', 'rack.lan'],
  ['17 is the root path', [17, ...ascii('iscsi:x')], 'rootPath', 'iscsi:x'],
  ['26 is the MTU', [26, 0x23, 0x28], 'mtu', 9000],
  ['28 is the broadcast address', [28, 10, 0, 0, 255], 'broadcastAddress', 0x0a0000ff],
  ['42 lists time servers', [42, 10, 0, 0, 9], 'ntpServers', [0x0a000009]],
  ['43 holds sub-options up to its own END', [43, 6, 1, 8, 255, 9], 'vendorInfo', [{ code: 6, data: b(8) }]],
  ['50 is the wanted address', [50, 10, 0, 0, 7], 'requestedAddress', 0x0a000007],
  ['51 is unsigned: for ever', [51, 255, 255, 255, 255], 'leaseSeconds', 0xffffffff],
  ['53 is the type', [53, 8], 'messageType', 'inform'],
  ['54 is the server', [54, 10, 0, 0, 1], 'serverId', 0x0a000001],
  ['55 keeps the 0 that OVMF sends in it', [55, 60, 0, 67, 97], 'requestedCodes', b(60, 0, 67, 97)],
  ['56 is text', [56, ...ascii('no')], 'message', 'no'],
  ['57 is the 65280 of OVMF', [57, 0xff, 0x00], 'maxMessageSize', 65280],
  ['58 is T1', [58, 0, 0, 1, 44], 'renewSeconds', 300],
  ['59 is T2', [59, 0, 0, 2, 13], 'rebindSeconds', 525],
  ['60 is the class', [60, ...ascii('PXEClient')], 'vendorClass', 'PXEClient'],
  ['61 is the client', [61, 1, 2, 3], 'clientId', b(1, 2, 3)],
  ['66 is the TFTP server', [66, ...ascii('10.0.0.1')], 'tftpServerName', '10.0.0.1'],
  ['67 loses the NUL of dnsmasq', [67, ...ascii('ipxe.efi\0')], 'bootFile', 'ipxe.efi'],
  ['77 is raw text from iPXE', [77, ...ascii('iPXE')], 'userClass', ['iPXE']],
  [
    '77 is a list where it is one (RFC 3004)',
    [77, 4, ...ascii('iPXE'), 2, ...ascii('ab')],
    'userClass',
    ['iPXE', 'ab'],
  ],
  ['77 with a length of 0 inside is text', [77, 1, 65, 0], 'userClass', ['\u0001A\0']],
  ['80 is empty', [80], 'rapidCommit', true],
  ['81 is kept', [81, 1, 0, 0, 97], 'clientFqdn', b(1, 0, 0, 97)],
  ['93 is a list', [93, 0, 7, 0, 9], 'arch', [7, 9]],
  ['94 is type, major, minor', [94, 1, 3, 16], 'undi', { type: 1, major: 3, minor: 16 }],
  [
    '97 is swapped into the spelling of Redfish',
    [97, 0, ...uuidBytes],
    'machineId',
    { raw: b(0, ...uuidBytes), uuid: '56d96de7-4f69-5b62-98b5-82a7fec58d7a' },
  ],
  [
    '97 of all ones is no identity, yet can be echoed',
    [97, 0, ...new Array<number>(16).fill(255)],
    'machineId',
    { raw: b(0, ...new Array<number>(16).fill(255)) },
  ],
  ['118 is a subnet', [118, 10, 1, 0, 0], 'subnetSelection', 0x0a010000],
  [
    '119 unfolds pointers',
    [119, 3, ...ascii('eng'), 5, ...ascii('apple'), 3, ...ascii('com'), 0, 9, ...ascii('marketing'), 0xc0, 4],
    'domainSearch',
    ['eng.apple.com', 'marketing.apple.com'],
  ],
  [
    '121 has only the bytes of the network that matter',
    [121, 24, 10, 1, 2, 10, 0, 0, 1, 0, 10, 0, 0, 254],
    'staticRoutes',
    [
      { network: 0x0a010200, prefix: 24, gateway: 0x0a000001 },
      { network: 0, prefix: 0, gateway: 0x0a0000fe },
    ],
  ],
  ['124 is kept', [124, 0, 0, 1, 55, 1, 65], 'vendorIdentifyingClass', b(0, 0, 1, 55, 1, 65)],
  ['125 is kept', [125, 0, 0, 1, 55, 0], 'vendorIdentifyingInfo', b(0, 0, 1, 55, 0)],
  ['150 lists TFTP servers', [150, 10, 0, 0, 1], 'tftpServers', [0x0a000001]],
  ['175 holds the features of iPXE', [175, 19, 1, 1], 'ipxe', [{ code: 19, data: b(1) }]],
  ['208 is a number', [208, 0xf1, 0, 0x74, 0x7e], 'pxelinuxMagic', 0xf100747e],
  ['209 is text', [209, ...ascii('a.cfg')], 'configFile', 'a.cfg'],
  ['210 is text', [210, ...ascii('/x/')], 'pathPrefix', '/x/'],
  ['211 is seconds', [211, 0, 0, 0, 30], 'rebootSeconds', 30],
];

describe('an option with a meaning', () => {
  test.each(good)('%s', (_name, option, key, expected) => {
    const message = decoded(packet([option]));
    expect(message.options[key]).toEqual(expected);
    expect(message.problems).toEqual([]);
    expect(message.extra).toEqual([]);
  });

  test('97 is swapped as the core swaps', () => {
    const raw = b(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);
    const uuid = swapUuid('01020304-0506-0708-090a-0b0c0d0e0f10');
    expect(decoded(packet([[97, ...raw]])).options.machineId).toEqual({ raw, uuid });
    expect(createMachineId(uuid)).toEqual({ raw, uuid });
  });

  test('82 tells the port, the subnet and the server, and is kept byte for byte', () => {
    const sub = [1, 3, ...ascii('ge1'), 2, 2, 0xab, 0xcd, 5, 4, 10, 1, 0, 0, 11, 4, 10, 1, 0, 1, 6, 1, 83, 151, 1, 0];
    expect(decoded(packet([[82, ...sub]])).options.relayInfo).toEqual({
      raw: b(...sub),
      circuitId: b(...ascii('ge1')),
      remoteId: b(0xab, 0xcd),
      subscriberId: b(83),
      linkSelection: 0x0a010000,
      serverIdOverride: 0x0a010001,
    });
  });

  test('without a name is kept as it is', () => {
    const message = decoded(packet([[203, 1, 2]]));
    expect(message.extra).toEqual([{ code: 203, data: b(1, 2) }]);
    expect(message.wire.get(203)).toEqual(b(1, 2));
  });
});

const broken: readonly [string, Tlv, keyof DhcpOptions, string][] = [
  ['53 of no byte', [53], 'messageType', 'has 0 bytes, needs 1'],
  ['53 of two bytes', [53, 1, 1], 'messageType', 'has 2 bytes, needs 1'],
  ['53 of value 0', [53, 0], 'messageType', '0 is not a message type'],
  ['53 of value 9', [53, 9], 'messageType', '9 is not a message type'],
  ['54 of five bytes', [54, 1, 2, 3, 4, 5], 'serverId', 'has 5 bytes, needs 4'],
  ['3 of six bytes', [3, 1, 2, 3, 4, 5, 6], 'routers', 'has 6 bytes, which is no list of IPv4 addresses'],
  ['12 of nothing but NULs', [12, 0, 0], 'hostName', 'is empty'],
  ['93 of one byte', [93, 7], 'arch', 'has 1 bytes, which is no list of 16-bit numbers'],
  ['97 of sixteen bytes', [97, ...uuidBytes], 'machineId', 'has 16 bytes, needs 17'],
  ['97 of another type', [97, 7, ...uuidBytes], 'machineId', 'has type 7, and only 0 (a UUID) is defined'],
  ['61 of one byte', [61, 1], 'clientId', 'has 1 bytes, needs at least 2'],
  ['43 that is no list', [43, 6, 9, 8], 'vendorInfo', 'is no list of sub-options: the last one runs past the end'],
  ['175 that is no list', [175, 19], 'ipxe', 'is no list of sub-options: the last one runs past the end'],
  ['119 with a pointer to itself', [119, 0xc0, 0], 'domainSearch', 'a pointer does not go backwards'],
  ['119 with a pointer forwards', [119, 0xc0, 2, 0], 'domainSearch', 'a pointer does not go backwards'],
  ['119 without its end', [119, 3, 97, 98], 'domainSearch', 'a label runs past the end'],
  ['119 with a reserved label', [119, 0x40, 0], 'domainSearch', 'a label starts with the reserved byte 64'],
  ['121 with prefix 33', [121, 33, 1, 1, 1, 1, 1, 1, 1, 1, 1], 'staticRoutes', 'a route has prefix length 33'],
  ['121 cut off', [121, 24, 10, 1], 'staticRoutes', 'the last route runs past the end'],
  ['80 with a byte', [80, 1], 'rapidCommit', 'has 1 bytes, needs 0'],
];

describe('a broken option counts as absent, is named, and spares the rest', () => {
  test.each(broken)('%s', (_name, option, key, reason) => {
    const message = decoded(
      packet([[12, ...ascii('left')], option, [15, ...ascii('right')]].slice(option[0] === 12 ? 1 : 0) as Tlv[]),
    );
    expect(message.options[key]).toBeUndefined();
    expect(message.problems).toEqual([{ code: option[0], reason }]);
    expect(message.options.domainName).toBe('right');
  });

  test('82 that is broken inside is still there for the echo', () => {
    const message = decoded(packet([[82, 5, 3, 1, 2, 3, 1, 9]]));
    expect(message.options.relayInfo).toEqual({ raw: b(5, 3, 1, 2, 3, 1, 9) });
    expect(message.problems).toEqual([
      { code: 82, reason: 'sub-option 5 has 3 bytes, needs 4' },
      { code: 82, reason: 'the last sub-option runs past the end' },
    ]);
  });

  test('an option that runs past the end of the packet', () => {
    const bytes = Uint8Array.from([...header(), ...COOKIE, 53, 1, 1, 12, 200, 65]);
    const message = decoded(bytes);
    expect(message.options).toEqual({ messageType: 'discover' });
    expect(message.problems).toEqual([{ code: 12, reason: 'runs past the end of the options' }]);
  });
});

describe('the shape of the options', () => {
  test('pads anywhere and no END', () => {
    const bytes = Uint8Array.from([...header(), ...COOKIE, 0, 53, 1, 1, 0, 0, 12, 1, 65, 0]);
    expect(decoded(bytes).options).toEqual({ messageType: 'discover', hostName: 'A' });
  });

  test('what follows END is not read', () => {
    const bytes = Uint8Array.from([...header(), ...COOKIE, 53, 1, 1, 255, 12, 1, 65]);
    expect(decoded(bytes).options).toEqual({ messageType: 'discover' });
  });

  test('parts are joined (RFC 3396)', () => {
    const message = decoded(
      packet([
        [55, 1, 3],
        [53, 1],
        [55, 6],
        [43, 6, 1],
        [55, 15],
        [43, 8],
      ]),
    );
    expect(message.options.requestedCodes).toEqual(b(1, 3, 6, 15));
    expect(message.options.vendorInfo).toEqual([{ code: 6, data: b(8) }]);
    expect([...message.wire.keys()]).toEqual([55, 53, 43]);
  });

  test('the same type sent twice counts once, two types count as none', () => {
    const twice = decoded(
      packet([
        [53, 1],
        [53, 1],
      ]),
    );
    expect(twice.options.messageType).toBe('discover');
    expect(twice.problems).toEqual([{ code: 53, reason: 'was sent 2 times' }]);
    const torn = decoded(
      packet([
        [53, 1],
        [53, 3],
      ]),
    );
    expect(torn.options.messageType).toBeUndefined();
    expect(torn.problems).toEqual([{ code: 53, reason: 'has 2 bytes, needs 1' }]);
  });

  test.each([
    [1, { messageType: 'discover', hostName: 'F' }, 'S', ''],
    [2, { messageType: 'discover', domainName: 'S' }, '', '\f\u0001F\xff'],
    [3, { messageType: 'discover', hostName: 'F', domainName: 'S' }, '', ''],
  ])('option 52 of value %i moves options into file and sname', (value, options, sname, file) => {
    const head = header();
    const area = value === 1 ? ascii('S') : [...tlvs([[15, 83]]), 255];
    head.splice(44, area.length, ...area);
    head.splice(108, 4, ...tlvs([[12, 70]]), 255);
    const message = decoded(
      Uint8Array.from([
        ...head,
        ...COOKIE,
        ...tlvs([
          [53, 1],
          [52, value],
        ]),
        255,
      ]),
    );
    expect(message.options).toEqual(options);
    expect([message.sname, message.file]).toEqual([sname, file]);
  });

  test('the type itself may be in file (case M10)', () => {
    const head = header();
    head.splice(108, 4, 53, 1, 3, 255);
    expect(decoded(Uint8Array.from([...head, ...COOKIE, 52, 1, 1, 255])).options.messageType).toBe('request');
  });

  test('option 52 of another value is named and moves nothing', () => {
    const message = decoded(
      packet([
        [53, 1],
        [52, 9],
      ]),
    );
    expect(message.problems).toEqual([{ code: 52, reason: 'must be one byte: 1, 2 or 3' }]);
  });

  test('30,000 parts of one option take no time', () => {
    const bytes = Buffer.alloc(240 + 30_000 * 3);
    bytes.set([...header(), ...COOKIE]);
    for (let i = 0; i < 30_000; i += 1) bytes.set([55, 1, 6], 240 + i * 3);
    const started = performance.now();
    expect(decoded(bytes).options.requestedCodes?.length).toBe(30_000);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

const hopeless: readonly [string, Uint8Array, string][] = [
  ['an empty packet', new Uint8Array(0), '0 bytes are too few for DHCP, which has at least 240'],
  ['239 bytes', new Uint8Array(239), '239 bytes are too few for DHCP, which has at least 240'],
  ['no cookie', Uint8Array.from([...header(), 0, 0, 0, 0]), 'no DHCP magic cookie (63 82 53 63) at byte 236'],
  ['hlen 17', packet([], { 2: 17, 1: 32 }), 'hlen is 17, and chaddr holds 16 bytes'],
  ['Ethernet with hlen 8', packet([], { 2: 8 }), 'an Ethernet address of 8 bytes'],
  ['op 3', packet([], { 0: 3 }), 'op is 3, and only 1 (request) and 2 (reply) exist'],
];

describe('what cannot be a message', () => {
  test.each(hopeless)('%s', (_name, bytes, reason) => {
    expect(decodeDhcp(bytes)).toEqual({ ok: false, error: reason });
  });
});

describe('the fixed fields', () => {
  test('are read from their places', () => {
    const change = { 3: 2, 8: 1, 9: 4, 10: 0x80, 15: 5, 16: 192, 23: 7, 24: 255, 44: 65, 108: 66 };
    expect(decoded(packet([], change))).toMatchObject({
      op: 'request',
      hops: 2,
      xid: 0xdeadbeef,
      secs: 260,
      broadcast: true,
      ciaddr: 5,
      yiaddr: 0xc0000000,
      siaddr: 7,
      giaddr: 0xff000000,
      mac: '52:54:00:1a:bd:03',
      sname: 'A',
      file: 'B',
      sizeBytes: 241,
    });
  });

  test('InfiniBand has no address of its own (RFC 4390)', () => {
    expect(decoded(packet([[61, 0, 1, 2]], { 1: 32, 2: 0 }))).toMatchObject({ htype: 32, hlen: 0, mac: '' });
  });
});

import { describe, expect, test } from 'vitest';
import { nodeOf } from '../../src/core/fleet.ts';
import { leasesOfMac } from '../../src/core/lease.ts';
import type { SubnetSpec } from '../../src/core/spec.ts';
import type { DhcpAnswer } from '../../src/netboot/dhcp-ask.ts';
import type { DhcpOptions, DhcpPacket } from '../../src/protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../src/protocols/dhcp/encode-dhcp.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import { arm, namedLoaders, nodeSpec, subnet } from './boot-fixture.ts';
import { type ClientKind, ip, packet } from './client-packets.ts';
import { createDhcpBench, type DhcpBench, localSubnet, shown } from './dhcp-bench.ts';

const MAC = '52:54:00:00:00:01';
const OTHER = '52:54:00:00:00:02';
const STRANGER = '52:54:00:00:00:99';
const SERVER = ip('10.9.0.1');
const fixed = (name: string, mac: string, address: string) =>
  nodeSpec(name, mac, { network: { ip: address, dns: [], ntp: [] } });
const nodes = [nodeSpec('n1', MAC), fixed('n2', OTHER, '10.9.0.20')];
const bench = () => createDhcpBench(nodes);
const RELAYED = ip('10.20.0.1');
const relayNet = subnet({
  relay: '10.20.0.1',
  subnet: '10.20.0.0/24',
  pool: { from: '10.20.0.50', to: '10.20.0.60' },
  gateway: '10.20.0.1',
});
const relayInfo = (...raw: number[]): DhcpOptions => ({ relayInfo: { raw: Uint8Array.from(raw) } });

interface Case {
  readonly kind?: ClientKind;
  readonly mac?: string;
  readonly before?: (bench: DhcpBench) => void;
  readonly change?: Partial<DhcpPacket>;
  readonly options?: DhcpOptions;
}

const request = (change: DhcpOptions): DhcpOptions => ({ messageType: 'request', ...change });
const took = (kind: ClientKind, mac: string) => (on: DhcpBench) => void on.dora(kind, mac);

const CASES: readonly (readonly [string, Case, string])[] = [
  ['D1 a DISCOVER is answered by broadcast', {}, 'offer 10.9.0.100 -> broadcast'],
  [
    'D2 so is one that asks for unicast: it has no address to send to',
    { change: { broadcast: false } },
    'offer 10.9.0.100 -> broadcast',
  ],
  [
    'D5 a wish from the pool is granted',
    { options: { requestedAddress: ip('10.9.0.150') } },
    'offer 10.9.0.150 -> broadcast',
  ],
  ['D6 a wish for our own address is not', { options: { requestedAddress: SERVER } }, 'offer 10.9.0.100 -> broadcast'],
  ['the inventory gives its machine its address', { mac: OTHER }, 'offer 10.9.0.20 -> broadcast'],
  ['and to nobody else', { options: { requestedAddress: ip('10.9.0.20') } }, 'offer 10.9.0.100 -> broadcast'],
  [
    'D8 firmware and system of one machine get one address, whatever client identifier they send',
    { before: took('uefi', MAC), kind: 'os', options: { clientId: Uint8Array.of(255, 1, 2, 3) } },
    'offer 10.9.0.100 -> broadcast',
  ],
  [
    'Q1 a REQUEST that names another server is not ours',
    { options: request({ serverId: ip('10.9.0.2'), requestedAddress: ip('10.9.0.100') }) },
    'silence: it took the offer of 10.9.0.2',
  ],
  [
    'Q2 a REQUEST of our offer is acknowledged',
    {
      before: (on) => void on.ask('uefi', MAC),
      options: request({ serverId: SERVER, requestedAddress: ip('10.9.0.100') }),
    },
    'ack 10.9.0.100 -> broadcast',
  ],
  [
    'Q3 and again when it is sent again',
    { before: took('uefi', MAC), options: request({ serverId: SERVER, requestedAddress: ip('10.9.0.100') }) },
    'ack 10.9.0.100 -> broadcast',
  ],
  [
    'Q4 an address that another machine holds is refused',
    { before: took('uefi', OTHER), options: request({ serverId: SERVER, requestedAddress: ip('10.9.0.20') }) },
    'nak -> broadcast',
  ],
  [
    'Q5 a system that knows its address keeps it',
    { before: took('os', MAC), kind: 'os', options: request({ requestedAddress: ip('10.9.0.100') }) },
    'ack 10.9.0.100 -> broadcast',
  ],
  [
    'Q6 an address of another network is refused',
    { kind: 'os', options: request({ requestedAddress: ip('192.168.7.7') }) },
    'nak -> broadcast',
  ],
  [
    'Q7 a machine of ours with an address that we never gave must ask anew',
    { kind: 'os', options: request({ requestedAddress: ip('10.9.0.77') }) },
    'nak -> broadcast',
  ],
  [
    "Q7 a stranger with one is left alone: it may be another server's",
    { kind: 'os', mac: STRANGER, options: request({ requestedAddress: ip('10.9.0.77') }) },
    'silence: a stranger; only noted while discovery is off',
  ],
  [
    'the inventory moved it: a boot is the time to follow',
    {
      before: (on) => {
        on.dora('os', MAC);
        on.engine.load([fixed('n1', MAC, '10.9.0.30')]);
      },
      kind: 'os',
      options: request({ requestedAddress: ip('10.9.0.100') }),
    },
    'nak -> broadcast',
  ],
  [
    'but a running system renews what it has',
    {
      before: (on) => {
        on.dora('os', MAC);
        on.engine.load([fixed('n1', MAC, '10.9.0.30')]);
      },
      kind: 'os',
      change: { ciaddr: ip('10.9.0.100') },
      options: request({}),
    },
    'ack 10.9.0.100 -> 10.9.0.100:68',
  ],
  [
    'Q8 a renewal is answered to the address itself',
    { before: took('os', MAC), kind: 'os', change: { ciaddr: ip('10.9.0.100') }, options: request({}) },
    'ack 10.9.0.100 -> 10.9.0.100:68',
  ],
  [
    'Q10 a renewal of what another one holds is refused',
    { before: took('os', OTHER), kind: 'os', change: { ciaddr: ip('10.9.0.20') }, options: request({}) },
    'nak -> broadcast',
  ],
  [
    'a REQUEST that names nothing is not answered',
    { options: request({}) },
    'silence: a REQUEST that names neither server nor address',
  ],
  [
    'L1 a RELEASE frees the address without a word',
    { before: took('os', MAC), kind: 'os', change: { ciaddr: ip('10.9.0.100') }, options: { messageType: 'release' } },
    'silence: released 10.9.0.100',
  ],
  [
    'L1b a RELEASE by somebody else does nothing',
    { before: took('os', OTHER), kind: 'os', change: { ciaddr: ip('10.9.0.20') }, options: { messageType: 'release' } },
    'silence: a release of an address that it does not hold',
  ],
  [
    'L2 a DECLINE keeps the address back',
    { before: took('os', MAC), kind: 'os', options: { messageType: 'decline', requestedAddress: ip('10.9.0.100') } },
    'silence: 10.9.0.100 is in use by somebody else: kept back for 10 minutes',
  ],
  [
    'L2b a DECLINE of what it does not hold does nothing',
    { options: { messageType: 'decline', requestedAddress: ip('10.9.0.150') } },
    'silence: a decline of an address that it does not hold',
  ],
  [
    'I1 an INFORM is answered without an address',
    { kind: 'os', change: { ciaddr: ip('10.9.0.40') }, options: { messageType: 'inform' } },
    'ack -> 10.9.0.40:68',
  ],
  [
    'B1 BOOTP without a message type is not answered',
    { options: { messageType: undefined } as unknown as DhcpOptions },
    'silence: BOOTP without DHCP message type; only DHCP is answered',
  ],
  [
    'M1 a reply sent to the server port is not a request',
    { change: { op: 'reply' } },
    'silence: a reply, not a request',
  ],
  ['M7 an OFFER as a request is not answered', { options: { messageType: 'offer' } }, 'silence: a offer as a request'],
  [
    'M15 a zero hardware address is nobody',
    { change: { chaddr: new Uint8Array(6) } },
    'silence: hardware address 00:00:00:00:00:00 belongs to no machine',
  ],
  [
    'M15 nor is a multicast one',
    { change: { chaddr: Uint8Array.of(1, 0, 0x5e, 1, 2, 3) } },
    'silence: hardware address 01:00:5e:01:02:03 belongs to no machine',
  ],
  ['R7 more than 16 relays are a loop', { change: { hops: 17, giaddr: RELAYED } }, 'silence: passed 17 relays'],
  [
    'R2 a relay of no network of ours is not answered',
    { change: { giaddr: ip('172.16.0.1') } },
    'silence: no answer: its request came by relay 172.16.0.1, which is in no network of `_site.yaml`',
  ],
  [
    'R6 a packet "relayed" by ourselves is forged',
    { change: { giaddr: SERVER } },
    'silence: claims to be relayed by ourselves',
  ],
  [
    'a stranger gets nothing at all',
    { mac: STRANGER, options: { machineId: { raw: new Uint8Array(17) } } },
    'silence: no MAC, UUID, serial, asset or switch port of it is in the inventory; only noted while discovery is off',
  ],
];

describe('one network of our own', () => {
  test.each(CASES)('%s', (_, { kind = 'uefi', mac = MAC, before, change, options }, expected) => {
    const on = bench();
    before?.(on);
    expect(shown(on.ask(kind, mac, change, options))).toBe(expected);
  });

  test('D9 the last free address goes to one machine; the other hears nothing', () => {
    const on = createDhcpBench(
      [nodeSpec('n1', MAC), nodeSpec('n2', OTHER)],
      [localSubnet({ pool: { from: '10.9.0.100', to: '10.9.0.100' } })],
    );
    expect(shown(on.ask('uefi', MAC))).toBe('offer 10.9.0.100 -> broadcast');
    const unlucky = on.ask('uefi', OTHER);
    const why = 'no free address: the pool of 10.9.0.0/24 is used up';
    expect(shown(unlucky)).toBe(`silence: ${why}`);
    // What was not sent was not offered: the next variant would be tried for nothing.
    expect('offered' in (unlucky.events[0] ?? {})).toBe(false);
    for (let ask = 0; ask < 3; ask += 1) on.ask('uefi', OTHER);
    on.engine.advance(41_000);
    on.engine.emit({ type: 'clock.ticked' });
    expect(nodeOf(on.engine.fleet(), 'n2')).toMatchObject({
      health: { is: 'stalled', code: 'POOL_EMPTY', detail: why },
      offerVariant: 0,
    });
  });

  test('a network that has no pool is not one that is used up', () => {
    const { pool: _pool, ...bare } = localSubnet();
    const on = createDhcpBench([nodeSpec('n1', MAC)], [bare]);
    expect(shown(on.ask('uefi', MAC))).toBe('silence: no free address: 10.9.0.0/24 has no pool');
  });

  test('D3 every code that a ROM may ask for is survived', () => {
    const on = bench();
    for (let code = 0; code < 256; code += 1) {
      const answer = on.ask('uefi', MAC, {}, { requestedCodes: Uint8Array.of(code) });
      expect(answer.reply, `code ${code}`).toBeDefined();
      expect(encodeDhcp(answer.reply?.packet ?? packet('os', MAC)).length).toBeGreaterThanOrEqual(300);
    }
  });

  test("the options are those of the site, completed by the machine's own", () => {
    const on = createDhcpBench(
      [nodeSpec('n1', MAC, { network: { ip: '10.9.0.20', dns: ['10.9.0.54'], ntp: [], domain: 'own.example' } })],
      [localSubnet({ routes: [{ to: '10.50.0.0/16', via: '10.9.0.7' }] })],
    );
    const options = on.ask('os', MAC).reply?.packet.options;
    expect(options).toMatchObject({
      subnetMask: ip('255.255.255.0'),
      routers: [ip('10.9.0.254')],
      dnsServers: [ip('10.9.0.54')],
      ntpServers: [ip('10.9.0.123')],
      hostName: 'n1',
      domainName: 'own.example',
      leaseSeconds: 3600,
      renewSeconds: 1800,
      rebindSeconds: 3150,
      staticRoutes: [
        { network: 0, prefix: 0, gateway: ip('10.9.0.254') },
        { network: ip('10.50.0.0'), prefix: 16, gateway: ip('10.9.0.7') },
      ],
    });
    expect(options?.bootFile).toBeUndefined();
  });

  test('a stranger is noted, and served from its share while discovery is on', () => {
    const on = bench();
    const other = { machineId: { raw: new Uint8Array(17) } };
    on.ask('uefi', STRANGER, {}, other);
    expect(on.engine.events.at(-1)).toMatchObject({ type: 'stranger.seen', mac: STRANGER, arch: 7, asked: 'firmware' });
    const by = { user: 'test', from: 'tty1' };
    on.engine.emit({ type: 'site.discoverySwitched', until: on.engine.now() + 60_000, by });
    expect(shown(on.ask('uefi', STRANGER, {}, other))).toBe('offer 10.9.0.100 -> broadcast');
    on.engine.emit({ type: 'site.panicSwitched', on: true, by });
    expect(shown(on.ask('uefi', STRANGER, {}, other))).toMatch(/^silence/);
  });

  test('what machines say becomes events; that one took its address grants the lease as well', () => {
    const on = bench();
    on.dora('uefi', MAC);
    const [, askedFirst, took, ...more] = on.engine.events;
    expect(askedFirst).toMatchObject({ type: 'dhcp.firmwareAsked', node: 'n1' });
    expect(took).toMatchObject({ type: 'dhcp.firmwareTook', node: 'n1', address: '10.9.0.100' });
    expect(more).toEqual([]);
    expect(leasesOfMac(on.engine.fleet(), MAC)).toEqual([
      {
        mac: MAC,
        node: 'n1',
        address: '10.9.0.100',
        until: took !== undefined && 'leasedUntil' in took ? took.leasedUntil : 'never',
      },
    ]);
  });

  test('a machine with the UUID of one node and the MAC of another is told to boot its disk, and never the reserved address', () => {
    const on = bench();
    const answer = on.ask(
      'uefi',
      OTHER,
      {},
      { machineId: { raw: Buffer.concat([Buffer.of(0), Buffer.alloc(16, 7)]) } },
    );
    expect(answer.events[0]).toMatchObject({ type: 'dhcp.firmwareAsked', node: 'n2' });
    expect(JSON.stringify(answer.events[0])).toContain('the inventory says');
    expect(shown(answer)).toBe('offer 10.9.0.100 -> broadcast');
  });

  test('the UUID of one node and the MAC of another: the owner of the MAC is held, and its screen says why', () => {
    const on = bench();
    const wrong = packet('uefi', MAC).options.machineId;
    const answer = on.ask('uefi', OTHER, {}, wrong === undefined ? {} : { machineId: wrong });
    const why = 'its names belong to several machines: n1 (UUID), n2 (MAC)';
    expect(answer.node).toBe('n2');
    expect(answer.events[0]).toMatchObject({ type: 'dhcp.firmwareAsked', node: 'n2', conflict: why });
    expect(nodeOf(on.engine.fleet(), 'n2')?.health).toMatchObject({ is: 'conflict', detail: why });
    expect(nodeOf(on.engine.fleet(), 'n1')?.health).toEqual({ is: 'ok' });
    // An arming of either machine changes nothing: its own record has to be mended first.
    on.render(arm(on.engine, 'n2', 'install'));
    expect(on.ask('uefi', OTHER, { xid: 9 }).reason).toContain('local: held: its names belong');
  });

  test('InfiniBand has no hardware address here: its client identifier is its name', () => {
    const on = createDhcpBench([nodeSpec('n1', MAC)]);
    const clientId = Uint8Array.of(255, 1, 2, 3, 4);
    const answer = on.ask('uefi', MAC, { htype: 32, hlen: 0, chaddr: new Uint8Array(16) }, { clientId });
    expect(shown(answer)).toBe('offer 10.9.0.100 -> broadcast');
  });
});

describe('boot answers', () => {
  const LOADERS: readonly (readonly [string, ClientKind, number | undefined, string])[] = [
    ['P1 a BIOS gets the BIOS loader', 'bios', undefined, 'undionly.kpxe'],
    ['P3 x64 UEFI by code 7', 'uefi', 7, 'ipxe.efi'],
    ['P3 x64 UEFI by code 9, as the field has it', 'uefi', 9, 'ipxe.efi'],
    ['P4 arm64', 'arm64', 11, 'ipxe-arm64.efi'],
    ['P5 UEFI HTTP boot gets a URL', 'http', 16, 'http://10.9.0.1/b/ipxe.efi'],
    ['P10 iPXE gets the script, not itself again', 'ipxe', undefined, 'http://10.9.0.1/boot.ipxe'],
  ];
  test.each(LOADERS)('%s', (_, kind, arch, expected) => {
    const on = bench();
    const answer = on.ask(kind, MAC, {}, arch === undefined ? {} : { arch: [arch] });
    expect(answer.reply?.packet.options.bootFile).toBe(expected);
    expect(answer.reply?.packet.file).toBe(kind === 'http' ? '' : expected);
  });

  test('P6 of several architectures the first with a loader counts', () => {
    expect(bench().ask('uefi', MAC, {}, { arch: [2, 7] }).reply?.packet.file).toBe('ipxe.efi');
  });

  test('P7 without a loader for it, a machine gets an address and hears why', () => {
    const answer = bench().ask('uefi', MAC, {}, { arch: [2] });
    expect(answer.reply?.packet.file).toBe('');
    expect(answer.events[0]).toMatchObject({ reason: 'there is no boot loader for Itanium' });
    expect('offered' in (answer.events[0] ?? {})).toBe(false);
  });

  test.each([
    ['takes the address', true],
    ['takes no such offer', false],
  ])('P7 and where it %s, its screen says which file is missing', (_, takes) => {
    const on = createDhcpBench(nodes, [localSubnet()], namedLoaders('ipxe.efi'));
    const ia32 = { arch: [6] };
    for (let ask = 0; ask < 3; ask += 1) on.ask('uefi', MAC, {}, ia32);
    const request = { messageType: 'request', requestedAddress: ip('10.9.0.100'), serverId: SERVER } as const;
    if (takes) on.ask('uefi', MAC, {}, { ...ia32, ...request });
    on.engine.advance(41_000);
    on.engine.emit({ type: 'clock.ticked' });
    expect(nodeOf(on.engine.fleet(), 'n1')).toMatchObject({
      phase: { is: takes ? 'requesting' : 'firmware' },
      health: {
        code: 'LOADER_MISSING',
        detail: 'no boot loader for x86 UEFI is there: add ipxe-ia32.efi or ipxe-i386.efi',
      },
      offerVariant: 0,
    });
  });

  test('P8 option 97 comes back unchanged, placeholders too', () => {
    const raw = new Uint8Array(17);
    expect(bench().ask('uefi', MAC, {}, { machineId: { raw } }).reply?.packet.options.machineId?.raw).toEqual(
      Buffer.from(raw),
    );
  });

  test('P11 an iPXE without HTTP gets our own loader', () => {
    const ipxe = [{ code: 21, data: Uint8Array.of(1) }];
    expect(bench().ask('ipxe', MAC, {}, { ipxe }).reply?.packet.file).toBe('undionly.kpxe');
  });

  test('an operating system never gets boot data', () => {
    const sent = bench().ask('os', MAC).reply?.packet;
    expect([sent?.file, sent?.siaddr, sent?.options.bootFile]).toEqual(['', 0, undefined]);
  });

  test('iPXE is told not to wait for a proxy, but only where there is none', () => {
    const codes = (on: DhcpBench) => on.ask('ipxe', MAC).reply?.packet.options.ipxe?.map((one) => one.code);
    expect(codes(bench())).toEqual([176]);
    expect(codes(createDhcpBench(nodes, [localSubnet({ dhcp: 'proxy' })]))).toBeUndefined();
  });

  test('option 43 never reaches iPXE, whatever the variant', () => {
    const on = bench();
    for (let variant = 0; variant < 6; variant += 1) {
      const sent = on.ask('ipxe', MAC).reply?.packet;
      expect(sent?.options.vendorInfo).toBeUndefined();
    }
  });

  test('each variant of the offer is tried in turn, until three lost boots are a loop', () => {
    const on = bench();
    const seen: string[] = [];
    for (let i = 0; i < 4; i += 1) {
      const { options, file } = on.ask('uefi', MAC, { xid: i + 1 }).reply?.packet ?? packet('os', MAC);
      seen.push(
        [file, options.bootFile, options.vendorClass, options.vendorInfo?.length].map((one) => one ?? '-').join(' '),
      );
      for (let ask = 0; ask < 3; ask += 1) on.ask('uefi', MAC, { xid: i + 1 });
      on.engine.advance(41_000);
      on.engine.emit({ type: 'clock.ticked' });
      on.engine.advance(60_000);
    }
    expect(seen).toEqual([
      'ipxe.efi ipxe.efi - -',
      'ipxe.efi ipxe.efi PXEClient 1',
      'ipxe.efi - - -',
      'ipxe.efi ipxe.efi\0 - -',
    ]);
  });

  test('only loaders that are there are named', () => {
    const on = createDhcpBench(nodes, [localSubnet()], namedLoaders('snponly.efi'));
    expect(on.ask('uefi', MAC).reply?.packet.file).toBe('snponly.efi');
    expect(on.ask('bios', MAC).events[0]).toMatchObject({
      reason: 'no boot loader for x86 BIOS is there: add undionly.kpxe or ipxe.pxe',
    });
  });

  test('a machine that is sent to its disk by silence hears nothing, and its system still gets an address', () => {
    const on = createDhcpBench([nodeSpec('n1', MAC, { localBoot: 'silence' })]);
    expect(shown(on.ask('uefi', MAC))).toBe('silence: local: not armed; sent to its disk by silence');
    expect(shown(on.ask('os', MAC))).toBe('offer 10.9.0.100 -> broadcast');
  });

  test('of iPXE it is told what it was offered, and where that was nothing', () => {
    const script = 'http://10.9.0.1/boot.ipxe';
    expect(bench().ask('ipxe', MAC).events[0]).toMatchObject({ type: 'dhcp.ipxeAsked', offered: script });
    const alone = createDhcpBench([nodeSpec('n1', MAC, { localBoot: 'silence' })]).ask('ipxe', MAC);
    expect([shown(alone), Object.keys(alone.events[0] ?? {})]).toEqual([
      'silence: local: not armed; sent to its disk by silence',
      ['type', 'node', 'mac', 'xid'],
    ]);
  });

  test('an armed machine is led to its script: who it is is settled there', () => {
    const on = bench();
    on.render(arm(on.engine, 'n1', 'install'));
    expect(on.ask('uefi', MAC).events[0]).toMatchObject({
      offered: 'ipxe.efi',
      reason: expect.stringMatching(/^install: /),
    });
    expect(on.ask('uefi', MAC, {}, { machineId: { raw: new Uint8Array(17) } }).reason).toContain('loader only');
  });
});

describe('relays', () => {
  const relayed = () => createDhcpBench(nodes, [localSubnet(), relayNet]);
  const circuit = [1, 4, 103, 101, 45, 49];

  test('R1 the relay gets the answer on port 67, with its option 82 as it was', () => {
    const answer = relayed().ask('uefi', MAC, { giaddr: RELAYED, hops: 1 }, relayInfo(...circuit));
    expect(shown(answer)).toBe('offer 10.20.0.50 -> 10.20.0.1:67');
    expect([...(answer.reply?.packet.options.relayInfo?.raw ?? [])]).toEqual(circuit);
    expect(answer.reply?.packet.options.serverId).toBe(SERVER);
  });

  test('RFC 8357 a relay that names its source port gets it there', () => {
    const on = relayed();
    const sent = packet('uefi', MAC, { giaddr: RELAYED }, relayInfo(...circuit, 19, 0));
    expect(shown(on.send(sent))).toBe('offer 10.20.0.50 -> 10.20.0.1:68');
  });

  test('R3 link selection wins over subnet selection, and that over giaddr', () => {
    const on = relayed();
    const link = relayInfo(5, 4, 10, 20, 0, 0);
    expect(shown(on.ask('uefi', MAC, { giaddr: ip('10.9.0.77') }, link))).toBe('offer 10.20.0.50 -> 10.9.0.77:67');
    expect(shown(on.ask('uefi', MAC, { giaddr: ip('10.9.0.77') }, { subnetSelection: ip('10.20.0.0') }))).toBe(
      'offer 10.20.0.50 -> 10.9.0.77:67',
    );
  });

  test('R4 the server identifier that a relay asks for is used, and understood', () => {
    const on = relayed();
    const override = relayInfo(11, 4, 10, 20, 0, 1);
    expect(on.ask('os', MAC, { giaddr: RELAYED }, override).reply?.packet.options.serverId).toBe(RELAYED);
    const asked = request({ serverId: RELAYED, requestedAddress: ip('10.20.0.50'), ...override });
    expect(shown(on.ask('os', MAC, { giaddr: RELAYED }, asked))).toBe('ack 10.20.0.50 -> 10.20.0.1:67');
  });

  test('R5 option 82 of our own wire is not believed: a machine could write it', () => {
    const on = createDhcpBench([nodeSpec('n1', MAC, { identity: { macs: [], switchPort: 'ge-1' } })]);
    const answer = on.ask('uefi', STRANGER, {}, { ...relayInfo(...circuit), machineId: { raw: new Uint8Array(17) } });
    expect(shown(answer)).toMatch(/^silence/);
  });

  describe('a switch of our own wire that writes option 82', () => {
    const NAMED = [nodeSpec('n1', MAC, { identity: { macs: [], switchPort: 'ge-1' } })];
    const unnamed = { ...relayInfo(...circuit), machineId: { raw: new Uint8Array(17) } };

    test.each<[string, (on: DhcpBench) => DhcpAnswer]>([
      ['an offer', (on) => on.ask('uefi', MAC, {}, relayInfo(...circuit))],
      ['an offer beside another server', (on) => on.ask('uefi', MAC, {}, relayInfo(...circuit))],
      [
        'an ack',
        (on) => on.ask('os', MAC, {}, request({ requestedAddress: on.dora('os', MAC), ...relayInfo(...circuit) })),
      ],
      [
        'a nak',
        (on) => on.ask('os', MAC, {}, request({ requestedAddress: ip('192.168.1.1'), ...relayInfo(...circuit) })),
      ],
    ])('has it back in %s (RFC 3046 2.2)', (name, ask) => {
      const dhcp = name.includes('beside') ? 'proxy' : 'authoritative';
      const { reply } = ask(createDhcpBench(nodes, [localSubnet({ dhcp })]));
      expect([...(reply?.packet.options.relayInfo?.raw ?? [])]).toEqual(circuit);
    });

    test('is believed where the site says that it snoops, on all subnets of that wire', () => {
      const bare = createDhcpBench(NAMED).ask('uefi', STRANGER, {}, unnamed);
      expect(bare.events[0]).toMatchObject({ type: 'stranger.seen' });
      expect(bare.events[0]).not.toHaveProperty('switchPort');
      for (const nets of [
        [localSubnet({ snooping: true })],
        [localSubnet(), localSubnet({ subnet: '10.82.0.0/24', address: '10.82.0.1', snooping: true })],
      ]) {
        const answer = createDhcpBench(NAMED, nets).ask('uefi', STRANGER, {}, unnamed);
        expect(answer.events[0]).toMatchObject({ type: 'dhcp.firmwareAsked', node: 'n1' });
        expect(shown(answer)).toMatch(/^offer/);
      }
      const other = createDhcpBench(nodes, [localSubnet({ snooping: true })]).ask('uefi', STRANGER, {}, unnamed);
      expect(other.events[0]).toMatchObject({ type: 'stranger.seen', switchPort: 'ge-1' });
    });
  });

  test('Q6 a NAK goes to the relay with the broadcast bit set', () => {
    const answer = relayed().ask(
      'os',
      MAC,
      { giaddr: RELAYED, broadcast: false },
      request({ requestedAddress: ip('192.168.1.1') }),
    );
    expect(shown(answer)).toBe('nak -> 10.20.0.1:67');
    expect(answer.reply?.packet.broadcast).toBe(true);
  });

  test('a machine is known by its switch port, with or without the name of the switch', () => {
    for (const switchPort of ['ge-1', 'sw1/ge-1']) {
      const on = createDhcpBench(
        [nodeSpec('n1', MAC, { identity: { macs: [], switchPort } })],
        [localSubnet(), relayNet],
      );
      const raw = relayInfo(...circuit, 2, 3, 115, 119, 49);
      const answer = on.ask('uefi', STRANGER, { giaddr: RELAYED }, { ...raw, machineId: { raw: new Uint8Array(17) } });
      expect(answer.events[0]).toMatchObject({ type: 'dhcp.firmwareAsked', node: 'n1' });
    }
  });
});

describe('two subnets on one link', () => {
  const second = (change: Partial<SubnetSpec> = {}) =>
    localSubnet({
      address: '10.82.0.1',
      subnet: '10.82.0.0/24',
      pool: { from: '10.82.0.100', to: '10.82.0.101' },
      ...change,
    });
  const machines = [...nodes, fixed('n3', '52:54:00:00:00:03', '10.82.0.77')];
  const one = { from: '10.9.0.100', to: '10.9.0.100' };

  test('a machine gets its own address, whichever of them it is of', () => {
    const on = createDhcpBench(machines, [localSubnet(), second()]);
    expect(shown(on.ask('uefi', '52:54:00:00:00:03'))).toBe('offer 10.82.0.77 -> broadcast');
    expect(shown(on.ask('uefi', OTHER))).toBe('offer 10.9.0.20 -> broadcast');
    expect(renderIpv4(on.dora('uefi', '52:54:00:00:00:03'))).toBe('10.82.0.77');
  });

  describe('a machine whose own address is in the first, with one of the second from before', () => {
    const before = ip('10.82.0.100');
    const own = '10.9.0.30';
    const bySelf = request({ requestedAddress: before });

    /** It has a lease in the second, then the inventory gives it an address in the first. */
    const moved = (first: Partial<SubnetSpec> = {}) => {
      const on = createDhcpBench([nodeSpec('n1', MAC)], [localSubnet(first), second()]);
      on.ask('os', MAC, {}, { requestedAddress: before });
      const taken = on.ask('os', MAC, {}, request({ requestedAddress: before, serverId: ip('10.82.0.1') }));
      expect(shown(taken)).toBe('ack 10.82.0.100 -> broadcast');
      on.engine.load([fixed('n1', MAC, own)]);
      return on;
    };

    test('must ask anew when it boots, and gets its own then', () => {
      const on = moved();
      const answer = on.ask('os', MAC, {}, bySelf);
      expect([shown(answer), answer.reason]).toEqual(['nak -> broadcast', `refused: the inventory gives it ${own}`]);
      expect(renderIpv4(on.dora('os', MAC))).toBe(own);
      expect(shown(on.ask('os', MAC, {}, bySelf))).toBe('nak -> broadcast');
    });

    test('renews it while it runs', () => {
      expect(shown(moved().ask('os', MAC, { ciaddr: before }, request({})))).toBe('ack 10.82.0.100 -> 10.82.0.100:68');
    });

    test('is refused one that it never had, whether it boots or renews', () => {
      const on = createDhcpBench([fixed('n1', MAC, own)], [localSubnet(), second()]);
      const answers = [
        on.ask('os', MAC, {}, bySelf),
        on.ask('os', MAC, {}, request({ requestedAddress: before, serverId: ip('10.82.0.1') })),
        on.ask('os', MAC, { ciaddr: before }, request({})),
      ];
      const why = `refused: 10.82.0.100 is not what it gets here: that is ${own}`;
      expect(answers.map(({ reason }) => reason)).toEqual([why, why, why]);
    });

    test('keeps it where somebody else sits at its own, and where another server gives the addresses of the first', () => {
      const on = moved();
      const home = on.site.nets[0] ?? expect.fail('no net');
      on.pool.markSeen({ net: home, address: ip(own), mac: STRANGER, at: on.engine.now() });
      expect(shown(on.ask('os', MAC, {}, bySelf))).toBe('ack 10.82.0.100 -> broadcast');
      expect(shown(moved({ dhcp: 'proxy' }).ask('os', MAC, {}, bySelf))).toBe('ack 10.82.0.100 -> broadcast');
    });

    test('behind a relay too', () => {
      const relay = { relay: '10.20.0.1', gateway: '10.20.0.1' };
      const far = createDhcpBench(
        [fixed('n1', MAC, '10.20.0.30')],
        [
          subnet({ ...relay, subnet: '10.20.0.0/24', pool: { from: '10.20.0.50', to: '10.20.0.50' } }),
          subnet({ ...relay, subnet: '10.21.0.0/24', pool: { from: '10.21.0.50', to: '10.21.0.60' } }),
        ],
      );
      const boot = far.ask('os', MAC, { giaddr: RELAYED }, request({ requestedAddress: ip('10.21.0.50') }));
      expect(shown(boot)).toBe('nak -> 10.20.0.1:67');
    });
  });

  test('where the first is used up, the second helps out, with its own router and our address there', () => {
    const on = createDhcpBench(machines, [localSubnet({ pool: one }), second({ gateway: '10.82.0.254' })]);
    on.dora('uefi', MAC);
    const options = on.ask('os', '52:54:00:00:00:03', {}, { requestedAddress: ip('10.9.0.100') }).reply?.packet.options;
    expect(options).toMatchObject({ serverId: ip('10.82.0.1'), routers: [ip('10.82.0.254')] });
    const relay = { relay: '10.20.0.1', gateway: '10.20.0.1' };
    const far = createDhcpBench(nodes, [
      subnet({ ...relay, subnet: '10.20.0.0/24', pool: { from: '10.20.0.50', to: '10.20.0.50' } }),
      subnet({ ...relay, subnet: '10.21.0.0/24', pool: { from: '10.21.0.50', to: '10.21.0.60' } }),
    ]);
    expect(shown(far.ask('os', MAC, { giaddr: RELAYED }))).toBe('offer 10.20.0.50 -> 10.20.0.1:67');
    expect(shown(far.ask('os', OTHER, { giaddr: RELAYED }))).toBe('offer 10.21.0.50 -> 10.20.0.1:67');
  });

  test('who has an address of the second keeps it', () => {
    const on = createDhcpBench([...nodes, nodeSpec('n4', '52:54:00:00:00:04')], [localSubnet({ pool: one }), second()]);
    on.dora('uefi', MAC);
    expect(renderIpv4(on.dora('uefi', '52:54:00:00:00:04'))).toBe('10.82.0.100');
    on.ask('os', MAC, { ciaddr: ip('10.9.0.100') }, { messageType: 'release' });
    expect(renderIpv4(on.dora('uefi', '52:54:00:00:00:04'))).toBe('10.82.0.100');
  });

  test('each has its own share for strangers', () => {
    const four = { from: '10.9.0.100', to: '10.9.0.103' };
    const known = [1, 2, 3].map((i) => nodeSpec(`k${i}`, `52:54:00:00:08:0${i}`));
    const on = createDhcpBench([...nodes, ...known], [localSubnet({ pool: four }), second()]);
    const by = { user: 'test', from: 'tty1' };
    on.engine.emit({ type: 'site.discoverySwitched', until: on.engine.now() + 60_000, by });
    const given = [1, 2, 3].map((i) => shown(on.ask('os', `52:54:00:00:09:0${i}`)));
    expect(given).toEqual([
      'offer 10.9.0.100 -> broadcast',
      'offer 10.82.0.100 -> broadcast',
      expect.stringMatching(/^silence: no free address: the share of strangers/),
    ]);
  });
});

describe('an address of another link', () => {
  const elsewhere = localSubnet({
    interface: 'eth2',
    address: '10.78.0.1',
    subnet: '10.78.0.0/24',
    pool: { from: '10.78.0.100', to: '10.78.0.199' },
  });
  const ciaddr = ip('10.78.0.100');

  test('S4 is not offered here, whatever a DISCOVER says', () => {
    const answer = createDhcpBench(nodes, [localSubnet(), elsewhere]).ask('os', MAC, { ciaddr });
    expect(shown(answer)).toBe('offer 10.9.0.100 -> broadcast');
    expect(answer.reply?.packet.options.serverId).toBe(SERVER);
  });

  test('S4 is refused to who rebinds with it here', () => {
    const on = createDhcpBench(nodes, [localSubnet(), elsewhere]);
    expect(shown(on.ask('os', MAC, { ciaddr }, request({})))).toMatch(/^nak/);
  });

  test('is renewed past the relay, straight to us', () => {
    const on = createDhcpBench(nodes, [localSubnet(), relayNet]);
    on.ask('os', MAC, { giaddr: RELAYED });
    on.ask('os', MAC, { giaddr: RELAYED }, request({ serverId: SERVER, requestedAddress: ip('10.20.0.50') }));
    const renewal = packet('os', MAC, { ciaddr: ip('10.20.0.50') }, request({}));
    expect(shown(on.send(renewal, { from: '10.20.0.50' }))).toBe('ack 10.20.0.50 -> 10.20.0.50:68');
    expect(shown(on.ask('os', MAC, { ciaddr: ip('10.20.0.50') }))).toBe('offer 10.9.0.100 -> broadcast');
  });
});

test('a renewal past the relay is refused there, where its machine hears it', () => {
  const on = createDhcpBench(nodes, [localSubnet(), relayNet]);
  on.ask('os', OTHER, { giaddr: RELAYED });
  on.ask('os', OTHER, { giaddr: RELAYED }, request({ serverId: SERVER, requestedAddress: ip('10.20.0.50') }));
  const renewal = packet('os', MAC, { ciaddr: ip('10.20.0.50') }, request({}));
  expect(shown(on.send(renewal, { from: '10.20.0.50' }))).toBe('nak -> 10.20.0.50:68');
});

describe('beside another DHCP server', () => {
  const proxy = () => createDhcpBench(nodes, [localSubnet({ dhcp: 'proxy' })]);

  test('X1 the offer has no address and no network, but class, UUID and our address', () => {
    const sent = proxy().ask('uefi', MAC).reply?.packet;
    expect(sent).toMatchObject({ yiaddr: 0, siaddr: SERVER, sname: '10.9.0.1', file: 'ipxe.efi' });
    expect(Object.keys(sent?.options ?? {}).sort()).toEqual(['machineId', 'messageType', 'serverId', 'vendorClass']);
  });

  test('X2 a system hears nothing', () => {
    expect(shown(proxy().ask('os', MAC))).toBe('silence: the other server gives the address');
  });

  test('X3 a REQUEST for the other server is silently learned from', () => {
    const on = proxy();
    const answer = on.ask('ipxe', MAC, {}, request({ serverId: ip('10.9.0.2'), requestedAddress: ip('10.9.0.150') }));
    expect(shown(answer)).toBe('silence: a REQUEST for the other server');
    expect(answer.learned).toEqual({ node: 'n1', address: ip('10.9.0.150') });
    expect(answer.events[0]).toMatchObject({ type: 'dhcp.ipxeAsked', address: '10.9.0.150' });
  });

  test.each([
    ['ipxe', 'dhcp.ipxeAsked'],
    ['uefi', 'dhcp.firmwareAsked'],
  ] as const)('what takes its address there, and is left alone by us, asks still (%s)', (kind, type) => {
    const on = createDhcpBench([nodeSpec('n1', MAC, { localBoot: 'silence' })], [localSubnet({ dhcp: 'proxy' })]);
    const answer = on.ask(kind, MAC, {}, request({ serverId: ip('10.9.0.2'), requestedAddress: ip('10.9.0.150') }));
    expect(answer.learned).toEqual({ node: 'n1', address: ip('10.9.0.150') });
    expect(answer.events).toEqual([expect.objectContaining({ type })]);
    expect(answer.events[0]).not.toHaveProperty('address');
  });

  test('X4 port 4011 answers to the address and port that it came from', () => {
    const sent = packet('uefi', MAC, { ciaddr: ip('10.9.0.150') }, request({}));
    const answer = proxy().send(sent, { port: 4011, from: '10.9.0.150' });
    expect(shown(answer)).toBe('ack -> 10.9.0.150:4011');
    expect(answer.reply?.packet).toMatchObject({ yiaddr: 0, siaddr: SERVER, file: 'ipxe.efi' });
  });

  test('H5 an answer goes to nobody but who asked', () => {
    const sent = packet('uefi', MAC, { ciaddr: ip('10.9.0.150') }, request({}));
    expect(shown(proxy().send(sent, { port: 4011, from: '10.9.0.66' }))).toBe(
      'silence: it comes from another address than it says',
    );
    const inform = { messageType: 'inform' } as const;
    expect(shown(bench().ask('os', MAC, { ciaddr: ip('192.0.2.1') }, inform))).toBe(
      'silence: an inform from an address of another network',
    );
  });

  test('X5 a boot item that is ours is echoed, another one is not answered', () => {
    const item = (type: number) => ({ vendorInfo: [{ code: 71, data: Uint8Array.of(0, type, 0, 0) }] });
    const on = proxy();
    const sent = (type: number) => packet('bios', MAC, { ciaddr: ip('10.9.0.150') }, request(item(type)));
    expect(on.send(sent(0), { port: 4011 }).reply?.packet.options.vendorInfo?.[0]?.code).toBe(71);
    expect(shown(on.send(sent(5), { port: 4011 }))).toBe('silence: it asks for a boot item that is not ours');
  });

  test.each(['uefi', 'bios', 'arm64', 'ipxe', 'http'] as const)('port 4011 knows %s', (kind) => {
    const answer = proxy().send(packet(kind, MAC, { ciaddr: ip('10.9.0.150') }, request({})), { port: 4011 });
    expect(answer.reply?.packet.options.messageType).toBe('ack');
  });

  test('nothing is released, declined or informed for the other server', () => {
    for (const messageType of ['release', 'decline', 'inform'] as const) {
      expect(shown(proxy().ask('os', MAC, { ciaddr: ip('10.9.0.150') }, { messageType }))).toMatch(/^silence/);
    }
  });
});

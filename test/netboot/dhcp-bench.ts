import type { ArtefactPort, RenderedPort } from '../../src/core/ports.ts';
import type { NodeSpec, SubnetSpec } from '../../src/core/spec.ts';
import { type AddressPool, createAddressPool } from '../../src/netboot/address-pool.ts';
import { answerDhcp } from '../../src/netboot/answer-dhcp.ts';
import { answerProxyDhcp } from '../../src/netboot/answer-proxy-dhcp.ts';
import type { BootSite } from '../../src/netboot/boot-site.ts';
import type { DhcpAnswer } from '../../src/netboot/dhcp-ask.ts';
import type { DhcpOptions, DhcpPacket } from '../../src/protocols/dhcp/dhcp-message.ts';
import { renderIpv4 } from '../../src/protocols/ipv4.ts';
import {
  ALL_LOADERS,
  bootSite,
  createTestEngine,
  NOTHING_RENDERED,
  siteSpec,
  subnet,
  type TestEngine,
} from './boot-fixture.ts';
import { type ClientKind, packet, received } from './client-packets.ts';

export interface SentHow {
  readonly port?: number;
  readonly from?: string;
  readonly away?: ReadonlySet<number>;
}

/** A DHCP server without sockets: answers, applies, emits. One network, `eth1` with our address 10.9.0.1. */
export interface DhcpBench {
  readonly engine: TestEngine;
  readonly site: BootSite;
  readonly pool: AddressPool;
  readonly send: (sent: DhcpPacket, more?: SentHow) => DhcpAnswer;
  readonly ask: (kind: ClientKind, mac: string, change?: Partial<DhcpPacket>, options?: DhcpOptions) => DhcpAnswer;
  /** The four steps; the address. */
  readonly dora: (kind: ClientKind, mac: string) => number;
  readonly render: (port: RenderedPort) => void;
}

export function localSubnet(change: Partial<SubnetSpec> = {}): SubnetSpec {
  const { relay: _relay, ...rest } = subnet({
    interface: 'eth1',
    address: '10.9.0.1',
    subnet: '10.9.0.0/24',
    pool: { from: '10.9.0.100', to: '10.9.0.199' },
    gateway: '10.9.0.254',
    dns: ['10.9.0.53'],
    ntp: ['10.9.0.123'],
    ...change,
  });
  return rest;
}

export function createDhcpBench(
  nodes: readonly NodeSpec[],
  networks: readonly SubnetSpec[] = [localSubnet()],
  artefacts: ArtefactPort = ALL_LOADERS,
): DhcpBench {
  const engine = createTestEngine(nodes);
  const site = bootSite(siteSpec(networks), '10.9.0.1');
  const pool = createAddressPool();
  let rendered = NOTHING_RENDERED;
  const send: DhcpBench['send'] = (sent, { port = 67, from = '0.0.0.0', away } = {}) => {
    pool.sync(engine.fleet(), site, engine.now());
    const view = { fleet: engine.fleet(), at: engine.now(), rendered, artefacts, site, pool };
    const iface = sent.giaddr === 0 ? 'eth1' : undefined;
    const [a = 0, b = 0, c = 0, d = 0] = from.split('.').map(Number);
    const arrival = {
      iface,
      address: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0,
      port: port === 67 ? 68 : port,
      away,
    };
    const answer = (port === 67 ? answerDhcp : answerProxyDhcp)(view, received(sent), arrival);
    for (const change of answer.pool) pool.apply(change);
    for (const event of answer.events) engine.emit(event);
    return answer;
  };
  const ask: DhcpBench['ask'] = (kind, mac, change, options) => send(packet(kind, mac, change, options));
  return {
    engine,
    site,
    pool,
    send,
    ask,
    render: (port) => {
      rendered = port;
    },
    dora: (kind, mac) => {
      const offer = ask(kind, mac).reply?.packet;
      if (offer === undefined) throw new Error('no offer');
      const serverId = offer.options.serverId ?? 0;
      const ack = ask(kind, mac, {}, { messageType: 'request', requestedAddress: offer.yiaddr, serverId });
      if (ack.reply?.packet.options.messageType !== 'ack') throw new Error(ack.reason);
      return ack.reply.packet.yiaddr;
    },
  };
}

/** `offer 10.9.0.100 -> broadcast`, or why there was silence. */
export function shown({ reply, reason }: DhcpAnswer): string {
  if (reply === undefined) return `silence: ${reason}`;
  const { packet: sent, to } = reply;
  const address = sent.yiaddr === 0 ? '' : ` ${renderIpv4(sent.yiaddr)}`;
  const where = to.kind === 'broadcast' ? 'broadcast' : `${renderIpv4(to.address)}:${to.port}`;
  return `${sent.options.messageType}${address} -> ${where}`;
}

import type { EventBody } from '../core/event.ts';
import { getIn } from '../core/shard-map.ts';
import type { DhcpClient } from '../protocols/dhcp/classify-dhcp-client.ts';
import type { DhcpMessage, DhcpPacket } from '../protocols/dhcp/dhcp-message.ts';
import type { PoolView } from './address-pool.ts';
import type { PoolChange } from './apply-pool-change.ts';
import type { BootNet, BootSite } from './boot-site.ts';
import type { BootView } from './gate-question.ts';
import type { Identity, resolveIdentity } from './identity.ts';
import type { PoolAsk } from './pool-state.ts';
import type { Silence } from './silence.ts';

export interface DhcpView extends BootView {
  readonly site: BootSite;
  readonly pool: PoolView;
  /** Who asks, with what is remembered of who asked before. */
  readonly identify?: typeof resolveIdentity;
}

/** Where a packet came from, as far as the socket knows. */
export interface DhcpArrival {
  /** The interface, where one socket serves one; undefined behind a socket for all. */
  readonly iface: string | undefined;
  readonly address: number;
  readonly port: number;
  /** Addresses of ours that are not on this interface now, though the site says so: nothing is of their networks there. */
  readonly away?: ReadonlySet<number> | undefined;
}

export type DhcpTarget =
  | { readonly kind: 'broadcast' }
  | { readonly kind: 'unicast'; readonly address: number; readonly port: number };

export interface DhcpReply {
  readonly packet: DhcpPacket;
  readonly to: DhcpTarget;
  /** Our address on the network that is answered. Where another one of ours was asked, that one answers. */
  readonly from: number;
}

export interface DhcpAnswer {
  /** Absent: silence of this kind, and `reason` says why. */
  readonly reply?: DhcpReply;
  readonly silence?: Silence;
  readonly events: readonly EventBody[];
  readonly pool: readonly PoolChange[];
  readonly reason: string;
  /** Which machine this was, for its packet ring. */
  readonly node?: string;
  /** What of it asked, as the log names it. */
  readonly asker?: string;
  /** For this its pool had no address. */
  readonly short?: PoolAsk;
  /** An address that another server gave to one of ours: later packets from it are that machine's. */
  readonly learned?: { readonly node: string; readonly address: number };
}

/** Everything that is known about one request before it is decided. */
export interface DhcpAsk {
  readonly view: DhcpView;
  readonly message: DhcpMessage;
  readonly arrival: DhcpArrival;
  readonly net: BootNet;
  /** All networks of the link that it came by, `net` among them. */
  readonly link: readonly BootNet[];
  readonly client: DhcpClient;
  readonly identity: Identity;
  /** Of which machine it tells; an address it may get as what it is on the port of one, and tell nothing of that. */
  readonly node: string | undefined;
  /** MAC, or for InfiniBand the client identifier (RFC 4390 2.1). */
  readonly key: string;
  readonly switchPort: string | undefined;
}

export const silence = (kind: Silence, reason: string, more: Partial<DhcpAnswer> = {}): DhcpAnswer => ({
  silence: kind,
  events: [],
  pool: [],
  reason,
  ...more,
});

/** Whose log and packets are to tell of it, though it is another machine, or on the port of that one alone. */
export function toldOf({ identity }: Pick<DhcpAsk, 'identity'>): string | undefined {
  if (identity.is === 'node') return identity.node.name;
  return identity.is === 'conflict' ? identity.poses : undefined;
}

/** A stranger's lease from a time when discovery was on. */
export function hasLease(ask: DhcpAsk): boolean {
  return getIn(ask.view.fleet.leases, ask.key) !== undefined || ask.view.pool.hasLease(ask.key, ask.view.at);
}

export function isDiscovering(ask: DhcpAsk): boolean {
  const { switches } = ask.view.fleet;
  return switches.panic === undefined && switches.discoveryUntil !== undefined && switches.discoveryUntil > ask.view.at;
}

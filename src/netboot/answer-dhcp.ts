import { unreachable } from '../core/result.ts';
import type { DhcpMessage } from '../protocols/dhcp/dhcp-message.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import { answerRequest } from './answer-dhcp-request.ts';
import { isInNet } from './boot-site.ts';
import {
  type DhcpAnswer,
  type DhcpArrival,
  type DhcpAsk,
  type DhcpView,
  hasLease,
  isDiscovering,
  silence,
  toldOf,
} from './dhcp-ask.ts';
import { type BootOffer, bootText, noFileKind, offerBoot } from './dhcp-boot.ts';
import { asked, askerOf, strangerSeen } from './dhcp-evidence.ts';
import { renderReply } from './dhcp-reply.ts';
import { isDoctorProbe, unnoted } from './doctor-probe.ts';
import { fromNoNetwork, whereDhcpIsOff } from './left-unanswered.ts';
import { poolAskOf } from './pool-ask-of.ts';
import type { PoolAsk } from './pool-state.ts';
import { readAsk } from './read-ask.ts';
import { leftToFirst } from './second-server.ts';
import { foreignIdOf, isOwnId } from './server-id.ts';
import type { Silence } from './silence.ts';

/** One packet to port 67: what to send back, what it proves, what it does to the pool; or why nothing is said. */
export function answerDhcp(view: DhcpView, message: DhcpMessage, arrival: DhcpArrival): DhcpAnswer {
  const ask = readAsk(view, message, arrival);
  if ('reason' in ask) return ask.silence === 'network' ? fromNoNetwork(view, message, arrival) : ask;
  const answer = apartText(ask, route(ask));
  if (isDoctorProbe(view.site, message, arrival)) return unnoted(answer);
  const node = ask.node ?? toldOf(ask);
  return node === undefined ? answer : { ...answer, node, asker: askerOf(ask) };
}

/** Its address it gets all the same: a BMC that shares the port of its machine may have no other server. */
function apartText({ node, identity }: DhcpAsk, answer: DhcpAnswer): DhcpAnswer {
  if (node !== undefined || identity.is !== 'node') return answer;
  const apart = `known by the switch port of ${identity.node.name} alone, not by a NIC in its file: taken for no sign of it`;
  return { ...answer, reason: `${answer.reason}; ${apart}` };
}

function route(ask: DhcpAsk): DhcpAnswer {
  const { messageType } = ask.message.options;
  const { dhcp } = ask.net.spec;
  if (dhcp === 'off') return whereDhcpIsOff(ask);
  switch (messageType) {
    case 'discover':
      return dhcp === 'proxy' ? proxyDiscover(ask) : answerDiscover(ask);
    case 'request':
      return answerRequest(ask);
    case 'decline':
      return dhcp === 'proxy' ? silence('other', 'a decline for the other server') : answerDecline(ask);
    case 'release':
      return dhcp === 'proxy' ? silence('other', 'a release for the other server') : answerRelease(ask);
    case 'inform':
      return dhcp === 'proxy' ? silence('other', 'the other server informs') : answerInform(ask);
    case 'offer':
    case 'ack':
    case 'nak':
    case undefined:
      return silence('malformed', `a ${messageType ?? 'message without type'} as a request`);
    default:
      return unreachable(messageType);
  }
}

export function bootFor(ask: DhcpAsk, route: 'dhcp' | 'proxy', proxy: boolean): BootOffer | undefined {
  const { client, identity, view, net } = ask;
  // A system or an installer asks without option 93: boot data would make it look like firmware, to itself and to us.
  if (client.kind === 'os') return undefined;
  return offerBoot(view, { site: view.site, net, client, identity, proxy, route });
}

/** Strangers get nothing at all while discovery is off: not a broken offer, not an address. */
function whyNotServed(ask: DhcpAsk): string | undefined {
  if (ask.identity.is === 'conflict' && ask.node === undefined) return ask.identity.why;
  if (ask.identity.is !== 'stranger' || isDiscovering(ask)) return undefined;
  return `${ask.identity.why}; only noted while discovery is off`;
}

const unservedKind = ({ identity }: DhcpAsk): Silence => (identity.is === 'conflict' ? 'conflict' : 'stranger');

/** Why there is no address for it: its own one first. */
function whyNothing({ net, view }: DhcpAsk, poolAsk: PoolAsk): string {
  const { subnet, pool } = net.spec;
  const share = poolAsk.node === undefined ? 'the share of strangers in the pool' : 'the pool';
  const left = pool === undefined ? `${subnet} has no pool` : `${share} of ${subnet} is used up`;
  const own = view.pool.whyNotFixed(poolAsk);
  if (poolAsk.fixed === undefined || own === undefined) return `no free address: ${left}`;
  return `its ip ${renderIpv4(poolAsk.fixed)} cannot be given: ${own}; and ${left}`;
}

function answerDiscover(ask: DhcpAsk): DhcpAnswer {
  const why = whyNotServed(ask);
  if (why !== undefined) return silence(unservedKind(ask), why, { events: [strangerSeen(ask)] });
  const early = leftToFirst(ask);
  if (early !== undefined) return early;
  const boot = bootFor(ask, 'dhcp', false);
  if (boot?.is === 'silent') return silence('gate', boot.reason, { events: [asked(ask, boot)] });
  const poolAsk = poolAskOf(ask);
  const address = ask.view.pool.choose(poolAsk);
  if (address === undefined) {
    const full = whyNothing(ask, poolAsk);
    return silence('pool', full, {
      events: [asked(ask, undefined, { of: 'address', why: full })],
      ...(poolAsk.node === undefined ? {} : { short: poolAsk }),
    });
  }
  const { leaseSeconds } = ask.net.spec;
  const reply = renderReply(ask, { type: 'offer', address, leaseSeconds, boot });
  return {
    reply,
    events: [asked(ask, boot)],
    pool: [{ do: 'offer', address, ask: poolAsk, serverId: foreignIdOf(ask) }],
    reason: `offered ${renderIpv4(address)}${bootText(boot)}`,
  };
}

/** Addresses are another server's: only firmware of machines that may boot hears us, and only about booting. */
function proxyDiscover(ask: DhcpAsk): DhcpAnswer {
  if (ask.client.kind === 'os') {
    // Its kernel is up: worth knowing, although the other server answers.
    return silence('other', 'the other server gives the address', {
      events: ask.node === undefined ? [] : [asked(ask, undefined)],
    });
  }
  const why = whyNotServed(ask);
  if (why !== undefined) return silence(unservedKind(ask), why, { events: [strangerSeen(ask)] });
  const early = leftToFirst(ask);
  if (early !== undefined) return early;
  const boot = bootFor(ask, 'dhcp', true);
  const events = [asked(ask, boot)];
  if (boot?.is !== 'file') return silence(noFileKind(boot), boot?.reason ?? 'nothing to boot', { events });
  return {
    reply: renderReply(ask, { type: 'offer', address: 0, boot, bare: true }),
    events,
    pool: [],
    reason: `proxy offer: ${boot.offered} (${boot.reason})`,
  };
}

function answerDecline(ask: DhcpAsk): DhcpAnswer {
  const { requestedAddress, serverId } = ask.message.options;
  if (serverId !== undefined && !isOwnId(ask, serverId)) return silence('other', 'a decline for another server');
  const held =
    requestedAddress === undefined ? undefined : ask.view.pool.heldBy(ask.key, requestedAddress, ask.view.at);
  if (requestedAddress === undefined || held === undefined) {
    return silence('unheld', 'a decline of an address that it does not hold');
  }
  const address = renderIpv4(requestedAddress);
  return silence('undue', `${address} is in use by somebody else: kept back for 10 minutes`, {
    events: [
      ...(held.leased ? [{ type: 'lease.ended', mac: ask.key, address, why: 'declined' } as const] : []),
      ...(ask.node === undefined
        ? []
        : [{ type: 'address.contested', node: ask.node, address, how: 'declined' } as const]),
    ],
    pool: [{ do: 'decline', net: ask.net, address: requestedAddress, key: ask.key, at: ask.view.at }],
  });
}

function answerRelease(ask: DhcpAsk): DhcpAnswer {
  const { ciaddr, options } = ask.message;
  const held = ask.view.pool.heldBy(ask.key, ciaddr, ask.view.at);
  if (options.serverId !== undefined && !isOwnId(ask, options.serverId))
    return silence('other', 'a release for another server');
  if (held === undefined) return silence('unheld', 'a release of an address that it does not hold');
  const address = renderIpv4(ciaddr);
  return silence('undue', `released ${address}`, {
    events: held.leased ? [{ type: 'lease.ended', mac: ask.key, address, why: 'released' }] : [],
    pool: [{ do: 'free', address: ciaddr, key: ask.key }],
  });
}

/** RFC 2131 4.3.5: options for an address that it has already; no lease, no yiaddr. */
function answerInform(ask: DhcpAsk): DhcpAnswer {
  if (ask.message.ciaddr === 0) return silence('malformed', 'an inform without an address');
  // Whoever may choose where the answer goes could aim it at a third party.
  if (!isInNet(ask.net, ask.message.ciaddr)) return silence('network', 'an inform from an address of another network');
  if (ask.identity.is === 'stranger' && !hasLease(ask) && !isDiscovering(ask))
    return silence('stranger', ask.identity.why);
  const boot = bootFor(ask, 'dhcp', false);
  const events = ask.node === undefined || ask.client.kind !== 'os' ? [] : [asked(ask, undefined)];
  return { reply: renderReply(ask, { type: 'ack', address: 0, boot }), events, pool: [], reason: 'informed' };
}

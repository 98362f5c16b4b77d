import type { NotAtIp } from '../core/phase.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import type { PoolChange } from './apply-pool-change.ts';
import { isInNet } from './boot-site.ts';
import { type DhcpAnswer, type DhcpAsk, hasLease, isDiscovering, silence } from './dhcp-ask.ts';
import { type BootOffer, bootText, offerBoot } from './dhcp-boot.ts';
import { asked, leaseGranted, strangerSeen, took } from './dhcp-evidence.ts';
import { renderReply } from './dhcp-reply.ts';
import { ownAddress } from './nets-of-ask.ts';
import { poolAskOf } from './pool-ask-of.ts';
import type { PoolAsk } from './pool-state.ts';
import { foreignIdOf, isOwnId } from './server-id.ts';
import { tookRival } from './took-rival.ts';

/** In which state a client says REQUEST (RFC 2131 table 4). */
type RequestState = 'selecting' | 'initReboot' | 'renewing';

function stateOf({ message }: DhcpAsk): RequestState | string {
  const { serverId, requestedAddress } = message.options;
  if (serverId !== undefined) return requestedAddress === undefined ? 'a REQUEST that names no address' : 'selecting';
  if (message.ciaddr !== 0) return 'renewing';
  return requestedAddress === undefined ? 'a REQUEST that names neither server nor address' : 'initReboot';
}

export function answerRequest(ask: DhcpAsk): DhcpAnswer {
  const state = stateOf(ask);
  const { serverId, requestedAddress } = ask.message.options;
  if (serverId !== undefined && !isOwnId(ask, serverId)) return tookAnother(ask, serverId, requestedAddress);
  if (ask.net.spec.dhcp === 'proxy') return overheard(ask);
  if (state !== 'selecting' && state !== 'initReboot' && state !== 'renewing') return silence('malformed', state);
  const { ciaddr } = ask.message;
  const address = state === 'renewing' ? ciaddr : (requestedAddress ?? 0);
  const served = ask.identity.is === 'node' || ask.node !== undefined || isDiscovering(ask) || hasLease(ask);
  if (!served) {
    return silence('stranger', 'a stranger; only noted while discovery is off', { events: [strangerSeen(ask)] });
  }
  return decide(ask, state, address);
}

function decide(ask: DhcpAsk, state: RequestState, address: number): DhcpAnswer {
  const poolAsk = poolAskOf(ask);
  const { pool, at } = ask.view;
  const text = renderIpv4(address);
  if (!isInNet(ask.net, address)) return refuse(ask, `${text} is not of ${ask.net.spec.subnet}`);
  const may = pool.mayHave(poolAsk, address);
  if (!may.ok) return refuse(ask, `${text}: ${may.why}`);
  if (pool.heldBy(ask.key, address, at) === undefined && !pool.isSeenAt(poolAsk, address)) {
    // Unknown to us: for a stranger another server may be right; a machine of ours must ask anew.
    if (ask.node === undefined && ask.identity.is !== 'node')
      return silence('unheld', `${text} was never leased to this stranger`);
    const chosen = ownAddress(ask, poolAsk) ?? pool.choose(poolAsk);
    if (chosen !== address)
      return refuse(
        ask,
        `${text} is not what it gets here: that is ${chosen === undefined ? 'nothing' : renderIpv4(chosen)}`,
      );
  } else if (state === 'initReboot') {
    // The inventory gives it another address by now, and a boot is the time to move.
    const own = ownAddress(ask, poolAsk);
    if (own !== undefined && own !== address) return refuse(ask, `the inventory gives it ${renderIpv4(own)}`);
  }
  return grant(ask, poolAsk, address);
}

function grant(ask: DhcpAsk, poolAsk: PoolAsk, address: number): DhcpAnswer {
  const boot = bootOf(ask, false);
  const { leaseSeconds } = ask.net.spec;
  const until = ask.view.at + leaseSeconds * 1000;
  const notAtIp = poolAsk.fixed === undefined || poolAsk.fixed === address ? undefined : notFixed(ask, poolAsk);
  const instead = notAtIp === undefined ? '' : `, and not its ip ${notAtIp.ip}: ${notAtIp.why}`;
  // Nothing was given to it: it asks still.
  if (boot?.is === 'silent') return silence('gate', boot.reason, { events: [asked(ask, boot)] });
  return {
    reply: renderReply(ask, { type: 'ack', address, leaseSeconds, boot, serverId: ask.message.options.serverId }),
    // A lease says who speaks from that address: what a NIC says of itself is no reason to name its machine.
    events:
      poolAsk.node !== undefined && poolAsk.node === ask.node
        ? [took(ask, address, boot, 'dhcp', { until, notAtIp })]
        : [leaseGranted(ask, address, until, poolAsk.node), took(ask, address, boot, 'dhcp')],
    pool: [{ do: 'lease', address, ask: poolAsk, until, serverId: foreignIdOf(ask) }],
    reason: `leased ${renderIpv4(address)} for ${leaseSeconds} s${instead}${bootText(boot)}`,
  };
}

function notFixed({ view }: DhcpAsk, poolAsk: PoolAsk): NotAtIp | undefined {
  const why = view.pool.whyNotFixed(poolAsk);
  return why === undefined || poolAsk.fixed === undefined ? undefined : { ip: renderIpv4(poolAsk.fixed), why };
}

function bootOf(ask: DhcpAsk, proxy: boolean): BootOffer | undefined {
  const { client, identity, view, net } = ask;
  if (client.kind === 'os') return undefined;
  return offerBoot(view, { site: view.site, net, client, identity, proxy, route: 'dhcp' });
}

function refuse(ask: DhcpAsk, reason: string): DhcpAnswer {
  const { serverId } = ask.message.options;
  return {
    reply: renderReply(ask, { type: 'nak', address: 0, message: 'address not available', serverId }),
    events: [],
    pool: dropOffers(ask),
    reason: `refused: ${reason}`,
  };
}

/** Which of the networks of its link an offer was of does not stand in what it says now. */
const dropOffers = ({ link, key }: DhcpAsk): readonly PoolChange[] =>
  link.map((net) => ({ do: 'dropOffer', net, key }));

/** It took another server's offer: ours is free at once. Where we are meant to be alone, that server is a rival. */
function tookAnother(ask: DhcpAsk, server: number, address: number | undefined): DhcpAnswer {
  if (ask.net.spec.dhcp === 'proxy') return overheard(ask);
  return silence('other', `it took the offer of ${renderIpv4(server)}`, {
    events: tookRival(ask, server, address),
    pool: dropOffers(ask),
    ...learnedFrom(ask, address),
  });
}

function learnedFrom(ask: DhcpAsk, address: number | undefined): Pick<DhcpAnswer, 'learned'> {
  return ask.node === undefined || address === undefined ? {} : { learned: { node: ask.node, address } };
}

/** Beside another server: its client tells everybody which address it takes, and that is all we need. */
function overheard(ask: DhcpAsk): DhcpAnswer {
  const { options, ciaddr } = ask.message;
  const address = ciaddr === 0 ? options.requestedAddress : ciaddr;
  if (ask.node === undefined || address === undefined) return silence('other', 'a REQUEST for the other server');
  const boot = bootOf(ask, true);
  // UEFI over TFTP comes to port 4011 next; iPXE and UEFI HTTP boot never do. Whom we leave alone got nothing to boot.
  const event = boot?.is === 'silent' ? asked(ask, boot) : took(ask, address, boot, 'proxy');
  return silence('other', 'a REQUEST for the other server', { events: [event], ...learnedFrom(ask, address) });
}

import { nodeOf } from '../core/fleet.ts';
import { hasMac } from '../core/own-nic.ts';
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
import { inPool, outsidePool, type PoolAsk } from './pool-state.ts';
import { leftToFirst } from './second-server.ts';
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
  const { pool } = ask.view;
  const text = renderIpv4(address);
  // What it has from us is ours to answer; any other address may be the first server's, to give and to refuse.
  const isOurs = state === 'selecting' || pool.heldBy(ask.key, address, ask.view.at) !== undefined;
  const left = () => (isOurs ? undefined : leftToFirst(ask));
  const refused = (why: string) => left() ?? refuse(ask, why);
  if (!isInNet(ask.net, address)) return refused(`${text} is not of ${ask.net.spec.subnet}`);
  const may = pool.mayHave(poolAsk, address);
  if (!may.ok) return refused(`${text}: ${may.why}`);
  if (!isItsOwn(ask, poolAsk, address) && !(state === 'renewing' && speaksFrom(ask, address))) {
    // Unknown to us: for a stranger another server may be right; a machine of ours must ask anew.
    if (ask.node === undefined && ask.identity.is !== 'node')
      return silence('unheld', `${text} was never leased to this stranger`);
    const chosen = ownAddress(ask, poolAsk) ?? pool.choose(poolAsk);
    if (chosen !== address)
      return refused(
        `${text} is not what it gets here: that is ${chosen === undefined ? 'nothing' : renderIpv4(chosen)}`,
      );
  } else if (state === 'initReboot') {
    // The inventory gives it another address by now, and a boot is the time to move.
    const own = ownAddress(ask, poolAsk);
    if (own !== undefined && own !== address) return refused(`the inventory gives it ${renderIpv4(own)}`);
  }
  return left() ?? grant(ask, poolAsk, address);
}

/** It has it from us, or was seen there. */
const isItsOwn = ({ key, view }: DhcpAsk, poolAsk: PoolAsk, address: number): boolean =>
  view.pool.heldBy(key, address, view.at) !== undefined || view.pool.isSeenAt(poolAsk, address);

/**
 * A machine of the inventory that runs at an address has it from a server before us: to take that away would move it while
 * it works. A relay speaks for who rebinds. Who has another one from us is not moved by a packet in its name; an offer that it
 * did not take it has not.
 */
function speaksFrom({ identity, key, message, arrival, net, view }: DhcpAsk, address: number): boolean {
  if (identity.is !== 'node' || !hasMac(identity.node, key)) return false;
  if (message.giaddr === 0 && arrival.address !== address) return false;
  const other = view.pool.heldIn(net, key, view.at);
  return other === undefined || view.pool.heldBy(key, other, view.at)?.leased !== true;
}

function grant(ask: DhcpAsk, poolAsk: PoolAsk, address: number): DhcpAnswer {
  const boot = bootOf(ask, false);
  const { leaseSeconds } = ask.net.spec;
  const until = ask.view.at + leaseSeconds * 1000;
  const notAtIp = poolAsk.fixed === address ? undefined : elsewhere(ask, poolAsk, address);
  const instead =
    notAtIp === undefined ? '' : `, ${notAtIp.ip === undefined ? '' : `and not its ip ${notAtIp.ip}: `}${notAtIp.why}`;
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

/** What it has is not what it would be given. A machine with its `ip:` in another network is told to move by nothing here. */
function elsewhere({ view, net }: DhcpAsk, poolAsk: PoolAsk, address: number): NotAtIp | undefined {
  const { fixed, node } = poolAsk;
  if (fixed === undefined) {
    if (node === undefined || inPool(net, address)) return undefined;
    return nodeOf(view.fleet, node)?.spec.network.ip === undefined ? { why: outsidePool(net) } : undefined;
  }
  const why = view.pool.whyNotFixed(poolAsk);
  return why === undefined ? undefined : { ip: renderIpv4(fixed), why };
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
    pool: [...dropOffers(ask), { do: 'served', key: ask.key }],
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

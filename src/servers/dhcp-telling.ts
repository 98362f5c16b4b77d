import type { EventBody } from '../core/event.ts';
import { leaseIn } from '../core/lease.ts';
import { UNSERVED_ADVICE } from '../core/unserved.ts';
import type { DhcpAnswer } from '../netboot/dhcp-ask.ts';
import { asOneExchange, mayWaitForLease } from '../netboot/one-exchange.ts';
import type { UnbelievedPort } from '../netboot/unbelieved-port.ts';
import type { DhcpMessage } from '../protocols/dhcp/dhcp-message.ts';
import { renderIpv4 } from '../protocols/ipv4.ts';
import { createHeldTellings } from './held-tellings.ts';
import { createRateGate } from './rate-gate.ts';
import type { BootParts } from './server-parts.ts';
import { tellContested } from './tell-contested.ts';

/** What DHCP tells of its answers: events and lines of the log, no more of each machine than says anything. */
export interface DhcpTelling {
  /** The offer that this REQUEST takes. Whatever else is asked meanwhile is answered in the light of what was asked before. */
  readonly untold: (message: DhcpMessage) => DhcpAnswer | undefined;
  /** `before`: the offer that was taken, and not told yet. */
  readonly tell: (message: DhcpMessage, answer: DhcpAnswer, before?: DhcpAnswer) => void;
  readonly tellAlone: (answer: DhcpAnswer) => void;
  /** False: it has to be told now. */
  readonly hold: (message: DhcpMessage, answer: DhcpAnswer) => boolean;
  /** Codes of options that did not fit into what this machine takes. */
  readonly tellLeftOut: (message: DhcpMessage, answer: DhcpAnswer, codes: readonly number[]) => void;
  /** What a switch of our own wire wrote is not believed there. */
  readonly tellUnbelieved: (iface: string | undefined, port: UnbelievedPort) => void;
  readonly eventsCut: () => number;
  /** Tells what it has not told yet. */
  readonly stop: () => void;
}

/** A network whose pool is used up is told of once, however many machines ask there for however long. */
const UNSERVED_TELLING = { burst: 1, perSecond: 1 / 600, totalBurst: 20, totalPerSecond: 0.1 };
/** A machine asks a dozen times in a bad boot, and there are only so many. Strangers share what a person could read. */
const NODE_LIMITS = { burst: 40, perSecond: 5, totalBurst: Number.MAX_SAFE_INTEGER, totalPerSecond: 0 };
/** Of one machine once in an hour: each boot would tell it four times. */
const LEFT_OUT_LIMITS = { burst: 1, perSecond: 1 / 3600, totalBurst: 20, totalPerSecond: 0.1 };
/** Of one interface once in a day, and once more where it is the port of a machine on record. */
const UNBELIEVED_LIMITS = { burst: 1, perSecond: 1 / 86_400, totalBurst: 20, totalPerSecond: 0.01 };
/** Everybody takes as much (RFC 2131 2). */
const LEAST_BYTES = 576;
/** Machines name another server in each REQUEST to it. */
const RIVAL_LIMITS = { burst: 5, perSecond: 0.2, totalBurst: 100, totalPerSecond: 10 };
const STRANGER_LIMITS = { burst: 5, perSecond: 0.2, totalBurst: 200, totalPerSecond: 20 };

export function createDhcpTelling({ engine, onLog }: Pick<BootParts, 'engine' | 'onLog'>): DhcpTelling {
  const nodes = createRateGate(NODE_LIMITS);
  const strangers = createRateGate(STRANGER_LIMITS);
  const rivals = createRateGate(RIVAL_LIMITS);
  const unserved = createRateGate(UNSERVED_TELLING);
  const leftOut = createRateGate(LEFT_OUT_LIMITS);
  const unbelieved = createRateGate(UNBELIEVED_LIMITS);

  const tellUnserved = (why: string, at: number): void => {
    if (unserved.pass(why, at))
      onLog({
        at,
        node: '',
        source: 'dhcp',
        level: 'warn',
        text: `unknown machines get no answer: ${why}. ${UNSERVED_ADVICE}`,
      });
  };

  const tellOne = ({ events, reason, node, asker }: DhcpAnswer, relay = 0, mac = ''): void => {
    const at = engine.now();
    const isHeard = node === undefined || nodes.pass(node, at);
    for (const event of events) {
      if (event.type === 'stranger.seen') {
        if (event.unserved !== undefined) tellUnserved(event.unserved, at);
        if (!strangers.pass(event.mac, at)) continue;
      }
      if (event.type === 'rival.heard' && !rivals.pass(event.server, at)) continue;
      const told = isHeard ? event : leaseAlone(event);
      if (told?.type === 'address.contested') tellContested({ engine, onLog }, told);
      else if (told !== undefined) engine.emit(told);
    }
    // Nobody looks for it where nothing answers, but where it is waited for.
    const level = events[0]?.type === 'dhcp.leftUnanswered' ? 'warn' : 'info';
    if (node !== undefined && isHeard) onLog({ at, node, source: 'dhcp', level, text: `${asker}: ${reason}` });
    if (node !== undefined || events.length > 0 || relay === 0) return;
    // A relay that the site does not know carries a whole rack, and nothing else tells of it.
    const from = renderIpv4(relay);
    if (strangers.pass(from, at))
      onLog({
        at,
        node: '',
        source: 'dhcp',
        level: 'warn',
        text: `relay ${from} is not answered (${mac} asks): ${reason}`,
      });
  };
  const held = createHeldTellings(tellOne);

  return {
    untold: ({ mac, xid, options }) => {
      const before = held.take(mac);
      if (before === undefined || (before.xid === xid && options.messageType === 'request')) return before?.answer;
      tellOne(before.answer);
      return undefined;
    },
    tell: ({ giaddr, mac }, answer, before) => {
      const whole = before === undefined ? undefined : asOneExchange(engine.fleet(), before, answer);
      if (before !== undefined && whole === undefined) tellOne(before);
      tellOne(whole ?? answer, giaddr, mac);
    },
    tellAlone: tellOne,
    hold: ({ mac, xid }, answer) => {
      if (mac === '' || !mayWaitForLease(engine.fleet(), answer)) return false;
      held.hold(mac, { xid, answer });
      return true;
    },
    tellLeftOut: ({ mac, options }, { node = '' }, codes) => {
      const at = engine.now();
      if (!leftOut.pass(mac, at)) return;
      const room = Math.max(options.maxMessageSize ?? 0, LEAST_BYTES);
      const which = `option${codes.length === 1 ? '' : 's'} ${codes.join(', ')}`;
      const text = `${mac} got its answer without ${which}: it takes ${room} bytes; shorten what \`options:\` gives it`;
      onLog({ at, node, source: 'dhcp', level: 'warn', text });
    },
    tellUnbelieved: (iface = 'this wire', { port, isKnown }) => {
      const at = engine.now();
      if (!unbelieved.pass(`${iface} ${isKnown}`, at)) return;
      const whose = isKnown ? ', where a machine of the inventory is on record' : '';
      const text = `what machines ask on ${iface} names a switch port (option 82: ${port}${whose}); it is not believed there, as they could write it themselves: if the switches write it (DHCP snooping), \`snooping: true\` for that network in _site.yaml believes it`;
      onLog({ at, node: '', source: 'dhcp', level: isKnown ? 'warn' : 'info', text });
    },
    eventsCut: () => nodes.dropped() + strangers.dropped(),
    stop: held.flush,
  };
}

/** Leases are state, and always told: of a machine that shouts, without the rest of what it says. */
function leaseAlone(event: EventBody): EventBody | undefined {
  if (event.type === 'lease.granted' || event.type === 'lease.ended') return event;
  const lease = leaseIn(event);
  return lease === undefined ? undefined : { type: 'lease.granted', ...lease };
}

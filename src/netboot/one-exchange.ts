import type { EventBody, FirmwareAsk } from '../core/event.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import type { DhcpAnswer } from './dhcp-ask.ts';

/**
 * An offer whose telling may wait for the lease that most clients take at once. Never that of an armed machine, of which
 * all is known at once, and never one that tells of a trouble.
 */
export function mayWaitForLease(fleet: Fleet, { node, reply, events }: DhcpAnswer): boolean {
  const [event, ...more] = events;
  if (node === undefined || event === undefined || more.length > 0) return false;
  if (reply?.packet.options.messageType !== 'offer' || isArmed(fleet, node)) return false;
  switch (event.type) {
    case 'dhcp.firmwareAsked':
      return event.conflict === undefined && event.lacks === undefined;
    case 'dhcp.ipxeAsked':
      return event.lacks === undefined;
    default:
      return event.type === 'dhcp.osAsked';
  }
}

const isArmed = (fleet: Fleet, name: string | undefined): boolean =>
  name !== undefined && nodeOf(fleet, name)?.job !== undefined;

/** What an offer and the lease that was taken of it tell together; undefined where each has to tell its own. */
export function asOneExchange(fleet: Fleet, offer: DhcpAnswer, lease: DhcpAnswer): DhcpAnswer | undefined {
  const [asked] = offer.events;
  const [took, ...more] = lease.events;
  if (asked === undefined || took === undefined || more.length > 0 || offer.node !== lease.node) return undefined;
  if (isArmed(fleet, lease.node)) return undefined;
  const whole = inOne(asked, took);
  return whole === undefined ? undefined : { ...lease, events: [whole] };
}

function inOne(asked: EventBody, took: EventBody): EventBody | undefined {
  // iPXE and systems say the same again, and the address.
  if (took.type === 'dhcp.ipxeAsked' || took.type === 'dhcp.osAsked')
    return took.type === asked.type ? took : undefined;
  if (asked.type !== 'dhcp.firmwareAsked' || took.type !== 'dhcp.firmwareTook') return undefined;
  return asked.firmware === took.firmware ? { ...took, asked: restOf(asked) } : undefined;
}

/** Made key by key: an object that is put together from parts takes ten times as long. */
function restOf({ arch, xid, secs, reason, uuid, offered, variant, beside }: FirmwareAsk): FirmwareAsk {
  const rest: { -readonly [K in keyof FirmwareAsk]: FirmwareAsk[K] } = { arch, xid, secs, reason };
  if (uuid !== undefined) rest.uuid = uuid;
  if (offered !== undefined) rest.offered = offered;
  if (variant !== undefined) rest.variant = variant;
  if (beside !== undefined) rest.beside = beside;
  return rest;
}

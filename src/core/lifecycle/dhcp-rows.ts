import { NEW_BOOT_AFTER_MS, openAttempt } from '../attempt.ts';
import type { CauseCode } from '../cause.ts';
import type { EventOf } from '../event.ts';
import type { Health, NodeIn, NodeState } from '../node.ts';
import { mayLackOffer } from '../offered-elsewhere.ts';
import { EARLY_PHASES, IMAGE_PHASES, type PhaseFacts, QUIET_PHASES, SYSTEM_PHASES } from '../phase.ts';
import { askedOn, recounted } from '../silence.ts';
import { MINUTE_MS } from '../time.ts';
import { addressOffered } from './address-offered-row.ts';
import { besideOf, lackOf, withoutLack } from './answer-facts.ts';
import { LOCAL_ASKS_MAX } from './http-rows.ts';
import { learnAddress } from './learn-address.ts';
import { either, enter, failing, goTo, noted, on, opens, type Row, type Step, stays, step } from './move.ts';
import { osAsked } from './os-asked-row.ts';
import { refusedJustNow, rivalAnswered } from './rival-rows.ts';

/**
 * After `local`, UEFI tries its other network entries before the disk: still the same boot. Without a server OVMF needs
 * four minutes for PXEv6, HTTPv4 and HTTPv6 together.
 */
const SAME_BOOT_AFTER_LOCAL_MS = 4 * MINUTE_MS;

type FirmwareAsked = EventOf<'dhcp.firmwareAsked'>;

const ANSWERED_IN_VAIN: ReadonlySet<CauseCode> = new Set<CauseCode>([
  'OFFER_IGNORED',
  'STOPPED_ASKING',
  'POOL_EMPTY',
  'SECOND_SERVER',
  'FIRST_SERVER',
  'LOADER_MISSING',
  'HELD_BACK',
]);

/** Where it lacks an address by all that is heard, another offer of ours is no other chance. */
const isInVain = (node: NodeState, code: CauseCode): boolean =>
  ANSWERED_IN_VAIN.has(code) || (code === 'NO_ADDRESS' && mayLackOffer(node));

function asFirmware(event: FirmwareAsked, asks = 1, askedAt = event.time): PhaseFacts['firmware'] {
  const { arch, firmware, xid } = event;
  const offered = event.offered === undefined ? {} : { offered: event.offered };
  return { arch, firmware, xid, askedAt, asks, ...offered, ...lackOf(event), ...besideOf(event) };
}

function learnFirmware(node: NodeState, event: FirmwareAsked): Step {
  const base = event.uuid === undefined ? node.seen : { ...node.seen, uuid: event.uuid };
  const seen = { ...base, mac: event.mac, arch: event.arch, firmware: event.firmware };
  const attempt = node.attempt === undefined ? {} : { attempt: { ...node.attempt, xid: event.xid } };
  const known: NodeState = { ...node, ...attempt, seen, offerVariant: event.variant ?? node.offerVariant };
  if (event.unsure !== undefined && node.job !== undefined && node.health.is !== 'conflict')
    return step(failing(known, 'failed', 'IDENTITY_UNSURE', event.unsure, event.time));
  if (event.conflict === undefined || node.health.is === 'conflict') return step(known);
  const health = { is: 'conflict', code: 'IDENTITY_CONFLICT', since: event.time, detail: event.conflict } as const;
  return step({ ...known, health });
}

const quietFor = (node: NodeState, at: number): number => at - (node.attempt?.lastActivityAt ?? 0);

/** The NIC that took an address asks anew, and none is left for it: it declined that, and has none to fetch a loader with. */
const hasLostIts = ({ seen }: NodeState, { lacks, mac }: FirmwareAsked): boolean =>
  lacks?.of === 'address' && mac === seen.mac;

function askedOnTheWay(node: NodeIn<'firmware' | 'requesting' | 'loader' | 'ipxe'>, event: FirmwareAsked): Step {
  const sameAsk = node.phase.is === 'firmware' && node.phase.xid === event.xid;
  if (!sameAsk && quietFor(node, event.time) > NEW_BOOT_AFTER_MS) {
    const opened = { ...openAttempt(node, event.time, 'rebooted'), phase: node.phase };
    return learnFirmware(goTo(opened, 'firmware', asFirmware(event), event.time, 'wire'), event);
  }
  if (node.phase.is === 'requesting' && hasLostIts(node, event))
    return learnFirmware(goTo(node, 'firmware', asFirmware(event), event.time, 'wire'), event);
  if (node.phase.is !== 'firmware') return step(node);
  const askedAt = sameAsk ? (node.phase.askedAt ?? node.phase.since) : event.time;
  // The clock gave up one offer; the next one has its own 40 s and three asks.
  const untried = node.health.is === 'stalled' && isInVain(node, node.health.code) && event.offered !== undefined;
  if (untried && event.variant === node.offerVariant) {
    const facts = askedOn(node.phase, asFirmware(event, 1, askedAt));
    return learnFirmware(goTo(node, 'firmware', facts, event.time, 'wire'), event);
  }
  const { offered, first: _open, ...before } = withoutLack(node.phase);
  // What was offered stays true while we wait; who is sent to its disk by silence is offered nothing any more.
  const kept = offered === undefined || node.localMissed > 0 ? {} : { offered };
  const phase = { ...before, ...kept, ...asFirmware(event, node.phase.asks + 1, askedAt) };
  return step(recounted({ ...learnFirmware(node, event).node, phase }, event.time));
}

function askedAfterScript(node: NodeIn<'script'>, event: FirmwareAsked): Step {
  // Who comes back more often than it has entries begins anew each time: each such boot is one that missed its disk.
  const entriesLeft = (node.attempt?.localAsks ?? 0) < LOCAL_ASKS_MAX;
  const soon = event.time - node.phase.since < SAME_BOOT_AFTER_LOCAL_MS;
  const sameBoot = node.phase.answer === 'local' && soon && entriesLeft;
  const base = sameBoot ? node : { ...openAttempt(node, event.time, 'rebooted'), phase: node.phase };
  return learnFirmware(goTo(base, 'firmware', asFirmware(event), event.time, 'wire'), event);
}

const firmwareAsked: Row<'dhcp.firmwareAsked'> = {
  ...on(
    QUIET_PHASES,
    opens<'dhcp.firmwareAsked', 'firmware'>('firmware', (event) => asFirmware(event), learnFirmware),
  ),
  powering: enter('firmware', (event) => asFirmware(event), learnFirmware),
  ...on(EARLY_PHASES, either('stays | -> firmware (new attempt) after 20 s of quiet', askedOnTheWay)),
  requesting: either('stays | -> firmware, its address lost, or (new attempt) after 20 s of quiet', askedOnTheWay),
  script: either('-> firmware (new attempt, unless answered local)', askedAfterScript),
  ...on(
    [...IMAGE_PHASES, ...SYSTEM_PHASES],
    either('-> firmware (new attempt) | stays, the same request again', askedAfresh),
  ),
};

/** A running kernel, or iPXE that loads one, is in no firmware: this is a new boot, however soon it comes. */
function askedAfresh(node: NodeState, event: FirmwareAsked): Step {
  if (node.attempt?.xid === event.xid) return step(node);
  const opened = { ...openAttempt(node, event.time, 'rebooted'), phase: node.phase };
  return learnFirmware(goTo(opened, 'firmware', asFirmware(event), event.time, 'wire'), event);
}

type FirmwareTook = EventOf<'dhcp.firmwareTook'>;

function asRequesting(event: FirmwareTook): PhaseFacts['requesting'] {
  const bootFile = event.bootFile === undefined ? {} : { bootFile: event.bootFile };
  const port4011 = event.port4011 === undefined ? {} : { port4011: event.port4011 };
  return { firmware: event.firmware, address: event.address, ...bootFile, ...lackOf(event), ...port4011 };
}

/** A rival's NAK may be heard before the REQUEST that it answers is told. */
function learnTaken(node: NodeState, event: FirmwareTook): Step {
  return step(refusedJustNow(learnAddress(node, event).node, event));
}

/** The boot file that it fetches next shows which answer it took; until then the rival's is remembered. */
function besideRival(event: FirmwareTook, { health }: NodeState): PhaseFacts['requesting'] {
  const code = health.is === 'stalled' ? health.code : undefined;
  if (health.is === 'ok' || (code !== 'RIVAL_PXE' && code !== 'OWN_ADDRESS')) return asRequesting(event);
  return { ...asRequesting(event), rival: health.detail, ...(code === 'OWN_ADDRESS' ? { isTwin: true } : {}) };
}

const firmwareTook: Row<'dhcp.firmwareTook'> = {
  ...on(QUIET_PHASES, opens<'dhcp.firmwareTook', 'requesting'>('requesting', asRequesting, learnAddress)),
  ...on(
    ['powering', 'firmware'] as const,
    enter<'dhcp.firmwareTook', 'requesting'>('requesting', besideRival, learnTaken),
  ),
  requesting: stays((node, event) => {
    // Its REQUEST may come again after it asked the boot server.
    const came = node.phase.port4011 === true ? { port4011: true } : {};
    return { ...node, phase: { ...withoutLack(node.phase), ...asRequesting(event), ...came } };
  }),
  ...on(['loader', 'ipxe', 'script', ...IMAGE_PHASES] as const, noted),
  ...on(
    SYSTEM_PHASES,
    either('-> requesting (new attempt) | stays within 20 s', (node: NodeState, event: FirmwareTook) =>
      quietFor(node, event.time) <= NEW_BOOT_AFTER_MS
        ? step(node)
        : learnAddress(
            goTo(
              { ...openAttempt(node, event.time, 'rebooted'), phase: node.phase },
              'requesting',
              asRequesting(event),
              event.time,
              'wire',
            ),
            event,
          ),
    ),
  ),
};

type IpxeAsked = EventOf<'dhcp.ipxeAsked'>;

function asIpxe({ address, offered, ...event }: IpxeAsked): PhaseFacts['ipxe'] {
  const given = { ...(address === undefined ? {} : { address }), ...(offered === undefined ? {} : { offered }) };
  return { asks: 1, ...given, ...lackOf(event), ...besideOf(event) };
}

function askedInIpxe(node: NodeIn<'ipxe'>, event: IpxeAsked): NodeState {
  const { offered, refused: _asked, first: _open, ...before } = withoutLack(node.phase);
  const kept = offered === undefined || node.localMissed > 0 ? {} : { offered };
  const phase = { ...before, ...kept, ...asIpxe(event), asks: (node.phase.asks ?? 1) + 1 };
  // What it does with its address has a time of its own, as in firmware.
  if (before.address === undefined && phase.address !== undefined)
    return { ...node, phase: { ...phase, since: event.time }, health: noLongerInVain(node.health) };
  return recounted({ ...node, phase }, event.time);
}

const noLongerInVain = (health: Health): Health =>
  health.is === 'stalled' && ANSWERED_IN_VAIN.has(health.code) ? { is: 'ok' } : health;

function ipxeAgain(node: NodeState, event: IpxeAsked): Step {
  // A machine with iPXE in its ROM may be back seconds after Talos rebooted it.
  if (quietFor(node, event.time) <= NEW_BOOT_AFTER_MS && node.phase.is !== 'rebooting') return step(node);
  const opened = { ...openAttempt(node, event.time, 'rebooted'), phase: node.phase };
  return learnAddress(goTo(opened, 'ipxe', asIpxe(event), event.time, 'wire'), event);
}

const ipxeAsked: Row<'dhcp.ipxeAsked'> = {
  ...on(QUIET_PHASES, opens<'dhcp.ipxeAsked', 'ipxe'>('ipxe', asIpxe, learnAddress)),
  ...on(
    ['powering', 'firmware', 'requesting', 'loader'] as const,
    enter<'dhcp.ipxeAsked', 'ipxe'>('ipxe', asIpxe, learnAddress),
  ),
  ipxe: stays(askedInIpxe),
  ...on(
    ['script', ...IMAGE_PHASES, ...SYSTEM_PHASES] as const,
    either('stays | -> ipxe (new attempt) after 20 s of quiet', ipxeAgain),
  ),
  rebooting: either('-> ipxe (new attempt)', ipxeAgain),
};

export const dhcpRows = {
  'dhcp.firmwareAsked': firmwareAsked,
  'dhcp.firmwareTook': firmwareTook,
  'dhcp.ipxeAsked': ipxeAsked,
  'dhcp.osAsked': osAsked,
  'dhcp.rivalAnswered': rivalAnswered,
  'dhcp.addressOffered': addressOffered,
} as const;

import { contest, uncontest } from './contested.ts';
import type { Event, EventOf } from './event.ts';
import { type Fleet, nodeOf, nodesWithMac, putNode, STRANGERS_KEPT, type Stranger } from './fleet.ts';
import { haltStranger } from './halted-stranger.ts';
import { notAskedAgain } from './health.ts';
import { tellTurnedAway } from './held-back.ts';
import { clockStepped } from './host-clock.ts';
import { keepWaves } from './keep-waves.ts';
import { endLease, grantLease, seenAt } from './lease.ts';
import { hearRival } from './rivals.ts';
import { deleteIn, getIn, type ShardMap, setIn, valuesOf } from './shard-map.ts';
import { withService } from './site-file.ts';
import { clockSlept } from './slept.ts';
import type { TimeMs } from './time.ts';
import { hearUnassigned } from './unassigned.ts';
import type { UnkeptOrder } from './unkept.ts';
import { waveRefused, waveSaved } from './unsaved.ts';
import { pauseWaves, startWave } from './wave.ts';

/** Events that concern the site and not one machine's boot. */
export function reduceSite(fleet: Fleet, event: Event): Fleet {
  switch (event.type) {
    case 'inventory.rejected':
      return { ...fleet, inventory: { ...fleet.inventory, problems: event.problems } };
    case 'store.failed':
      return {
        ...fleet,
        saving: {
          ...(fleet.saving.is === 'failing' ? fleet.saving : { is: 'failing', since: event.time }),
          reason: event.reason,
        },
      };
    case 'store.recovered':
      return { ...overAll(fleet, event.time), saving: { is: 'ok' } };
    case 'store.ordersUnkept':
      return { ...fleet, saving: leaveUnkept(fleet.saving, event.orders) };
    case 'lease.granted': {
      const granted = grantLease(fleet, event);
      const node = event.node === undefined ? undefined : nodeOf(fleet, event.node);
      return node === undefined
        ? granted
        : { ...granted, nodes: setIn(granted.nodes, node.name, seenAt(node, event.mac, event.address)) };
    }
    case 'lease.ended':
      return endLease(fleet, event);
    case 'stranger.seen':
      // Heard by a server that did not know of its new name yet.
      return nodesWithMac(fleet, event.mac).length === 1
        ? fleet
        : { ...fleet, strangers: seeStranger(fleet.strangers, event) };
    case 'stranger.hardwareRead':
      return { ...fleet, strangers: knowStranger(fleet.strangers, event) };
    case 'stranger.halted':
      return { ...fleet, strangers: haltStranger(fleet.strangers, event) };
    case 'clock.stepped':
      return clockStepped(fleet, event);
    case 'clock.slept':
      return clockSlept(fleet, event);
    case 'drift.found': {
      const node = nodeOf(fleet, event.node);
      return node === undefined
        ? fleet
        : { ...fleet, nodes: setIn(fleet.nodes, node.name, { ...node, drift: event.drift }) };
    }
    case 'reports.unassigned':
      return { ...fleet, unassigned: hearUnassigned(fleet.unassigned, event) };
    case 'address.contested':
      return nodeOf(fleet, event.node) === undefined ? fleet : { ...fleet, contested: contest(fleet.contested, event) };
    case 'address.uncontested':
      return fleet.contested === undefined ? fleet : { ...fleet, contested: uncontest(fleet.contested, event) };
    case 'rival.heard':
      return hearRival(fleet, event);
    case 'service.changed':
      return { ...fleet, services: withService(fleet.services, event.service, event.state) };
    case 'site.waveStarted':
      return fleet.waves[event.wave] === undefined
        ? { ...fleet, waves: keepWaves({ ...fleet.waves, [event.wave]: startWave(event) }) }
        : fleet;
    case 'site.waveSaved':
      return waveSaved(fleet, event.wave);
    case 'site.waveRefused':
      return waveRefused(fleet, event.wave, `it could not be stored: ${event.reason}`);
    case 'site.wavePaused':
      return turnWave(fleet, event.wave, 'running', 'paused');
    case 'site.waveResumed':
      return resumeWave(fleet, event);
    case 'site.waveCancelled':
      return turnWave(
        turnWave(turnWave(fleet, event.wave, 'paused', 'cancelled'), event.wave, 'running', 'cancelled'),
        event.wave,
        'stopped',
        'cancelled',
      );
    case 'site.fingerprintTrusted':
      return trustFingerprint(fleet, event);
    case 'site.strangerIgnored': {
      const known = getIn(fleet.strangers, event.mac);
      return known === undefined
        ? fleet
        : { ...fleet, strangers: setIn(fleet.strangers, event.mac, { ...known, ignored: event.ignored }) };
    }
    case 'session.opened':
      return { ...fleet, bmcSessions: { ...fleet.bmcSessions, [sessionKey(event)]: event.bmc } };
    case 'session.closed': {
      // The bare location is how snapshots before 1.0 had it.
      const { [sessionKey(event)]: _closed, [event.location]: _old, ...rest } = fleet.bmcSessions;
      return { ...fleet, bmcSessions: rest };
    }
    default:
      return turnSwitch(fleet, event);
  }
}

function leaveUnkept(saving: Fleet['saving'], orders: readonly UnkeptOrder[]): Fleet['saving'] {
  if (saving.is !== 'failing') return saving;
  const { unkept: _before, ...rest } = saving;
  return orders.length === 0 ? rest : { ...rest, unkept: orders };
}

/** Two iDRACs count their sessions from 1: only with its BMC a location names one. */
const sessionKey = ({ bmc, location }: EventOf<'session.opened' | 'session.closed'>): string => `${bmc}${location}`;

function turnSwitch(fleet: Fleet, event: Event): Fleet {
  const { panic: _panic, discoveryUntil: _until, glass: _glass, ...none } = fleet.switches;
  const { panic, discoveryUntil, glass } = fleet.switches;
  const keep = {
    ...none,
    ...(panic && { panic }),
    ...(discoveryUntil !== undefined && { discoveryUntil }),
    ...(glass && { glass }),
  };
  switch (event.type) {
    case 'site.panicSwitched': {
      const { panic: _was, ...rest } = keep;
      if (!event.on) return { ...tellTurnedAway(fleet, event.time), switches: rest };
      // Pressed again, it goes on from when it was pressed first.
      const waves = pauseWaves(fleet.waves, 'the panic key was pressed; resume the wave when that is over');
      return { ...fleet, waves, switches: { ...rest, panic: panic ?? { since: event.time, by: event.by } } };
    }
    case 'site.discoverySwitched': {
      const { discoveryUntil: _was, ...rest } = keep;
      return { ...fleet, switches: event.until === undefined ? rest : { ...rest, discoveryUntil: event.until } };
    }
    case 'site.glassBroken':
      return { ...fleet, switches: { ...keep, glass: { until: event.until, reason: event.reason, by: event.by } } };
    case 'site.glassMended': {
      const { glass: _was, ...rest } = keep;
      return { ...fleet, switches: rest };
    }
    default:
      return fleet;
  }
}

function seeStranger(strangers: ShardMap<Stranger>, event: EventOf<'stranger.seen'>): ShardMap<Stranger> {
  const { type: _type, time, ...facts } = event;
  const old = getIn(strangers, event.mac);
  const { unserved: _before, unproven, halted, ...known } = old ?? {};
  const isUnproven = event.poses === undefined ? unproven : event.unproven;
  const next: Stranger = {
    firstAt: time,
    ignored: false,
    ...known,
    ...facts,
    ...(isUnproven === undefined ? {} : { unproven: isUnproven }),
    ...(event.asked === 'script' ? { scripted: true } : {}),
    // All but a running system that asks is another boot.
    ...(halted === true && event.asked === 'os' ? { halted } : {}),
    lastAt: time,
    asks: (old?.asks ?? 0) + 1,
  };
  const seen = setIn(strangers, event.mac, next);
  if (seen.size <= STRANGERS_KEPT) return seen;
  let oldest = next;
  // Ties go by MAC, so that a restart from the snapshot forgets the same one.
  for (const one of valuesOf(seen))
    if (one.lastAt < oldest.lastAt || (one.lastAt === oldest.lastAt && one.mac < oldest.mac)) oldest = one;
  return deleteIn(seen, oldest.mac);
}

/** Only of a stranger that is known: reading hardware is no way to fill the memory. */
function knowStranger(strangers: ShardMap<Stranger>, event: EventOf<'stranger.hardwareRead'>): ShardMap<Stranger> {
  const known = getIn(strangers, event.mac);
  if (known === undefined) return strangers;
  const { address, version, disks, serial, uuid, machine, fingerprint } = event;
  return setIn(strangers, event.mac, {
    ...known,
    address,
    disks,
    machine,
    ...(version === undefined ? {} : { talosVersion: version }),
    ...(serial === undefined ? {} : { serial }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  });
}

/** Behind another certificate may stand another BMC: who its machine is counts as unread. */
function trustFingerprint(fleet: Fleet, { node: name, fingerprint }: EventOf<'site.fingerprintTrusted'>): Fleet {
  const trusted: Fleet = { ...fleet, fingerprints: { ...fleet.fingerprints, [name]: fingerprint } };
  const node = nodeOf(fleet, name);
  if (node?.seen.bmcAt === undefined || fleet.fingerprints[name] === fingerprint) return trusted;
  const { bmcAt: _unread, ...seen } = node.seen;
  return { ...trusted, nodes: setIn(trusted.nodes, name, { ...node, seen }) };
}

function turnWave(
  fleet: Fleet,
  id: string,
  from: Fleet['waves'][string]['state'],
  to: Fleet['waves'][string]['state'],
): Fleet {
  const wave = fleet.waves[id];
  if (wave === undefined || wave.state !== from) return fleet;
  const { why: _why, ...rest } = wave;
  return { ...fleet, waves: { ...fleet.waves, [id]: { ...rest, state: to } } };
}

function resumeWave(fleet: Fleet, { wave: id, waitsForErased }: EventOf<'site.waveResumed'>): Fleet {
  const resumed = turnWave(turnWave(fleet, id, 'paused', 'running'), id, 'stopped', 'running');
  const wave = resumed.waves[id];
  if (wave === undefined || resumed === fleet || waitsForErased !== true) return resumed;
  return { ...resumed, waves: { ...resumed.waves, [id]: { ...wave, waitsForErased } } };
}

function overAll(fleet: Fleet, at: TimeMs): Fleet {
  let next = fleet;
  for (const node of valuesOf(fleet.nodes)) {
    const told = notAskedAgain(node, 'our disk saves again', at);
    if (told !== node) next = putNode(next, told);
  }
  return next;
}

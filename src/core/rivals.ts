import type { EventOf } from './event.ts';
import type { Fleet, Rival } from './fleet.ts';
import { newest } from './newest.ts';
import type { Seen, SeenRival } from './seen.ts';
import { MINUTE_MS, type TimeMs } from './time.ts';

const RIVALS_KEPT = 64;

/** So long after its last answer a server is taken for one that still answers: machines ask it only when they boot. */
const FRESH_MS = 10 * MINUTE_MS;

/** The other DHCP servers that were heard of late, the last one first; behind them those that are only said to be there. */
export const freshRivals = (fleet: Fleet, nowMs: TimeMs): readonly Rival[] =>
  Object.values(fleet.rivals)
    .filter((rival) => nowMs - rival.lastAt < FRESH_MS)
    .sort((a, b) => Number(a.isFar === true) - Number(b.isFar === true) || b.lastAt - a.lastAt);

/** An offer tells what a server hands out; its NAK, or a REQUEST that names it, takes nothing back of that. */
export function hearRival(fleet: Fleet, event: EventOf<'rival.heard'>): Fleet {
  const old = fleet.rivals[event.server];
  const rivals = old === undefined ? withRoom(fleet.rivals, event) : fleet.rivals;
  if (rivals === undefined) return fleet;
  return { ...fleet, rivals: { ...rivals, [event.server]: rivalOf(old, event) } };
}

function rivalOf(old: Rival | undefined, event: EventOf<'rival.heard'>): Rival {
  const { server, time } = event;
  const isOffer = event.refuses !== true && event.namedBy === undefined;
  const refusedAt = event.refuses === true ? time : old?.refusedAt;
  const isLate = refusedAt === undefined || time - refusedAt >= FRESH_MS;
  const { offers = '', bootFile } = isOffer ? event : (old ?? {});
  const namedBy = old === undefined || old.namedBy !== undefined ? event.namedBy : undefined;
  const takenAt = event.namedBy === undefined ? old?.takenAt : time;
  const isFar = event.namedBy === undefined ? event.isFar === true && !isHeard(old) : old?.isFar === true;
  return {
    server,
    mac: event.mac === '' ? (old?.mac ?? '') : event.mac,
    offers,
    iface: event.iface === '' ? (old?.iface ?? '') : event.iface,
    ...(bootFile === undefined ? {} : { bootFile }),
    ...(isLate ? {} : { refusedAt }),
    ...(namedBy === undefined ? {} : { namedBy }),
    ...(takenAt === undefined ? {} : { takenAt }),
    ...(isFar ? { isFar: true } : {}),
    ...(event.isTwin === undefined ? {} : { isTwin: event.isTwin }),
    firstAt: old?.firstAt ?? time,
    lastAt: time,
    count: (old?.count ?? 0) + 1,
  };
}

/** The one that says least makes room, of equals the one heard of longest ago; none makes room for one that says less. */
function withRoom(rivals: Fleet['rivals'], event: EventOf<'rival.heard'>): Fleet['rivals'] | undefined {
  const all = Object.values(rivals);
  if (all.length < RIVALS_KEPT) return rivals;
  const weights = all.map((rival) => ({ rival, weight: weightOf(rival, event.time) }));
  const [least] = weights.sort((a, b) => a.weight - b.weight || a.rival.lastAt - b.rival.lastAt);
  if (least === undefined || least.weight > weightOf(rivalOf(undefined, event), event.time)) return undefined;
  const { [least.rival.server]: _gone, ...rest } = rivals;
  return rest;
}

/**
 * Anybody can send us a datagram from anywhere, whoever is on the wire an offer of any server, and a machine may name any
 * server in its REQUEST: what counts is the place where it was heard, and that a machine took something from it.
 */
function weightOf(rival: Rival, nowMs: TimeMs): number {
  const { lastAt, takenAt, isTwin } = rival;
  if (nowMs - lastAt >= FRESH_MS) return 0;
  const isTaken = isTwin === true || (takenAt !== undefined && nowMs - takenAt < FRESH_MS);
  return 1 + Number(isHeard(rival)) + Number(isTaken);
}

const isHeard = (rival: Rival | undefined): boolean =>
  rival !== undefined && rival.namedBy === undefined && rival.isFar === undefined;

/** Of one machine. */
const SEEN_KEPT = 4;

/** What other servers tell a machine is remembered with it: in its REQUEST it names one of them. */
export function noteRival(seen: Seen, event: EventOf<'dhcp.rivalAnswered'>): Seen {
  const { server, bootFile, address, time } = event;
  // It has no name of its own by which it could be told from us.
  if (event.twin !== undefined) return seen;
  const elsewhere = address === undefined ? {} : { elsewhere: address };
  // Its own word tells which server it took, and nothing of what that one answers.
  if (event.took === true || address !== undefined) return { ...seen, ...elsewhere };
  const others = (seen.rivals ?? []).filter((one) => one.server !== server);
  const old = seen.rivals?.find((one) => one.server === server);
  const told = event.refused
    ? { ...old, refusedAt: time }
    : { ...old, ...(bootFile === undefined ? {} : { bootFile }) };
  const rival: SeenRival = { ...told, server, at: event.refused ? (old?.at ?? 0) : time };
  return { ...seen, rivals: newest(others, rival, SEEN_KEPT) };
}

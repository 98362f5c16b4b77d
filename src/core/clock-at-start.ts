import type { EventOf } from './event.ts';
import type { Fleet } from './fleet.ts';
import type { HostBoot } from './host-boot.ts';
import { aheadOf, spanText } from './host-clock.ts';
import { SECOND_MS, type TimeMs } from './time.ts';

type Started = EventOf<'engine.started'>;
export type ClockAtStart = Pick<Started, 'boot' | 'setBackMs' | 'endsEarlierMs' | 'spanUnknown'>;

/** Less than this is how coarse the uptime is told, and how long a start takes. */
const NEAR_MS = SECOND_MS;

/**
 * What a start can know: the time of the last event, how far the host's clock was off it then, what that clock shows now, and
 * which boot of the host it was, with its uptime.
 *
 * In the same boot the uptime tells what has passed since, whatever was done to the clock meanwhile. Only a virtual machine
 * that was paused is not told by it, and shows as a clock that was set forward: what was armed or opened ends as much
 * earlier, as it does when that happens in a run.
 *
 * In another boot nothing tells for how long nobody ran: a clock may have been set back, or have begun where it was
 * saved, by any span. So whatever was confirmed for a time has ended, as no other reading keeps it from living on. Ages harm
 * nobody: they take the reading in which the least time passed, as a host is seldom off for long. All times are moved to
 * where they keep their ages by the clock that is taken over, so none of them lies in the future.
 */
export function clockAtStart(fleet: Fleet, now: TimeMs, boot: HostBoot | undefined): ClockAtStart {
  const noted = boot === undefined ? {} : { boot };
  // Nothing was before.
  if (fleet.at === 0) return noted;
  const counted = boot === undefined ? undefined : countedOn(fleet, boot);
  if (counted === undefined) {
    const { boot: before } = fleet;
    const isNoted = boot !== undefined && before !== undefined && before.at === fleet.startedAt;
    return { ...noted, ...moving(likelyBack(fleet, now)), spanUnknown: isNoted ? 'rebooted' : 'unnoted' };
  }
  const behindMs = counted - now;
  if (Math.abs(behindMs) < NEAR_MS && fleet.at < now) return noted;
  const endsEarlierMs = Math.min(aheadOf(fleet) - behindMs, -behindMs);
  return { ...noted, ...moving(behindMs), ...(endsEarlierMs > 0 ? { endsEarlierMs } : {}) };
}

const moving = (setBackMs: number): Pick<ClockAtStart, 'setBackMs'> => (setBackMs === 0 ? {} : { setBackMs });

/** What the time of the last run would be now; undefined in another boot, or where what the host tells cannot be true. */
function countedOn({ boot: before, startedAt, at }: Fleet, boot: HostBoot): TimeMs | undefined {
  // An older version that ran in between kept the note of a run before it.
  if (before === undefined || before.at !== startedAt || before.id !== boot.id) return undefined;
  const passedMs = boot.uptimeMs - before.uptimeMs;
  if (passedMs < 0 || boot.sleptMs < before.sleptMs - NEAR_MS) return undefined;
  const counted = Math.round(startedAt + passedMs);
  return counted < at - NEAR_MS ? undefined : Math.max(counted, at + 1);
}

/** The clock was put right, or it is still where it was left, or else behind all that is known: as if no time had passed. */
function likelyBack(fleet: Fleet, now: TimeMs): number {
  const sinceMs = (backMs: number): number => now + backMs - fleet.at;
  const [likely] = [0, aheadOf(fleet)].filter((backMs) => sinceMs(backMs) > 0).sort((a, b) => sinceMs(a) - sinceMs(b));
  return likely ?? 1 - sinceMs(0);
}

/** As a line of the log, where it moved anything or could not know. */
export function clockText({ setBackMs = 0, endsEarlierMs = 0, spanUnknown }: ClockAtStart): string | undefined {
  const isMoved = Math.abs(setBackMs) >= NEAR_MS;
  const way = setBackMs > 0 ? 'back' : 'forward';
  const span = spanText(Math.abs(setBackMs));
  if (spanUnknown !== undefined) {
    const ages = isMoved ? `all times are moved ${way} by ${span} to fit it` : 'no time is moved';
    const orders = spanUnknown === 'journalLost' ? GIVEN_SINCE : '';
    return `${UNKNOWN[spanUnknown]}: what was armed and had not begun to write has ended, broken glass and discovery too${orders}; ages go by the clock of this host, ${ages}`;
  }
  if (!isMoved) return undefined;
  const earlier =
    endsEarlierMs < NEAR_MS
      ? ''
      : `; what was armed or opened ends ${spanText(endsEarlierMs)} earlier, as if this host had stood still for so long`;
  const is = setBackMs > 0 ? 'behind' : 'ahead of';
  return `the clock of this host is ${span} ${is} what has passed by its uptime since the last run: all times are moved ${way} with it, so ages ${earlier === '' ? 'and ends ' : ''}stay true${earlier}`;
}

const GIVEN_SINCE =
  ', and waves are cancelled; PANIC, holds and protections that were given since then are not known: give them again';

/** Why it is not known for how long nobody ran, or what was ordered meanwhile. */
export const UNKNOWN: { readonly [K in NonNullable<Started['spanUnknown']>]: string } = {
  rebooted: 'this host was started anew, or is another one, and nobody knows how long that took',
  journalLost:
    'the journal in the state folder is gone, or not all of it is there, so nobody knows what was ordered or cancelled since the last snapshot (or ever, where there is none)',
  unnoted: 'the last run noted no uptime of this host, so nobody knows for how long this program was away',
};

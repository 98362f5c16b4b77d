import type { TimeMs } from '../core/time.ts';

/** Rates are cut at the source: a machine that shouts, or somebody who forges MACs, fills neither journal nor memory. */
export interface RateGate {
  /** May one more of this kind pass now? */
  readonly pass: (key: string, at: TimeMs) => boolean;
  readonly dropped: () => number;
}

export interface RateGateLimits {
  /** Tokens of one key. */
  readonly burst: number;
  readonly perSecond: number;
  /** Of all keys together. */
  readonly totalBurst: number;
  readonly totalPerSecond: number;
}

interface Bucket {
  left: number;
  at: TimeMs;
}

/** So many that were asked for lately, and as many of before. */
const KEYS_KEPT = 8192;

function take(bucket: Bucket, at: TimeMs, burst: number, perSecond: number): boolean {
  bucket.left = Math.min(burst, bucket.left + (Math.max(0, at - bucket.at) / 1000) * perSecond);
  bucket.at = at;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

export function createRateGate({ burst, perSecond, totalBurst, totalPerSecond }: RateGateLimits): RateGate {
  // A bucket that nobody asked for in this time is full again and says no more than none: whoever was here once is not
  // remembered for ever. To put each in its order by time was most of what a gate cost.
  const fullAfterMs = (burst / perSecond) * 1000;
  let fresh = new Map<string, Bucket>();
  let older = fresh;
  let turnedAt = 0;
  const total: Bucket = { left: totalBurst, at: 0 };
  let dropped = 0;
  const bucketOf = (key: string, at: TimeMs): Bucket => {
    const known = fresh.get(key);
    if (known !== undefined) return known;
    if (fresh.size >= KEYS_KEPT || at - turnedAt >= fullAfterMs) {
      older = fresh;
      fresh = new Map();
      turnedAt = at;
    }
    const bucket = older.get(key) ?? { left: burst, at };
    fresh.set(key, bucket);
    return bucket;
  };
  return {
    pass: (key, at) => {
      const may = take(bucketOf(key, at), at, burst, perSecond) && take(total, at, totalBurst, totalPerSecond);
      if (!may) dropped += 1;
      return may;
    },
    dropped: () => dropped,
  };
}

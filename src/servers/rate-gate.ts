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

const KEYS_KEPT = 16_384;

function take(bucket: Bucket, at: TimeMs, burst: number, perSecond: number): boolean {
  bucket.left = Math.min(burst, bucket.left + (Math.max(0, at - bucket.at) / 1000) * perSecond);
  bucket.at = at;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

export function createRateGate(limits: RateGateLimits): RateGate {
  const buckets = new Map<string, Bucket>();
  const total: Bucket = { left: limits.totalBurst, at: 0 };
  let dropped = 0;
  return {
    pass: (key, at) => {
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        bucket = { left: limits.burst, at };
        buckets.set(key, bucket);
        const oldest = buckets.size > KEYS_KEPT ? buckets.keys().next().value : undefined;
        if (oldest !== undefined) buckets.delete(oldest);
      }
      const may =
        take(bucket, at, limits.burst, limits.perSecond) && take(total, at, limits.totalBurst, limits.totalPerSecond);
      if (!may) dropped += 1;
      return may;
    },
    dropped: () => dropped,
  };
}

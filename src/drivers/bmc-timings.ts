import type { PowerAction } from '../core/bmc.ts';

/** Every wait of the BMC drivers, in milliseconds. Tests scale the whole record; nothing else may name a time. */
export interface BmcTimings {
  readonly connectMs: number;
  /** One request from the first byte out to the last byte in: what a slow-loris answer can cost at most. */
  readonly requestMs: number;
  /** A whole read operation: boot progress, power, override. */
  readonly readMs: number;
  /** Identity walks a hundred resources on some BMCs; exporters report up to 54 s. */
  readonly inventoryMs: number;
  /** How long a write may be refused as busy: HPE and Dell refuse changes while the machine is in POST. */
  readonly busyMs: number;
  readonly readBackMs: number;
  readonly readBackPollMs: number;
  readonly powerWaitMs: number;
  readonly powerPollMs: number;
  /** A polite shutdown asks an operating system, which takes its time. */
  readonly shutdownWaitMs: number;
  /** The pause between off and on: capacitors, and BMCs that refuse `On` right after off. */
  readonly offToOnMs: number;
  /** The same for machines that hang on a restart, and are switched off and on instead. */
  readonly restartPauseMs: number;
  /** An iDRAC shows the ejected medium for some seconds. */
  readonly mediaSettleMs: number;
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  /** Waiting for a session slot: AMI and iLO free theirs after 30 s. */
  readonly sessionLimitMs: number;
  /** Deleting the session at the end: nobody waits long for a good-bye. */
  readonly closeMs: number;
  readonly pollJobMs: number;
  readonly pollIdleMs: number;
  readonly pollBackOffMaxMs: number;
}

export const defaultBmcTimings: BmcTimings = {
  connectMs: 10_000,
  requestMs: 30_000,
  readMs: 60_000,
  inventoryMs: 180_000,
  busyMs: 600_000,
  readBackMs: 20_000,
  readBackPollMs: 1_000,
  powerWaitMs: 90_000,
  powerPollMs: 2_000,
  shutdownWaitMs: 300_000,
  offToOnMs: 2_000,
  restartPauseMs: 10_000,
  mediaSettleMs: 3_000,
  retryFirstMs: 1_000,
  retryMaxMs: 30_000,
  sessionLimitMs: 40_000,
  closeMs: 3_000,
  pollJobMs: 5_000,
  pollIdleMs: 60_000,
  pollBackOffMaxMs: 300_000,
};

/**
 * The longest that one order may take here, with what may come before it on the same BMC: a login that waits for its turn,
 * and one reading of who it is.
 */
export function longestOrderMs(what: PowerAction | 'identify' | 'locate', timings = defaultBmcTimings): number {
  const { powerWaitMs, shutdownWaitMs, offToOnMs, restartPauseMs, readMs, readBackMs, inventoryMs, sessionLimitMs } =
    timings;
  const before = sessionLimitMs + inventoryMs + readMs;
  switch (what) {
    case 'on':
    case 'forceOff':
      return before + readMs + powerWaitMs;
    case 'off':
      return before + readMs + shutdownWaitMs;
    case 'cycle':
      return before + 2 * (readMs + powerWaitMs) + offToOnMs;
    case 'reset':
      // One that knows no restart is switched off and on, after it was asked.
      return before + 3 * (readMs + powerWaitMs) + restartPauseMs;
    case 'identify':
      return before + readMs + inventoryMs;
    case 'locate':
      return before + readMs + readBackMs;
  }
}

/** `factor` 0.01 makes a test of a minute out of a hundred. Connection times keep a floor: loopback has a speed too. */
export function scaleBmcTimings(factor: number, base: BmcTimings = defaultBmcTimings): BmcTimings {
  const scaled = Object.fromEntries(
    Object.entries(base).map(([name, ms]: [string, number]) => [name, Math.max(1, Math.round(ms * factor))]),
  ) as unknown as BmcTimings;
  return { ...scaled, connectMs: Math.max(500, scaled.connectMs), requestMs: Math.max(500, scaled.requestMs) };
}

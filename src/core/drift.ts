import type { Actor } from './job.ts';
import type { TimeMs } from './time.ts';

/** Where the inventory says one thing and the machine another. Found by the engine, kept in the node's state. */

export type DriftField =
  | 'mac'
  | 'uuid'
  | 'serial'
  | 'boardSerial'
  | 'bmcSerial'
  | 'hostName'
  | 'address'
  | 'version'
  | 'schematic'
  | 'config'
  | 'disk';

/** What brings wish and observation together again. */
export type DriftAction = 'applyConfig' | 'reinstall' | 'adopt' | 'inspect' | 'ignore';

export interface Drift {
  readonly field: DriftField;
  readonly desired: string;
  readonly observed: string;
  /** Best first. */
  readonly actions: readonly DriftAction[];
  /** What is to be known before one of them is done. */
  readonly note?: string;
}

/** Somebody looked at this difference and let it be: with these two values, and with no others. */
export interface IgnoredDrift {
  readonly field: DriftField;
  readonly desired: string;
  readonly observed: string;
  readonly by: Actor;
  readonly at: TimeMs;
}

interface WithDrift {
  readonly drift?: readonly Drift[];
  readonly driftIgnored?: readonly IgnoredDrift[];
}

export function ignoredBy(node: WithDrift, drift: Drift): IgnoredDrift | undefined {
  return node.driftIgnored?.find(
    (one) => one.field === drift.field && one.desired === drift.desired && one.observed === drift.observed,
  );
}

/** Differences that nobody has looked at yet. */
export function openDrift(node: WithDrift): readonly Drift[] {
  return (node.drift ?? []).filter((one) => ignoredBy(node, one) === undefined);
}

export const driftOn = (node: WithDrift, field: string): Drift | undefined =>
  node.drift?.find((one) => one.field === field);

import { type Fleet, nodeOf } from '../../core/fleet.ts';
import type { Problem } from '../../core/spec.ts';
import type { TimeMs } from '../../core/time.ts';
import { radarWord } from './radar-words.ts';
import { rejectedBy, renderPlace } from './rejected-inventory.ts';

export interface BringUpStep {
  readonly title: string;
  /** `unknown`: nobody can say; it holds nothing up, and it is no tick either. */
  readonly state: 'done' | 'working' | 'failed' | 'waiting' | 'unknown';
  readonly note: string;
  /** Of its machines: one has begun; all have ended, up or not. */
  readonly begun?: boolean;
  readonly ended?: boolean;
}

/** What must be true before the first machine: services, a wire without a second DHCP server, a plan without errors. */
export function checkSite(fleet: Fleet, nodes: readonly string[], nowMs: TimeMs): readonly BringUpStep[] {
  const services = Object.entries(fleet.services);
  const broken = services.find(([, state]) => state.is === 'failed');
  const listens = services
    .toSorted(([a], [b]) => Number(b.toLowerCase() === 'dhcp') - Number(a.toLowerCase() === 'dhcp'))
    .flatMap(([, state]) => (state.is === 'ok' && state.listens !== '' ? [state.listens] : []))[0];
  const [error, ...more] = rejectedBy(fleet);
  const macs = nodes.flatMap((name) => nodeOf(fleet, name)?.spec.identity.macs ?? []);
  const doubled = macs.length - new Set(macs).size;
  return [
    broken === undefined
      ? { title: 'Uplink and VLAN', state: services.length > 0 ? 'done' : 'waiting', note: listens ?? '' }
      : {
          title: 'Uplink and VLAN',
          state: 'failed',
          note: `${broken[0]}: ${broken[1].is === 'failed' ? broken[1].why : ''}`,
        },
    { title: 'No other DHCP server', ...radarWord(fleet, nowMs) },
    error === undefined && doubled === 0
      ? {
          title: 'Rack plan',
          state: nodes.length > 0 ? 'done' : 'waiting',
          note: `${countOf(nodes.length, 'node')}, ${countOf(macs.length, 'MAC')}, 0 duplicates`,
        }
      : {
          title: 'Rack plan',
          state: 'failed',
          note: rejected(error, more.length) ?? `${doubled} MACs are there twice`,
        },
  ];
}

const rejected = (error: Problem | undefined, more: number): string | undefined =>
  error && `${renderPlace(error)}: ${error.message}${more === 0 ? '' : ` (and ${more} more)`}`;

export const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

import { nodeOf } from '../../core/fleet.ts';
import type { Problem } from '../../core/spec.ts';
import type { ScreenModel } from '../state/screen-model.ts';
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

type Site = Pick<ScreenModel, 'fleet' | 'services' | 'nowMs'>;

/** What must be true before the first machine: services, a wire without a second DHCP server, a plan without errors. */
export function checkSite(site: Site, rack: string, nodes: readonly string[]): readonly BringUpStep[] {
  const { fleet, nowMs } = site;
  const services = Object.entries(fleet.services);
  const broken = services.find(([, state]) => state.is === 'failed');
  const listens = services
    .toSorted(([a], [b]) => Number(b.toLowerCase() === 'dhcp') - Number(a.toLowerCase() === 'dhcp'))
    .flatMap(([, state]) => (state.is === 'ok' && state.listens !== '' ? [state.listens] : []))[0];
  return [
    broken === undefined
      ? { title: 'Uplink and VLAN', state: services.length > 0 ? 'done' : 'waiting', note: listens ?? '' }
      : {
          title: 'Uplink and VLAN',
          state: 'failed',
          note: `${broken[0]}: ${broken[1].is === 'failed' ? broken[1].why : ''}`,
        },
    { title: 'No other DHCP server', ...radarWord(fleet, nowMs) },
    { title: 'Rack plan', ...checkPlan(site, rack, nodes) },
  ];
}

/** The files have no errors, no MAC twice, and what the machines are to boot is in the vault. */
function checkPlan(
  { fleet, services }: Site,
  rack: string,
  nodes: readonly string[],
): Pick<BringUpStep, 'state' | 'note'> {
  const [error, ...more] = rejectedBy(fleet);
  if (error !== undefined) return { state: 'failed', note: rejected(error, more.length) };
  const macs = nodes.flatMap((name) => nodeOf(fleet, name)?.spec.identity.macs ?? []);
  const doubled = macs.length - new Set(macs).size;
  if (doubled > 0) return { state: 'failed', note: `${doubled} MACs are there twice` };
  const images = services.find((row) => row.name === 'images');
  const without = images?.holdsUp?.[rack] ?? 0;
  // The others can go: whom the wave has to leave out is told by its page.
  if (without > 0)
    return {
      state: without < nodes.length ? 'unknown' : 'failed',
      note: `${without} of ${countOf(nodes.length, 'node')} without image: ${images?.note ?? ''}`,
    };
  return {
    state: nodes.length > 0 ? 'done' : 'waiting',
    note: `${countOf(nodes.length, 'node')}, ${countOf(macs.length, 'MAC')}, 0 duplicates`,
  };
}

const rejected = (error: Problem, more: number): string =>
  `${renderPlace(error)}: ${error.message}${more === 0 ? '' : ` (and ${more} more)`}`;

export const countOf = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

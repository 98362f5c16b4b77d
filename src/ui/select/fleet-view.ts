import { type Fleet, nodeOf } from '../../core/fleet.ts';
import type { IdentityIndex } from '../../core/identity-index.ts';
import { WRITES_DISK } from '../../core/job.ts';
import type { NodeState } from '../../core/node.ts';
import { valuesOf } from '../../core/shard-map.ts';
import { matchesFilter } from '../filter/match-filter.ts';
import { type FilterTerm, parseFilter } from '../filter/parse-filter.ts';
import type { SortColumn, UiState } from '../state/ui-state.ts';
import { etaMs } from './eta.ts';
import { countMedians, type Medians } from './median-boot.ts';
import {
  addressOf,
  type Group,
  isAgeKnown,
  isProblem,
  lookOf,
  NOWHERE,
  percentOf,
  rackOf,
  sinceOf,
} from './node-look.ts';
import { keepWaits, type WaveWaits } from './wave-waits.ts';

/** The fleet in the order of the screen: made once per flush, never in a component. */
export interface FleetView {
  readonly places: Places;
  readonly racks: readonly RackView[];
  readonly total: number;
  readonly counts: Counts;
  /** Worst and newest first; never filtered. */
  readonly problems: readonly string[];
  /** Nodes that the filter leaves, in the order of the list. */
  readonly visible: readonly string[];
  /** The same in the rack that is shown, top unit first; all racks while a filter is set. */
  readonly inRack: readonly string[];
  readonly rack: string | undefined;
  readonly filterProblem: string | undefined;
  readonly doneLastMinute: number;
  /** Jobs that are armed or running, and how many of them may write a disk: the arm budget, always on the screen. */
  readonly armed: { readonly jobs: number; readonly writing: number };
  /** Machines with a job, in the order of their places. */
  readonly jobs: readonly string[];
  readonly etaMs: number | undefined;
  readonly medians: Medians;
  readonly waits: WaveWaits;
}

/** Who stands where. Changes only when the inventory does, so it is kept over flushes: sorting 2,000 names takes 50 ms. */
interface Places {
  readonly index: IdentityIndex;
  readonly order: readonly string[];
  readonly racks: readonly { readonly name: string; readonly nodes: readonly string[] }[];
}

export type Counts = { readonly [G in Group]: number };

export interface RackView {
  readonly name: string;
  /** Top unit first. */
  readonly nodes: readonly string[];
  readonly counts: Counts;
}

const NO_COUNTS: Counts = { ready: 0, install: 0, boot: 0, stalled: 0, failed: 0, off: 0, idle: 0, armed: 0, hold: 0 };

type Wishes = Pick<UiState, 'filter' | 'marks' | 'sort' | 'rack'>;

export function viewFleet(fleet: Fleet, ui: Wishes, nowMs: number, last?: FleetView): FleetView {
  const places = last !== undefined && last.places.index === fleet.index ? last.places : findPlaces(fleet);
  const nodes = places.order.flatMap((name) => nodeOf(fleet, name) ?? []);
  const medians = countMedians(nodes, nowMs, last?.places === places ? last.medians : undefined);
  const rack = places.racks.some((one) => one.name === ui.rack) ? ui.rack : places.racks[0]?.name;
  const parsed = parseFilter(ui.filter);
  const terms: readonly FilterTerm[] = parsed.ok ? parsed.value : [];
  const scene = { nowMs, marks: new Set(ui.marks) };
  const kept = terms.length === 0 ? nodes : nodes.filter((node) => matchesFilter(node, terms, scene));
  return {
    places,
    racks: places.racks.map((one) => ({
      ...one,
      counts: countGroups(one.nodes.flatMap((name) => nodeOf(fleet, name) ?? [])),
    })),
    total: nodes.length,
    counts: countGroups(nodes),
    problems: nodes.filter(isProblem).sort(worstFirst).map(nameOf),
    visible: sortNodes(kept, ui.sort, nowMs).map(nameOf),
    inRack: (terms.length > 0 ? kept : kept.filter((node) => rackOf(node) === rack)).map(nameOf),
    rack,
    filterProblem: parsed.ok ? undefined : parsed.error,
    armed: { jobs: nodes.filter((node) => node.job !== undefined).length, writing: nodes.filter(mayWrite).length },
    jobs: nodes.filter((node) => node.job !== undefined).map(nameOf),
    medians,
    waits: keepWaits(fleet, nowMs, last?.waits),
    etaMs: etaMs(medians, nodes, nowMs),
    doneLastMinute: nodes.filter((node) =>
      node.endedJobs.some((job) => job.outcome === 'done' && nowMs - job.endedAt < 60_000),
    ).length,
  };
}

const mayWrite = (node: NodeState): boolean =>
  node.job !== undefined && WRITES_DISK[node.job.kind] && node.job.spentAt === undefined;

const nameOf = (node: NodeState): string => node.name;

function findPlaces(fleet: Fleet): Places {
  const nodes = [...valuesOf(fleet.nodes)].sort(byPlace);
  const racks = [...Map.groupBy(nodes, rackOf).entries()].map(([name, inside]) => ({
    name,
    nodes: inside.map(nameOf),
  }));
  return { index: fleet.index, order: nodes.map(nameOf), racks };
}

/** Stable: equal ones stay in the order of their places. */
function sortNodes(nodes: readonly NodeState[], sort: UiState['sort'], nowMs: number): readonly NodeState[] {
  if (sort.column === 'unit') return sort.reverse ? nodes.toReversed() : nodes;
  const order = orderOf(sort.column, nowMs);
  return nodes.toSorted((a, b) => (sort.reverse ? -order(a, b) : order(a, b)));
}

export function countGroups(nodes: Iterable<NodeState>): Counts {
  const counts = { ...NO_COUNTS };
  for (const node of nodes) counts[lookOf(node).group]++;
  return counts;
}

const SEVERITY: { readonly [S in NodeState['health']['is']]: number } = {
  conflict: 0,
  failed: 1,
  stalled: 2,
  late: 3,
  ok: 4,
};

function worstFirst(a: NodeState, b: NodeState): number {
  return SEVERITY[a.health.is] - SEVERITY[b.health.is] || sinceOf(b) - sinceOf(a);
}

/** Rack, then from the top unit down, then slot and name: the order in which a person sees the machines. */
function byPlace(a: NodeState, b: NodeState): number {
  return (
    compareRacks(rackOf(a), rackOf(b)) ||
    (b.spec.place.unit ?? 0) - (a.spec.place.unit ?? 0) ||
    compareNames(a.spec.place.slot ?? '', b.spec.place.slot ?? '') ||
    compareNames(a.name, b.name)
  );
}

/** Machines that stand nowhere come last: what was adopted a minute ago is not the first rack. */
const compareRacks = (a: string, b: string): number =>
  Number(a === NOWHERE) - Number(b === NOWHERE) || compareNames(a, b);

/** `r2` before `r10`. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  const left = /^(.*?)(\d+)$/.exec(a);
  const right = /^(.*?)(\d+)$/.exec(b);
  if (left !== null && right !== null && left[1] === right[1])
    return Number(left[2]) - Number(right[2]) || (a < b ? -1 : 1);
  return a < b ? -1 : 1;
}

type Order = (a: NodeState, b: NodeState) => number;

function orderOf(column: Exclude<SortColumn, 'unit'>, nowMs: number): Order {
  switch (column) {
    case 'name':
      return (a, b) => compareNames(a.name, b.name);
    case 'state':
      return (a, b) => SEVERITY[a.health.is] - SEVERITY[b.health.is] || compareNames(lookOf(a).word, lookOf(b).word);
    case 'age':
      return (a, b) => ageOf(a, nowMs) - ageOf(b, nowMs);
    case 'address':
      return (a, b) => addressKey(addressOf(a)) - addressKey(addressOf(b));
    case 'progress':
      return (a, b) => (percentOf(b) ?? -1) - (percentOf(a) ?? -1);
  }
}

/** Without a known age it stands behind the oldest. */
const ageOf = (node: NodeState, nowMs: number): number => (isAgeKnown(node) ? nowMs - sinceOf(node) : nowMs);

const addressKey = (address: string): number =>
  address.split('.').reduce((sum, part) => sum * 256 + (Number(part) || 0), 0);

/** Nodes that an action is for: the marked ones, else the one under the cursor. */
export function targetsOf(fleet: Fleet, marks: readonly string[], cursor: string | undefined): readonly string[] {
  const marked = marks.filter((name) => nodeOf(fleet, name) !== undefined);
  if (marked.length > 0) return marked;
  return cursor !== undefined && nodeOf(fleet, cursor) !== undefined ? [cursor] : [];
}

import type { Drift, DriftAction, DriftField } from '../core/drift.ts';
import { sameName, sameUuid } from '../core/identity.ts';
import type { NodeState } from '../core/node.ts';
import { bootedByText } from '../core/own-nic.ts';
import type { Seen } from '../core/seen.ts';
import type { NodeSpec } from '../core/spec.ts';
import { matchesDisk } from './disk-rule.ts';
import { parseTalosVersion } from './talos-version.ts';

/** What the inventory wants beyond its own text: rendered or looked up by whoever asks. */
export interface DriftWish {
  readonly version?: string;
  readonly schematic?: string;
  readonly configHash?: string;
  /** For nodes whose API told what they run with: the same text may come back in another spelling. */
  readonly configPrint?: string;
}

type Row = {
  readonly field: DriftField;
  readonly actions: readonly DriftAction[];
  readonly desired: (spec: NodeSpec, wish: DriftWish) => string | undefined;
  readonly observed: (seen: Seen, wish: DriftWish) => string | undefined;
  readonly same: (desired: string, observed: string) => boolean;
  readonly note?: (spec: NodeSpec, seen: Seen) => string | undefined;
};

const exactly = (a: string, b: string): boolean => a === b;

/** Identity first: a machine that is another one has no other drift worth reading. Absent on either side is no drift. */
const ROWS: readonly Row[] = [
  {
    field: 'mac',
    actions: ['adopt', 'ignore'],
    desired: ({ identity }) => (identity.macs.length === 0 ? undefined : identity.macs.join(', ')),
    observed: ({ mac, bmc }) =>
      [...new Set([mac, ...(bmc?.macs.map((one) => one.mac) ?? [])])].filter(Boolean).join(', ') || undefined,
    // A BMC names more NICs than the inventory does; one in common makes it this machine.
    same: (desired, observed) => desired.split(', ').some((mac) => observed.split(', ').includes(mac)),
    note: ({ identity }, { nic }) =>
      nic !== undefined && identity.macs.includes(nic.mac)
        ? `${bootedByText(nic)}, which is in its file: the other one is another NIC of it, or another machine`
        : undefined,
  },
  {
    field: 'uuid',
    actions: ['adopt', 'ignore'],
    desired: ({ identity }) => identity.uuid,
    observed: (seen) => seen.uuid ?? seen.bmc?.uuid,
    same: sameUuid,
  },
  {
    field: 'serial',
    actions: ['adopt', 'ignore'],
    desired: ({ identity }) => identity.serial,
    observed: (seen) => seen.serial,
    same: sameName,
  },
  {
    field: 'bmcSerial',
    actions: ['adopt', 'ignore'],
    desired: ({ identity }) => identity.serial ?? identity.boardSerial,
    observed: ({ bmc }) =>
      [...new Set([bmc?.serial, bmc?.boardSerial])].filter((one) => one !== undefined).join(', ') || undefined,
    // Some call the board's serial number the machine's.
    same: (desired, observed) => observed.split(', ').some((one) => sameName(desired, one)),
  },
  {
    field: 'boardSerial',
    actions: ['adopt', 'ignore'],
    desired: ({ identity }) => identity.boardSerial,
    observed: (seen) => seen.boardSerial,
    same: sameName,
  },
  {
    field: 'hostName',
    // The name is the name of its file: another one would be another machine.
    actions: ['applyConfig', 'ignore'],
    desired: ({ name }) => name,
    observed: ({ hostName }) => hostName,
    // A node may report `name.domain`.
    same: (desired, observed) => observed.split('.', 1)[0]?.toLowerCase() === desired.split('.', 1)[0]?.toLowerCase(),
  },
  {
    field: 'address',
    actions: ['applyConfig', 'adopt', 'ignore'],
    desired: ({ network }) => network.ip,
    observed: ({ address }) => address,
    same: exactly,
  },
  {
    field: 'version',
    actions: ['reinstall', 'adopt', 'ignore'],
    desired: ({ talos }, wish) => tagOf(talos.version ?? wish.version),
    observed: ({ talosVersion, api }) => tagOf(api?.version ?? talosVersion),
    same: exactly,
  },
  {
    field: 'schematic',
    actions: ['reinstall', 'adopt', 'ignore'],
    desired: ({ talos }, wish) => talos.schematic ?? wish.schematic,
    observed: ({ schematic, api }) => api?.schematic ?? schematic,
    same: exactly,
  },
  {
    field: 'config',
    actions: ['applyConfig', 'reinstall', 'ignore'],
    desired: (_spec, wish) => wish.configHash?.slice(0, 12),
    observed: ({ configHash, api }, wish) => {
      const { configPrint } = wish;
      // What it runs with outranks what it was served once.
      if (configPrint === undefined || api?.configPrint === undefined) return configHash?.slice(0, 12);
      return (api.configPrint === configPrint ? wish.configHash : api.configPrint)?.slice(0, 12);
    },
    same: exactly,
  },
];

export function findDrift(spec: NodeSpec, seen: Seen, wish: DriftWish = {}): readonly Drift[] {
  const found = ROWS.flatMap(({ field, actions, desired, observed, same, note }): Drift[] => {
    const want = desired(spec, wish);
    const have = observed(seen, wish);
    if (want === undefined || have === undefined || same(want, have)) return [];
    const known = note?.(spec, seen);
    return [{ field, desired: want, observed: have, actions, ...(known === undefined ? {} : { note: known }) }];
  });
  const disk = diskDrift(spec, seen);
  return disk === undefined ? found : [...found, disk];
}

const OF_THE_SYSTEM: ReadonlySet<DriftField> = new Set(['version', 'schematic', 'config']);
const WHILE_IT_RUNS: ReadonlySet<DriftField> = new Set(['hostName', 'address']);

/** What is known of a node may be of another boot: in maintenance mode it has neither its name nor its address yet. */
export function driftOf(node: NodeState, wish: DriftWish = {}): readonly Drift[] {
  const { phase, seen, job } = node;
  const runs = (phase.is === 'running' || phase.is === 'ready') && job === undefined;
  const installed = seen.installedAt !== undefined || seen.api?.version !== undefined;
  return findDrift(node.spec, seen, wish).filter(({ field }) => {
    if (OF_THE_SYSTEM.has(field)) return installed;
    return runs || !WHILE_IT_RUNS.has(field);
  });
}

/** Where Talos is, against where the rule points now. Only partition labels prove where it is. */
function diskDrift(spec: NodeSpec, seen: Seen): Drift | undefined {
  const rule = spec.talos.disk;
  const disks = seen.disks ?? [];
  if (rule === undefined || disks.length === 0) return undefined;
  const desired = Object.entries(rule)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
  const matches = disks.filter((disk) => matchesDisk(rule, disk));
  if (matches.length === 0)
    return { field: 'disk', desired, observed: 'no recorded disk matches', actions: ['inspect', 'ignore'] };
  const holder = disks.find((disk) => disk.holds?.some((label) => label === 'META' || label === 'STATE') === true);
  if (holder === undefined || matches.includes(holder)) return undefined;
  const observed = [holder.name, holder.serial].filter((one) => one !== undefined).join(' ');
  return { field: 'disk', desired, observed: `Talos is on ${observed}`, actions: ['reinstall', 'adopt', 'ignore'] };
}

function tagOf(version: string | undefined): string | undefined {
  if (version === undefined) return undefined;
  const parsed = parseTalosVersion(version);
  return parsed.ok ? parsed.value.tag : undefined;
}

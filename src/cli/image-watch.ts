import { resolve } from 'node:path';
import type { Arch, Inventory, NodeSpec } from '../core/spec.ts';
import type { ServiceRow } from '../link/screen-port.ts';
import { chooseProfile } from './choose-profile.ts';
import { type AskSchematic, schematicOf } from './image-keys.ts';

/** Which machines have nothing to boot yet: said by the services screen and by the bring-up, before anybody is armed. */
export interface ImageWatch {
  /** As it was looked up last; looking goes on beside it, and never asks a network. Undefined before the first look. */
  readonly row: () => ServiceRow | undefined;
}

export interface ImageWatchParts {
  readonly current: () => Inventory;
  readonly hash: () => string;
  readonly folder: string;
  readonly vaultDir: string;
  readonly lacks: (want: WantedImage) => Promise<boolean>;
  readonly knownId: AskSchematic;
  readonly now: () => number;
}

export interface WantedImage {
  readonly version: string;
  readonly schematic: string;
  readonly arch: Arch;
  readonly isSecure: boolean;
}

/** While something is missing somebody may be pulling it. */
const MISSING_LOOK_MS = 3_000;
const LOOK_MS = 30_000;

export function createImageWatch(parts: ImageWatchParts): ImageWatch {
  let row: ServiceRow | undefined;
  let looked = { atMs: Number.NEGATIVE_INFINITY, hash: '' };
  let isLooking = false;
  const look = async (): Promise<void> => {
    row = renderRow(parts, await findMissing(parts));
  };
  return {
    row: () => {
      const everyMs = row?.state === 'warn' ? MISSING_LOOK_MS : LOOK_MS;
      const isDue = parts.now() - looked.atMs >= everyMs || looked.hash !== parts.hash();
      if (isDue && !isLooking) {
        isLooking = true;
        looked = { atMs: parts.now(), hash: parts.hash() };
        look()
          // The vault cannot be read now; who arms a machine is told why.
          .catch(() => undefined)
          .finally(() => {
            isLooking = false;
          });
      }
      return row;
    },
  };
}

interface Wanted {
  readonly name: string;
  /** Undefined: which image it is cannot be said before the image factory was asked. */
  readonly want: WantedImage | undefined;
  readonly racks: Map<string, number>;
}

/** What the machines boot that Talos is installed on, each image once, with how many of which rack want it. */
async function findWanted({ current, knownId }: ImageWatchParts): Promise<readonly Wanted[]> {
  const inventory = current();
  const wanted = new Map<string, Wanted>();
  for (const spec of inventory.nodes) {
    const { name, want } = (await wantedBy(spec, inventory, knownId)) ?? {};
    if (name === undefined) continue;
    const one = wanted.get(name) ?? { name, want, racks: new Map<string, number>() };
    const rack = spec.place.rack ?? '-';
    one.racks.set(rack, (one.racks.get(rack) ?? 0) + 1);
    wanted.set(name, one);
  }
  return [...wanted.values()];
}

/** Undefined: it boots something else, or its files do not say what; that is told where it is armed. */
async function wantedBy(
  spec: NodeSpec,
  inventory: Inventory,
  knownId: AskSchematic,
): Promise<Pick<Wanted, 'name' | 'want'> | undefined> {
  const version = spec.talos.version ?? inventory.site.talos.version;
  const choice = chooseProfile(inventory, spec, 'install');
  if (version === undefined || !choice.ok || choice.value.boots !== 'talos') return undefined;
  const schematic = await schematicOf(spec, inventory, knownId);
  if (!schematic.ok) return { name: `Talos ${version} with the extensions of ${spec.name}`, want: undefined };
  const want = { version, schematic: schematic.value, arch: spec.arch, isSecure: spec.boot === 'secureBoot' };
  const name = `Talos ${version} ${spec.arch} ${schematic.value.slice(0, 8)}${want.isSecure ? ' (signed UKI)' : ''}`;
  return { name, want };
}

async function findMissing(
  parts: ImageWatchParts,
): Promise<{ readonly count: number; readonly missing: readonly Wanted[] }> {
  const wanted = await findWanted(parts);
  const missing: Wanted[] = [];
  for (const one of wanted) if (one.want === undefined || (await parts.lacks(one.want))) missing.push(one);
  return { count: wanted.length, missing };
}

function renderRow(
  parts: ImageWatchParts,
  { count, missing }: { readonly count: number; readonly missing: readonly Wanted[] },
): ServiceRow {
  const [first, ...more] = missing;
  if (first === undefined)
    return { name: 'images', state: 'ok', word: 'ok', listens: parts.vaultDir, note: `${count} of ${count}` };
  const others = more.length === 0 ? '' : ` and ${more.length} more`;
  const holdsUp: Record<string, number> = {};
  for (const { racks } of missing)
    for (const [rack, machines] of racks) holdsUp[rack] = (holdsUp[rack] ?? 0) + machines;
  return {
    name: 'images',
    state: 'warn',
    word: `${missing.length} missing`,
    listens: '-',
    note: `${first.name}${others}: ${pullCommand(parts)}`,
    holdsUp,
  };
}

/** As it can be pasted into a shell; folders only where they are not the usual ones of this process. */
function pullCommand({ folder, vaultDir, current }: ImageWatchParts): string {
  const inventory = folder === resolve('inventory') ? '' : ` --inventory ${quoted(folder)}`;
  const named = current().site.assetsDir;
  const usual = named === undefined ? resolve('assets') : resolve(folder, named);
  return `crashcart images pull${inventory}${vaultDir === usual ? '' : ` --assets ${quoted(vaultDir)}`}`;
}

const quoted = (path: string): string => (/^[\w./:@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

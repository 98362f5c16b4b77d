import { resolve } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import type { Inventory, NodeSpec } from '../core/spec.ts';
import type { Customization } from '../drivers/factory/schematic.ts';
import { type ImageKey, type ImageKind, VANILLA_SCHEMATIC, versionTag } from '../drivers/vault/artefact-name.ts';

/** Where the ids that the image factory gave are remembered; beside the images, so that they move together. */
export const schematicsFile = (vaultDir: string): string => resolve(vaultDir, 'schematics.json');

export type AskSchematic = (wish: Customization, version: string | undefined) => Promise<Result<string>>;

/** What is to be asked of the image factory; undefined where the machine's schematic is written as an id. */
export function customizationOf({ talos }: Pick<NodeSpec, 'talos'>): Customization | undefined {
  const { extensions = [], customization } = talos;
  return extensions.length === 0 && customization === undefined ? undefined : { extensions, ...customization };
}

/** A machine's schematic: its customization's, which the factory knows by id, else as written, else the site's. */
export async function schematicOf(
  spec: Pick<NodeSpec, 'talos'>,
  { site }: Pick<Inventory, 'site'>,
  idOf: AskSchematic,
): Promise<Result<string>> {
  const wish = customizationOf(spec);
  if (wish !== undefined) return idOf(wish, spec.talos.version ?? site.talos.version);
  return ok(spec.talos.schematic ?? site.talos.schematic ?? VANILLA_SCHEMATIC);
}

export interface NeededImages extends ImageKey {
  readonly kinds: readonly ImageKind[];
}

const nameOf = ({ version, schematic, arch }: ImageKey): string => [versionTag(version), schematic, arch].join(' ');

const BY_LOADER: readonly ImageKind[] = ['kernel', 'initramfs', 'cmdline'];

/** Which images the machines of this inventory boot, each once. */
export async function neededKeys(inventory: Inventory, idOf: AskSchematic): Promise<Result<readonly NeededImages[]>> {
  const keys = new Map<string, NeededImages>();
  for (const spec of inventory.nodes) {
    const version = spec.talos.version ?? inventory.site.talos.version;
    if (version === undefined) continue;
    const schematic = await schematicOf(spec, inventory, idOf);
    if (!schematic.ok) return fail(`${spec.file}: ${schematic.error}`);
    const key = { version, schematic: schematic.value, arch: spec.arch };
    const name = nameOf(key);
    const kinds: readonly ImageKind[] = spec.boot === 'secureBoot' ? ['secureUki'] : BY_LOADER;
    keys.set(name, { ...key, kinds: [...new Set([...(keys.get(name)?.kinds ?? []), ...kinds])] });
  }
  return ok([...keys.values()]);
}

/** What the site itself boots: machines that are not in the inventory, while discovery is on. */
export function discoveryKeys({ site }: Inventory): readonly ImageKey[] {
  const { version, schematic = VANILLA_SCHEMATIC } = site.talos;
  if (version === undefined) return [];
  return (['amd64', 'arm64'] as const).map((arch) => ({ version, schematic, arch }));
}

/**
 * What a pull fetches: the images of the machines, and, where strangers boot too, those of discovery. Of the kinds of
 * processor that the site has; nobody knows of which kind a stranger is, and most are amd64.
 */
export function pullKeys(needed: readonly NeededImages[], inventory: Inventory): readonly NeededImages[] {
  if (inventory.site.unknown !== 'discover') return needed;
  const archs = new Set(inventory.nodes.length === 0 ? ['amd64'] : inventory.nodes.map((node) => node.arch));
  const keys = new Map(needed.map((one) => [nameOf(one), one]));
  for (const key of discoveryKeys(inventory)) {
    if (!archs.has(key.arch)) continue;
    const kinds = [...new Set([...(keys.get(nameOf(key))?.kinds ?? []), ...BY_LOADER])];
    keys.set(nameOf(key), { ...key, kinds });
  }
  return [...keys.values()];
}

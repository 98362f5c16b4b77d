import { resolve } from 'node:path';
import { fail, ok, type Result } from '../core/result.ts';
import type { Inventory, NodeSpec } from '../core/spec.ts';
import { type ImageKey, VANILLA_SCHEMATIC } from '../drivers/vault/artefact-name.ts';

/** Where the ids that the image factory gave are remembered; beside the images, so that they move together. */
export const schematicsFile = (vaultDir: string): string => resolve(vaultDir, 'schematics.json');

/** A machine's schematic: its extensions', which the factory knows by id, else as written, else the site's. */
export async function schematicOf(
  { talos }: Pick<NodeSpec, 'talos'>,
  { site }: Pick<Inventory, 'site'>,
  idOf: (extensions: readonly string[]) => Promise<Result<string>>,
): Promise<Result<string>> {
  if (talos.extensions !== undefined && talos.extensions.length > 0) return idOf(talos.extensions);
  return ok(talos.schematic ?? site.talos.schematic ?? VANILLA_SCHEMATIC);
}

/** Which images the machines of this inventory boot, each once. */
export async function neededKeys(
  inventory: Inventory,
  idOf: (extensions: readonly string[]) => Promise<Result<string>>,
): Promise<Result<readonly ImageKey[]>> {
  const keys = new Map<string, ImageKey>();
  for (const spec of inventory.nodes) {
    const version = spec.talos.version ?? inventory.site.talos.version;
    if (version === undefined) continue;
    const schematic = await schematicOf(spec, inventory, idOf);
    if (!schematic.ok) return fail(`${spec.name}: ${schematic.error}`);
    const key = { version, schematic: schematic.value, arch: spec.arch };
    keys.set(Object.values(key).join(' '), key);
  }
  return ok([...keys.values()]);
}

/** What the site itself boots: machines that are not in the inventory, while discovery is on. */
export function discoveryKeys({ site }: Inventory): readonly ImageKey[] {
  const { version, schematic } = site.talos;
  if (version === undefined || schematic === undefined) return [];
  return (['amd64', 'arm64'] as const).map((arch) => ({ version, schematic, arch }));
}

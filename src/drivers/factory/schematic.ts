import { createHash } from 'node:crypto';
import { Document } from 'yaml';
import { fail, ok, type Result } from '../../core/result.ts';

/** What is asked of the image factory beside plain Talos. */
export interface Customization {
  /** `siderolabs/i915`, or `i915`. */
  readonly extensions?: readonly string[];
  readonly kernelArgs?: readonly string[];
  readonly meta?: readonly { readonly key: number; readonly value: string }[];
  /** Single-board computers only. */
  readonly overlay?: {
    readonly image: string;
    readonly name: string;
    readonly options?: Readonly<Record<string, string | number | boolean>>;
  };
}

/** These are for one boot; in a schematic they would end up on the disk of every machine installed from it. */
const ONE_SHOT =
  /^-?talos\.(?:config(?:\.\w+)*|experimental\.wipe|halt_if_installed|events\.sink|logging\.kernel)(?:=|$)/;

/**
 * The schematic as the factory itself writes it (Go's YAML: 4 spaces, fields in the order of its struct, empty ones
 * left out): its SHA-256 is the id. Extensions are sorted, so that the order in an inventory makes no new image.
 */
export function renderSchematic(wish: Customization): Result<string> {
  const oneShot = wish.kernelArgs?.find((arg) => ONE_SHOT.test(arg));
  if (oneShot !== undefined) return fail(`${oneShot} is for one boot and must not be in a schematic`);
  const odd = wish.meta?.find(({ key }) => !Number.isInteger(key) || key < 0 || key > 255);
  if (odd !== undefined) return fail(`meta key ${odd.key} is not between 0 and 255`);
  const names = extensionNames(wish.extensions ?? []);
  if (!names.ok) return names;
  const customization = {
    ...(wish.kernelArgs === undefined || wish.kernelArgs.length === 0 ? {} : { extraKernelArgs: wish.kernelArgs }),
    ...(wish.meta === undefined || wish.meta.length === 0 ? {} : { meta: wish.meta }),
    ...(names.value.length === 0 ? {} : { systemExtensions: { officialExtensions: names.value } }),
  };
  const { overlay } = wish;
  const schematic = {
    ...(overlay === undefined ? {} : { overlay: overlayOf(overlay) }),
    customization,
  };
  return ok(new Document(schematic).toString({ indent: 4, lineWidth: 0 }));
}

/** Go writes a map by its sorted keys. */
function overlayOf({ image, name, options = {} }: NonNullable<Customization['overlay']>) {
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  return { image, name, ...(sorted.length === 0 ? {} : { options: Object.fromEntries(sorted) }) };
}

export function schematicIdOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function extensionNames(extensions: readonly string[]): Result<readonly string[]> {
  const names = new Set<string>();
  for (const extension of extensions) {
    const name = extension.includes('/') ? extension : `siderolabs/${extension}`;
    if (!/^[a-z0-9-]{1,60}\/[a-z0-9._-]{1,80}$/.test(name)) return fail(`"${extension}" is no name of an extension`);
    names.add(name);
  }
  return ok([...names].sort());
}

import type { ImageFactory } from '../drivers/factory/open-factory.ts';
import type { Customization } from '../drivers/factory/schematic.ts';
import { nearestName } from '../inventory/nearest-name.ts';

/** Where the image factory refuses a schematic: which of its extensions it does not have, and what was probably meant. */
export async function unknownExtensions(
  factory: ImageFactory,
  { extensions = [] }: Customization,
  version: string | undefined,
): Promise<readonly string[]> {
  if (version === undefined || extensions.length === 0) return [];
  const listed = await factory.extensions(version);
  if (!listed.ok) return [];
  const names = listed.value.map((one) => one.name);
  return extensions
    .map((one) => (one.includes('/') ? one : `siderolabs/${one}`))
    .filter((one) => !names.includes(one))
    .map((one) => {
      const near = nearestName(one, names);
      return `${one} is no official extension of ${version}${near === undefined ? '' : `; did you mean ${near}?`}`;
    });
}

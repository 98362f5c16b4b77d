import { ok, type Result } from '../core/result.ts';
import { openVault } from '../drivers/vault/open-vault.ts';
import type { SimImage } from '../sim/rack/fake-images.ts';

/** The images of a simulated rack, by the way that an operator's own files go; only, they have no kernel's shape. */
export async function fillSimVault(assetsDir: string, images: readonly SimImage[]): Promise<Result<void>> {
  const vault = await openVault(assetsDir, { anyShape: true });
  if (!vault.ok) return vault;
  for (const image of images) {
    const added =
      image.kind === 'loader'
        ? await vault.value.addLoader(image.name, image.path)
        : await vault.value.addImage(image.kind, image, image.path);
    if (!added.ok) return added;
  }
  return ok(undefined);
}

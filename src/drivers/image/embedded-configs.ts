import { parse } from 'yaml';
import type { ByteRange } from './byte-range.ts';
import { readInitramfs } from './initramfs-files.ts';
import { squashFiles } from './squash-files.ts';

/** By this name the imager of Talos packs a configuration into an image, as a system extension of one file. */
const EXTENSION = 'embedded-config';
const LIST = 'extensions.yaml';
const LIST_MAX_BYTES = 1024 * 1024;
/** Packed; a configuration has 8 MiB at most. */
const EXTENSION_MAX_BYTES = 4 * 1024 * 1024;
const KEPT_MAX_BYTES = 64 * 1024 * 1024;

/** Machine configurations that come with an initramfs; undefined stands for one that cannot be read. */
export async function embeddedConfigs(initramfs: ByteRange): Promise<readonly (string | undefined)[]> {
  const files = new Map<string, Buffer>();
  let keptBytes = 0;
  const isWanted = (name: string, sizeBytes: number): boolean => {
    const isSmall = sizeBytes <= (baseOf(name) === LIST ? LIST_MAX_BYTES : EXTENSION_MAX_BYTES);
    return isSmall && (baseOf(name) === LIST || name.endsWith('.sqsh')) && keptBytes + sizeBytes <= KEPT_MAX_BYTES;
  };
  await readInitramfs(initramfs, {
    isWanted,
    found(name, bytes) {
      files.set(baseOf(name), bytes);
      keptBytes += bytes.length;
    },
  });
  const list = files.get(LIST);
  const found: (string | undefined)[] = [];
  for (const image of list === undefined ? [] : imagesOf(list)) {
    const packed = files.get(baseOf(image));
    const texts = packed === undefined ? undefined : await squashFiles(packed);
    found.push(...(texts?.map((text) => text.toString('utf8')) ?? [undefined]));
  }
  return found;
}

const baseOf = (name: string): string => name.replace(/^.*\//s, '');

/** Of the layers that hold a configuration. A list that cannot be read stops the boot. */
function imagesOf(list: Buffer): readonly string[] {
  const layers = property(parsed(list), 'layers');
  if (!Array.isArray(layers)) return [];
  return layers.flatMap((layer: unknown) =>
    property(property(layer, 'metadata'), 'name') === EXTENSION ? [String(property(layer, 'image'))] : [],
  );
}

function parsed(list: Buffer): unknown {
  try {
    return parse(list.toString('utf8'), { maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}

const property = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;

import { parse } from 'yaml';
import { fail, ok, type Result } from '../../core/result.ts';
import type { ByteRange } from './byte-range.ts';
import { readInitramfs } from './initramfs-files.ts';
import { squashFiles } from './squash-files.ts';

/** By this name the imager of Talos packs a configuration into an image, as a system extension of one file. */
const EXTENSION = 'embedded-config';
const LIST = 'extensions.yaml';

/** Far beyond those of Talos: what is larger is refused, as nobody could say what is in it. */
const LIST_MAX_BYTES = 1024 * 1024;
/** Packed; a configuration has 8 MiB at most. */
const EXTENSIONS_MAX_BYTES = 16 * 1024 * 1024;

/** Machine configurations that come with an initramfs; undefined stands for one that cannot be read. */
export async function embeddedConfigs(initramfs: ByteRange): Promise<Result<readonly (string | undefined)[]>> {
  const lists = await filesOf(initramfs, (name) => name === LIST, LIST_MAX_BYTES);
  if (!lists.ok) return lists;
  const images = new Set<string>();
  for (const { bytes } of lists.value) {
    const named = imagesOf(bytes);
    if (named === undefined) return fail(`its ${LIST} cannot be read, and may name a machine configuration`);
    for (const image of named) images.add(baseOf(image));
  }
  if (images.size === 0) return ok([]);
  // The list stands behind what it names, which is looked for in a second reading: all of it is too much to keep.
  const packed = await filesOf(initramfs, (name) => images.has(name), EXTENSIONS_MAX_BYTES);
  if (!packed.ok) return packed;
  const missing = [...images].filter((image) => !packed.value.some(({ name }) => name === image));
  const found: (string | undefined)[] = missing.map(() => undefined);
  for (const { bytes } of packed.value) {
    const texts = await squashFiles(bytes);
    found.push(...(texts?.map((text) => text.toString('utf8')) ?? [undefined]));
  }
  return ok(found);
}

interface Found {
  readonly name: string;
  readonly bytes: Buffer;
}

/** All of that name, in whichever folder, and those that a later one replaces: which of them counts is not for us to say. */
async function filesOf(
  initramfs: ByteRange,
  isWanted: (name: string) => boolean,
  mostBytes: number,
): Promise<Result<readonly Found[]>> {
  const files: Found[] = [];
  let wantedBytes = 0;
  let tooLarge: string | undefined;
  const unread = await readInitramfs(initramfs, {
    isWanted(name, sizeBytes) {
      if (!isWanted(baseOf(name))) return false;
      wantedBytes += sizeBytes;
      if (wantedBytes > mostBytes) tooLarge ??= baseOf(name);
      return tooLarge === undefined;
    },
    found: (name, bytes) => files.push({ name: baseOf(name), bytes }),
  });
  if (tooLarge !== undefined)
    return fail(
      `its ${shown(tooLarge)} is too large to be looked into for a machine configuration (more than ${mostBytes / 1024 / 1024} MiB)`,
    );
  return unread === undefined
    ? ok(files)
    : fail(`it cannot be looked into whole for a machine configuration: it ${unread}`);
}

const baseOf = (name: string): string => name.replace(/^.*\//s, '');

const shown = (name: string): string => name.replace(/[^\x20-\x7e]/g, '?').slice(0, 80);

/** Of the layers that hold a configuration; undefined: it is no list. Talos may read more in it than we do. */
function imagesOf(list: Buffer): readonly string[] | undefined {
  const read = parsed(list);
  if (read === undefined) return undefined;
  const layers = property(read, 'layers');
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

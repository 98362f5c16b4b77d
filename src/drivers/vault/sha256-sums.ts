import { fail, ok, type Result } from '../../core/result.ts';

/** `sha256sum.txt` of a release: `<64 hex>  <name>`, the name sometimes marked with `*` or led by a path. */
export function parseSha256Sums(text: string): Result<ReadonlyMap<string, string>> {
  const sums = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^([0-9a-f]{64})\s+\*?(\S+)\s*$/i.exec(line);
    const [, sum, path] = match ?? [];
    if (sum !== undefined && path !== undefined) sums.set(path.slice(path.lastIndexOf('/') + 1), sum.toLowerCase());
  }
  return sums.size > 0 ? ok(sums) : fail('sha256sum.txt holds no checksum');
}

import { ENGINE } from '../core/engine-mark.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { type AuditEntry, parseAuditLine } from './audit-line.ts';
import { createDisk, type DiskPort } from './disk-port.ts';
import { explainDiskError } from './explain-disk-error.ts';
import { listSegments } from './segment-files.ts';

/** The newest `count` lines, newest first. Those that tell no deed are passed over. */
export function readAudit(
  dir: string,
  count: number,
  disk: DiskPort = createDisk(),
): Promise<Result<readonly AuditEntry[]>> {
  return readLines(dir, count, disk, () => true);
}

/** Of those what people ordered. */
export function readOrders(dir: string, count: number): Promise<Result<readonly AuditEntry[]>> {
  return readLines(dir, count, createDisk(), (entry) => entry.who !== ENGINE.who || entry.from !== ENGINE.from);
}

async function readLines(
  dir: string,
  count: number,
  disk: DiskPort,
  isWanted: (entry: AuditEntry) => boolean,
): Promise<Result<readonly AuditEntry[]>> {
  const found: AuditEntry[] = [];
  try {
    const segments = await listSegments(disk, dir, 'audit');
    for (const segment of segments.toReversed()) {
      if (found.length >= count) break;
      const text = await readText(disk, segment.path);
      for (const line of text.split('\n').reverse()) {
        const entry = parseAuditLine(line);
        if (entry !== undefined && isWanted(entry)) found.push(entry);
        if (found.length >= count) break;
      }
    }
    return ok(found.slice(0, count));
  } catch (error) {
    return fail(explainDiskError(error, `read the audit in ${dir}`));
  }
}

async function readText(disk: DiskPort, path: string): Promise<string> {
  const file = await disk.open(path, 'read');
  try {
    const bytes = Buffer.alloc(await file.sizeBytes());
    const got = await file.read(bytes, 0);
    return bytes.toString('utf8', 0, got);
  } finally {
    await file.close();
  }
}

import { basename, join } from 'node:path';
import type { DiskPort } from './disk-port.ts';
import { errnoOf } from './explain-disk-error.ts';

/** A log is a row of files, each named after the first sequence number in it: `journal-000000000001.log`. */
export interface SegmentName {
  readonly path: string;
  readonly firstSeq: number;
}

export type LogName = 'journal' | 'audit';

export function segmentPath(dir: string, log: LogName, firstSeq: number): string {
  return join(dir, `${log}-${String(firstSeq).padStart(12, '0')}.log`);
}

/** Oldest first. A folder that is not there yet holds none. */
export async function listSegments(disk: DiskPort, dir: string, log: LogName): Promise<readonly SegmentName[]> {
  return listNames(disk, dir, new RegExp(`^${log}-(\\d{12,15})\\.log$`));
}

/** Those that somebody has given another name, in their place: `journal-000000000001.log.old`. */
export async function listRenamed(disk: DiskPort, dir: string, log: LogName): Promise<readonly SegmentName[]> {
  return listNames(disk, dir, new RegExp(`^${log}-(\\d{12,15})\\.log\\..`));
}

async function listNames(disk: DiskPort, dir: string, pattern: RegExp): Promise<readonly SegmentName[]> {
  const names = await disk.list(dir).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => {
      const digits = pattern.exec(name)?.[1];
      return digits === undefined ? [] : [{ path: join(dir, name), firstSeq: Number(digits) }];
    })
    .sort((a, b) => a.firstSeq - b.firstSeq);
}

export const firstSeqOf = (path: string): number => Number(/-(\d+)\.log$/.exec(basename(path))?.[1] ?? 1);

export const asideName = (path: string): string => `${path}.aside`;

/** Out of the way of what is written under its name; kept for whoever wants to look. */
export async function setAside(disk: DiskPort, path: string): Promise<void> {
  try {
    await disk.rename(path, asideName(path));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

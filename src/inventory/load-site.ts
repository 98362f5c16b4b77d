import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem, SiteSpec } from '../core/spec.ts';
import { parseFile } from './parse-file.ts';
import { parseSite } from './parse-site.ts';
import { readSource } from './read-tree.ts';
import { createReport } from './report.ts';

const NAMES = ['_site.yaml', '_site.yml'] as const;

/** The site without its machines, of which there may be ten thousand. Undefined: there is none, or it has an error. */
export const loadSite = (folder: string): SiteSpec | undefined => readSite(folder).site;

export interface ReadSite {
  readonly site?: SiteSpec;
  /** Why there is none. */
  readonly error?: Problem;
  /** There is no such file; the site is one with all defaults. */
  readonly isAbsent?: true;
}

export function readSite(folder: string): ReadSite {
  if (!existsSync(folder)) return {};
  const report = createReport();
  try {
    const name = NAMES.find((one) => existsSync(join(folder, one)));
    const source = name === undefined ? undefined : readSource(join(folder, name), name, report);
    const parsed = source === undefined ? undefined : parseFile(source);
    const site = parseSite(parsed?.tree, report);
    const error = [...report.problems, ...(parsed?.problems ?? [])].find((one) => one.severity === 'error');
    if (error !== undefined) return { error };
    return name === undefined ? { site, isAbsent: true } : { site };
  } catch {
    return {};
  }
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SiteSpec } from '../core/spec.ts';
import { parseFile } from './parse-file.ts';
import { parseSite } from './parse-site.ts';
import { readSource } from './read-tree.ts';
import { createReport } from './report.ts';

const NAMES = ['_site.yaml', '_site.yml'] as const;

/** The site without its machines, of which there may be ten thousand. Undefined: there is none, or it has an error. */
export function loadSite(folder: string): SiteSpec | undefined {
  if (!existsSync(folder)) return undefined;
  const report = createReport();
  try {
    const name = NAMES.find((one) => existsSync(join(folder, one)));
    const source = name === undefined ? undefined : readSource(join(folder, name), name, report);
    const parsed = source === undefined ? undefined : parseFile(source);
    const site = parseSite(parsed?.tree, report);
    const isWrong = [...report.problems, ...(parsed?.problems ?? [])].some((one) => one.severity === 'error');
    return isWrong ? undefined : site;
  } catch {
    return undefined;
  }
}

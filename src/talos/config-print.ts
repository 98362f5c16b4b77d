import { createHash } from 'node:crypto';
import { parseAllDocuments } from 'yaml';

/**
 * A hash of what a configuration says, whatever the order of its keys and documents and however it is written: Talos may
 * give back in another spelling what it was given. Holds secrets only as the hash does.
 */
export function configPrint(text: string): string {
  return createHash('sha256').update(canonical(text)).digest('hex');
}

function canonical(text: string): string {
  try {
    const documents = parseAllDocuments(text, {
      schema: 'failsafe',
      logLevel: 'error',
      prettyErrors: false,
      uniqueKeys: false,
    });
    if ('empty' in documents || documents.some((one) => one.errors.length > 0)) return text;
    return documents
      .map((one) => one.toJS({ maxAliasCount: 100 }) as unknown)
      .filter((one) => one !== null)
      .map((one) => JSON.stringify(sorted(one)))
      .sort()
      .join('\n');
  } catch {
    return text;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, one]) => [key, sorted(one)]));
}

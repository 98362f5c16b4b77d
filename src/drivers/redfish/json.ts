import { cleanText } from '../../core/clean-text.ts';

/** Reads of JSON that may have any shape at any level: what is not as hoped is absent, never an exception. */
export type Json = Readonly<Record<string, unknown>>;

export function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let here: unknown = value;
  for (const name of path) {
    const object = asObject(here);
    if (object === undefined || !Object.hasOwn(object, name)) return undefined;
    here = object[name];
  }
  return here;
}

export const objectAt = (value: unknown, ...path: readonly string[]): Json | undefined =>
  asObject(valueAt(value, ...path));

/** Cleaned and trimmed; an empty text is absent. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const raw = valueAt(value, ...path);
  if (typeof raw !== 'string') return undefined;
  const text = cleanText(raw);
  return text === '' ? undefined : text;
}

export function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const raw = valueAt(value, ...path);
  return typeof raw === 'number' && Number.isFinite(raw) ? raw : undefined;
}

export function booleanAt(value: unknown, ...path: readonly string[]): boolean | undefined {
  const raw = valueAt(value, ...path);
  return typeof raw === 'boolean' ? raw : undefined;
}

/** At most `most` items: an array of a million is an attack or a bug, and both are cut. */
export function listAt(value: unknown, path: readonly string[], most = 2_000): readonly unknown[] {
  const raw = valueAt(value, ...path);
  return Array.isArray(raw) ? raw.slice(0, most) : [];
}

export const textsAt = (value: unknown, ...path: readonly string[]): readonly string[] =>
  listAt(value, path).flatMap((item) => (typeof item === 'string' ? [cleanText(item)] : []));

/**
 * A link as a path on this BMC: the host of an absolute link is dropped (BMCs behind NAT name hosts that we cannot
 * reach, and a token goes nowhere else), and so is the fragment, which points inside the document.
 */
export function parseLink(raw: unknown): string | undefined {
  if (typeof raw !== 'string' || raw.length > 2_048) return undefined;
  const path = raw.replace(/^https?:\/\/[^/]*/i, '').replace(/#.*$/s, '');
  return /^\/(?!\/)[\x21-\x7e]*$/.test(path) ? path : undefined;
}

/** `{"@odata.id": "…"}`, or the bare text that some actions use. */
export function linkOf(value: unknown): string | undefined {
  return parseLink(typeof value === 'string' ? value : valueAt(value, '@odata.id'));
}

export const linkAt = (value: unknown, ...path: readonly string[]): string | undefined =>
  linkOf(valueAt(value, ...path));

export const linksAt = (value: unknown, ...path: readonly string[]): readonly string[] =>
  listAt(value, path).flatMap((item) => linkOf(item) ?? []);

/** `/redfish/v1/Systems/1/` and `/redfish/v1/Systems/1` are one resource. */
export const samePath = (a: string, b: string): boolean => a.replace(/\/+$/, '') === b.replace(/\/+$/, '');

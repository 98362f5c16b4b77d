import type { Fleet } from '../../../src/core/fleet.ts';
import { fleetText } from '../../../src/core/fleet-json.ts';

/** What the state may hold of everything that is not one per machine: histories are bounded, whatever happened. */
const MOST = 64;
/** Those that are one per machine or address of it, by their place in the state's text. */
const PER_MACHINE: ReadonlySet<string> = new Set([
  'nodes',
  'leases',
  'addresses',
  'rest.fingerprints',
  'rest.bmcSessions',
  'rest.waves.*.entries',
  'rest.waves.*.started',
  'rest.waves.*.ended',
]);
const MOST_CHARACTERS = 2_000;

/**
 * The longest list and the longest text at each place of the state. A list without a bound would stand out here after
 * thousands of provisionings, however small its entries are.
 */
export function unboundedIn(fleet: Fleet, machines: number): readonly string[] {
  const longest = new Map<string, number>();
  const note = (place: string, length: number) => longest.set(place, Math.max(length, longest.get(place) ?? 0));
  const walk = (value: unknown, place: string) => {
    if (typeof value === 'string') note(`${place} (text)`, value.length);
    if (typeof value !== 'object' || value === null) return;
    const entries = Object.entries(value);
    note(place, entries.length);
    const isNamed = entries.length > 0 && (Array.isArray(value) || NAMED.test(place));
    for (const [key, inner] of entries) walk(inner, `${place === '' ? '' : `${place}.`}${isNamed ? '*' : key}`);
  };
  walk(JSON.parse(fleetText(fleet)), '');
  return [...longest].flatMap(([place, length]) => {
    const most = place.endsWith(' (text)') ? MOST_CHARACTERS : PER_MACHINE.has(place) ? machines * 1.1 + 8 : MOST;
    return length <= most ? [] : [`the state holds ${length} of ${place}, where ${Math.round(most)} are bound`];
  });
}

/** Records whose keys are names and not fields. */
const NAMED = /^rest\.(?:waves|waves\.\*\.ended|rivals|services|fingerprints|bmcSessions|bootstraps|modelVariants)$/;

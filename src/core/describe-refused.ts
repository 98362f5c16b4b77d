import type { EventOf } from './event.ts';

/** Paths at which iPXE asks what to boot. */
const SCRIPTS: ReadonlySet<string> = new Set(['/boot.ipxe', '/s']);

/** What stands on the machine's page, in its timeline and in its log. */
export function refusedRequest({
  path,
  status,
  reason,
}: Omit<EventOf<'http.requestRefused'>, 'type' | 'node' | 'time'>): string {
  const what = SCRIPTS.has(path) ? `request for the script (${path})` : path === '' ? 'request' : `request for ${path}`;
  return `its ${what} was refused (${status}: ${reason})`;
}

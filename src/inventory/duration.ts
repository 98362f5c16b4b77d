const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
/** Shorter leases make firmware renew in the middle of a download. */
const SHORTEST_LEASE_S = 120;
const LONGEST_LEASE_S = 365 * 86_400;

/** `12h`, `1d12h`, `3600` (seconds); undefined for anything else. */
function parseDurationSeconds(text: string): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  if (!/^(\d{1,6}[smhdw])+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, count, unit = 's'] of text.matchAll(/(\d+)([smhdw])/g)) seconds += Number(count) * (SECONDS[unit] ?? 0);
  return seconds;
}

export function parseLeaseSeconds(text: string): number | undefined {
  const seconds = parseDurationSeconds(text);
  return seconds !== undefined && seconds >= SHORTEST_LEASE_S && seconds <= LONGEST_LEASE_S ? seconds : undefined;
}

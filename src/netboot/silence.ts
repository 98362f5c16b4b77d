/** The kinds of silence, and what each means: of all requests together they are counted, of each the log tells the reason. */
export const SILENCES = {
  malformed: 'it is no request that DHCP knows',
  network: 'it is from a network that the site does not serve',
  stranger: 'the inventory does not know it, and discovery is off',
  conflict: 'what it says of itself fits several machines',
  gate: 'it is not to boot from the network now',
  loader: 'there is no loader for its firmware',
  pool: 'no address is free',
  waiting: 'the first server of the network has its time to answer',
  other: 'it is for another server',
  unheld: 'it is about an address that it has not from us',
  probe: '`crashcart doctor` asks on this host, and no machine',
  undue: 'it is done, and DHCP knows no answer to it',
} as const satisfies Readonly<Record<string, string>>;

export type Silence = keyof typeof SILENCES;

/** How often each kind was. */
export type SilenceCounts = Readonly<Record<Silence, number>>;

export interface SilenceTally {
  readonly add: (kind: Silence) => void;
  readonly counts: () => SilenceCounts;
}

export function createSilenceTally(): SilenceTally {
  const counts = Object.fromEntries(Object.keys(SILENCES).map((kind) => [kind, 0])) as Record<Silence, number>;
  return {
    add: (kind) => {
      counts[kind] += 1;
    },
    counts: () => ({ ...counts }),
  };
}

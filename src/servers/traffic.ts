/** What a server did since it started, counted where it happens. Rates are made of two readings. */
export interface Traffic {
  readonly requests: number;
  /** Not to be understood, refused, broken off, not sent. */
  readonly errors: number;
  /** Of files, texts and DHCP replies; 0 where a server sends none. */
  readonly bytes: number;
}

export type Tally = { -readonly [K in keyof Traffic]: Traffic[K] };

export const createTally = (): Tally => ({ requests: 0, errors: 0, bytes: 0 });

/** A peer that did not serve all: how long it was given says nothing of how long it would have taken. */
export interface Unfinished {
  readonly after: number;
  readonly served: number;
  readonly of: number;
}

export type PeerFigure = number | Unfinished;

/** What a figure of ours is held to. */
export type OwnAim = {
  readonly what: string;
  readonly unit: string;
  /** Undefined: it was not measured, which is no pass. */
  readonly value: number | undefined;
} & ({ readonly atMost: number } | { readonly atLeast: number });

/** One line of the table: our figure beside those of others in the same run. */
export interface BenchRow {
  readonly series: string;
  readonly what: string;
  readonly unit: string;
  /** Undefined where we did not get there: nothing is compared then. */
  readonly ours: number | undefined;
  /** Undefined where a peer has no such thing, or is not here. */
  readonly peers: Readonly<Record<string, PeerFigure | undefined>>;
  /** `up`: more is better. */
  readonly better: 'up' | 'down';
  /** How many times better than a peer; a peer with an aim must be there. */
  readonly aims?: Readonly<Record<string, number>>;
  /** What this case is held to beside its peers. */
  readonly own?: readonly OwnAim[];
  /** What makes the figures of this case worthless: machines without an answer, a screen that drew nothing. */
  readonly broken?: readonly string[];
  readonly note?: string;
}

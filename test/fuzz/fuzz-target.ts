/** Something that takes bytes from outside, and what must hold whatever they are. Nothing may be thrown. */
export interface FuzzTarget {
  readonly name: string;
  readonly seeds: () => readonly Uint8Array[];
  /** State of a run is made once; each input goes through `feed`, which throws where something does not hold. */
  readonly open: () => (bytes: Uint8Array) => void | Promise<void>;
  /** Of the inputs that others take in the same time: one in so many. Absent: as many. */
  readonly oneIn?: number;
}

export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

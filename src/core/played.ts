/** What a demo or a rehearsal puts in or makes up: nobody shall look for a fault of his own where one was planted. */
export interface Played {
  readonly faults: readonly PlantedFault[];
  /** What could not be known and is played all the same, a sentence each. */
  readonly notes: readonly string[];
}

export interface PlantedFault {
  readonly node: string;
  /** What goes wrong with it, and the fault's name. */
  readonly text: string;
}

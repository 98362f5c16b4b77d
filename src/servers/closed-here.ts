/** A connection ends by our doing: what was under way on it is not told as broken off by the other side. */
export class ClosedHere extends Error {}

export const closedHere = (error: unknown): string | undefined =>
  error instanceof ClosedHere ? error.message : undefined;

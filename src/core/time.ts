/** Milliseconds since 1970. Comes into the core only with events; nothing below the engine reads a clock. */
export type TimeMs = number;

export const SECOND_MS = 1000;
export const MINUTE_MS = 60_000;

import type { WarmedUp } from './warm-up-dhcp.ts';

const CUT = {
  time: 'more takes too long here',
  sockets: 'this host lets it open no more sockets',
} as const;

/** What the log says when the warm-up is over; nothing where the program ends, or where it is not worth one. */
export function warmText({ exchanges, cut }: WarmedUp, tookMs: number): string | undefined {
  if (cut === 'over' || (exchanges === 0 && cut === undefined)) return undefined;
  const done = `${exchanges} exchanges with itself in ${(tookMs / 1000).toFixed(1)} s`;
  if (cut === undefined) return `${done}: from now on machines are answered at full speed`;
  return `${done}, and ${CUT[cut]}: machines are answered, the first of them not yet answered at full speed`;
}

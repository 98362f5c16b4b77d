import type { LogLine } from '../core/ports.ts';
import type { BootParts } from './server-parts.ts';

export interface Refused {
  readonly count: number;
  /** The last one. */
  readonly client: string;
  /** Of that client, where it has too many (`own`); else of this service, or of one of its threads. */
  readonly open: number;
  readonly own: boolean;
}

/** Connections that were one too many, told now and then: who floods us fills no log. */
export interface RefusedConnections {
  readonly add: (client: string, open: number, own: boolean) => void;
}

const EVERY_MS = 10_000;

export function countRefused(tell: (refused: Refused) => void, everyMs = EVERY_MS): RefusedConnections {
  let count = 0;
  let last = { client: '', open: 0, own: false };
  let timer: NodeJS.Timeout | undefined;
  const tellNow = (): void => {
    timer = undefined;
    if (count === 0) return;
    tell({ count, ...last });
    count = 0;
    timer = setTimeout(tellNow, everyMs).unref();
  };
  return {
    add: (client, open, own) => {
      count += 1;
      last = { client, open, own };
      if (timer === undefined) tellNow();
    },
  };
}

export const refusedText = (what: string, { count, client, open, own }: Refused): string =>
  `${what}: ${count === 1 ? 'a connection' : `${count} connections`} too many refused, the last of ${client}: ${open} are open${own ? ' from there' : ''}, as many as it may have here`;

/** Told in the log of the service. */
export function logRefused(
  what: string,
  source: LogLine['source'],
  { engine, onLog }: Pick<BootParts, 'engine' | 'onLog'>,
): RefusedConnections {
  return countRefused((refused) => {
    const text = refusedText(what, refused);
    onLog({ at: engine.now(), node: '', source, level: 'warn', text });
  });
}

import { readFileSync } from 'node:fs';

export interface Share {
  readonly connections: number;
  /** Of one address. */
  readonly perClient: number;
}

/**
 * How many of the files that this process may open its connections get. What nobody gets stays for the journal, DHCP,
 * BMCs and the control socket: whoever opens connections may keep others from being answered, and never these.
 */
export interface FileShares {
  /** Of each thread that has HTTP. */
  readonly http: Share;
  /** Of the event sink, and as many of the receiver of kernel logs. */
  readonly reports: Share;
  /** By TFTP. */
  readonly transfers: number;
}

/** Before anything is shared: the program's own, with the connections to a rack's BMCs. */
const KEPT_BACK = 256;
const LEAST = 16;
const MOST = { http: 16_384, httpClient: 4096, reports: 8192, transfers: 4096 };
const REPORTS_PER_CLIENT = 8;

/** Half is HTTP's, an eighth each that of events, kernel logs and TFTP. `openFiles` undefined: there is no end of them. */
export function shareFiles(openFiles: number | undefined, threads: number): FileShares {
  const room = openFiles === undefined ? Number.POSITIVE_INFINITY : Math.max(0, openFiles - KEPT_BACK);
  const part = (share: number, most: number) => Math.min(most, Math.max(LEAST, Math.floor(room * share)));
  const connections = part(0.5 / Math.max(1, threads), MOST.http);
  return {
    // A room behind one router is one address; more than a quarter of all is one that keeps others out.
    http: { connections, perClient: Math.min(MOST.httpClient, Math.ceil(connections / 4)) },
    reports: { connections: part(0.125, MOST.reports), perClient: REPORTS_PER_CLIENT },
    transfers: part(0.125, MOST.transfers),
  };
}

/** Where nothing is known of a limit. */
export const WHOLE_SHARES = shareFiles(undefined, 1);

/** What this process may have open at a time; undefined where there is no limit, or nothing tells it. */
export function readOpenFiles(): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

import { readFileSync } from 'node:fs';
import { readOpenFiles } from './file-shares.ts';
import { setcapCommand } from './own-program.ts';

/** Limits of the machine that we run on; undefined where they cannot be read. */
export interface Surroundings {
  /** net.ipv4.neigh.default.gc_thresh3: a global end of the ARP table. */
  readonly neighbours: number | undefined;
  readonly backlog: number | undefined;
  readonly openFiles: number | undefined;
  /** CAP_NET_RAW. */
  readonly wholePackets: boolean | undefined;
}

/** So many that start at once are answered soon enough in any way. */
const SMALL_RACK = 100;
const CAP_NET_RAW_BIT = 13n;

function readNumber(path: string): number | undefined {
  try {
    const value = Number(readFileSync(path, 'utf8').trim());
    return Number.isFinite(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function readWholePackets(): boolean | undefined {
  try {
    const held = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return held === undefined ? undefined : ((BigInt(`0x${held}`) >> CAP_NET_RAW_BIT) & 1n) === 1n;
  } catch {
    return undefined;
  }
}

export function readSurroundings(): Surroundings {
  return {
    neighbours: readNumber('/proc/sys/net/ipv4/neigh/default/gc_thresh3'),
    backlog: readNumber('/proc/sys/net/core/somaxconn'),
    openFiles: readOpenFiles(),
    wholePackets: readWholePackets(),
  };
}

/**
 * What would go wrong with so many machines at once, and the command that mends it. Receive buffers are not guessed at
 * here: each server knows what the kernel gave it.
 */
export function checkSurroundings(found: Surroundings, machines: number, bmcs = 0): readonly string[] {
  const advice: string[] = [];
  const { neighbours, backlog, openFiles, wholePackets } = found;
  // Seen: with the default of 1024 exactly 1023 of 2000 machines could be spoken to. BMCs are neighbours too.
  const addresses = machines + bmcs;
  if (neighbours !== undefined && addresses > neighbours * 0.8) {
    const want = Math.max(8192, 2 ** Math.ceil(Math.log2(addresses * 4)));
    advice.push(
      `the neighbour table ends at ${neighbours} addresses, and the inventory has ${addresses}: sysctl -w net.ipv4.neigh.default.gc_thresh1=${want / 4} net.ipv4.neigh.default.gc_thresh2=${want / 2} net.ipv4.neigh.default.gc_thresh3=${want}`,
    );
  }
  if (backlog !== undefined && backlog < Math.min(machines, 1024)) {
    advice.push(`only ${backlog} connections can wait to be accepted: sysctl -w net.core.somaxconn=4096`);
  }
  // A machine has a TFTP socket or two connections at a time.
  if (openFiles !== undefined && openFiles < machines * 3 + 256) {
    advice.push(`only ${openFiles} open files are allowed: ulimit -n 65536, or LimitNOFILE=65536 in the unit`);
  }
  if (wholePackets === false && machines > SMALL_RACK) {
    advice.push(
      `CAP_NET_RAW is missing: DHCP answers the broadcasts of ${machines} machines one by one, at three times the cost: ${setcapCommand()}`,
    );
  }
  return advice;
}

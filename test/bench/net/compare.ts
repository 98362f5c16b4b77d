import type { BenchNet } from './open-bench-net.ts';
import { startOwn } from './own-server.ts';
import { type BenchFiles, type PeerName, type Running, startPeer } from './peers.ts';
import type { Measured } from './run-netload.ts';

/** `crashcart-1`: with a single thread that sends, to compare what a core does. */
export type ServerName = 'crashcart' | 'crashcart-1' | PeerName;

/** Server → case → what each round measured. */
export type Rounds = ReadonlyMap<ServerName, ReadonlyMap<number, readonly Measured[]>>;

/** Which case is measured with which server, and how. */
export interface Comparison {
  readonly rounds: number;
  readonly machines: number;
  /** Of `crashcart`: threads that send. Where nothing is said the program chooses. */
  readonly threads?: number;
  readonly servers: readonly ServerName[];
  readonly cases: number;
  readonly measure: (server: ServerName, pids: readonly number[], index: number) => Promise<Measured | undefined>;
}

/** Round by round, server by server: what disturbs the machine for a minute disturbs all of them. */
export async function compareServers(net: BenchNet, files: BenchFiles, wanted: Comparison): Promise<Rounds> {
  const found = new Map<ServerName, Map<number, Measured[]>>();
  const missing = new Set<ServerName>();
  for (let round = 0; round < wanted.rounds; round += 1) {
    for (const server of wanted.servers) {
      if (missing.has(server)) continue;
      const running = await start(net, files, server, wanted);
      if (typeof running === 'string') {
        console.log(`${running}\n`);
        missing.add(server);
        continue;
      }
      const cases = found.get(server) ?? new Map<number, Measured[]>();
      found.set(server, cases);
      try {
        for (let index = 0; index < wanted.cases; index += 1) {
          const measured = await wanted.measure(server, running.pids, index);
          if (measured !== undefined) cases.set(index, [...(cases.get(index) ?? []), measured]);
        }
      } finally {
        await running.stop();
      }
    }
  }
  return found;
}

function start(
  net: BenchNet,
  files: BenchFiles,
  server: ServerName,
  { machines, threads }: Comparison,
): Promise<Running | string> {
  if (server === 'crashcart') return startOwn(net, files, machines, threads);
  return server === 'crashcart-1' ? startOwn(net, files, machines, 1) : startPeer(net, server, files);
}

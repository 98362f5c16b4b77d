import { createServer } from 'node:net';
import type { PlannedNetwork } from './planned-machine.ts';

/** Segments of 127/8 that no other simulated rack of this computer uses, until they are given back. */
export interface ClaimedSegments {
  /** As many as were asked for, or as many as there are. */
  readonly networks: readonly [PlannedNetwork, ...PlannedNetwork[]];
  release(): Promise<void>;
}

/** Where one rack runs, and where its documents say it does. */
const USUAL_NET = 77;
/** 127.16.0.0 to 127.127.0.0; the usual one and those behind it come first. */
const NETS = { first: 16, last: 127 } as const;
/** Every machine of a rack answers at it, as Talos does; on the address below nothing else does. */
const CLAIM = { host: 3, port: 50_000 } as const;

/** A simulated segment by its second number. */
export const segmentOf = (net: number, home = net): PlannedNetwork => ({
  net,
  subnet: `127.${net}.0.0/16`,
  relay: `127.${net}.0.2`,
  server: `127.${home}.0.1`,
  pool: { from: `127.${net}.200.1`, to: `127.${net}.219.254` },
  dhcp: 'authoritative',
});

/** The segment of a made-up rack that is alone on its computer. */
export const DEMO_NETWORK: PlannedNetwork = segmentOf(USUAL_NET);

function listen(net: number): Promise<(() => Promise<void>) | undefined> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ host: `127.${net}.0.${CLAIM.host}`, port: CLAIM.port, exclusive: true }, () => {
      server.unref();
      resolve(() => new Promise((done) => server.close(() => done())));
    });
  });
}

/**
 * Two racks on one computer would have machines with the same addresses, and each program would talk to the machines of
 * the other. When all are taken, the usual one serves: better a rack with some mute machines than none.
 */
export async function claimSegments(count: number): Promise<ClaimedSegments> {
  const all = Array.from({ length: NETS.last - NETS.first + 1 }, (_, i) => NETS.first + i);
  const nets: number[] = [];
  const releases: (() => Promise<void>)[] = [];
  for (const net of [...all.slice(USUAL_NET - NETS.first), ...all.slice(0, USUAL_NET - NETS.first)]) {
    if (nets.length >= count) break;
    const release = await listen(net);
    if (release === undefined) continue;
    nets.push(net);
    releases.push(release);
  }
  const [home = USUAL_NET, ...rest] = nets;
  return {
    networks: [segmentOf(home), ...rest.map((net) => segmentOf(net, home))],
    async release() {
      await Promise.all(releases.map((release) => release()));
    },
  };
}

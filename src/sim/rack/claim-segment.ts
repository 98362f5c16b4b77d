import { createServer } from 'node:net';
import type { PlannedNetwork } from './planned-machine.ts';

/** A segment of 127/8 that no other simulated rack of this computer uses, until it is given back. */
export interface ClaimedSegment {
  readonly network: PlannedNetwork;
  release(): Promise<void>;
}

/** Where one rack runs, and where its documents say it does. */
const USUAL_NET = 77;
/** 127.64.0.0/10 is for rehearsals. */
const OTHER_NETS = { first: 16, last: 63 } as const;
/** Every machine of a rack answers at it, as Talos does; on the address below nothing else does. */
const CLAIM = { host: 3, port: 50_000 } as const;

/** A simulated segment by its second number. */
export const segmentOf = (net: number): PlannedNetwork => ({
  net,
  subnet: `127.${net}.0.0/16`,
  relay: `127.${net}.0.2`,
  server: `127.${net}.0.1`,
  pool: { from: `127.${net}.200.1`, to: `127.${net}.219.254` },
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
export async function claimSegment(): Promise<ClaimedSegment> {
  const others = Array.from({ length: OTHER_NETS.last - OTHER_NETS.first + 1 }, (_, i) => OTHER_NETS.first + i);
  for (const net of [USUAL_NET, ...others]) {
    const release = await listen(net);
    if (release !== undefined) return { network: segmentOf(net), release };
  }
  return { network: DEMO_NETWORK, release: async () => undefined };
}

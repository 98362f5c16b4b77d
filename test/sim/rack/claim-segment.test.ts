import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { claimSegment } from '../../../src/sim/rack/claim-segment.ts';

/** As the claim does it: taken is taken for everybody on this computer. */
const isFree = (net: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: `127.${net}.0.3`, port: 50_000, exclusive: true }, () => server.close(() => resolve(true)));
  });

describe('the segment of a simulated rack', () => {
  test('is another one for each rack that runs at the same time', async () => {
    const claims = await Promise.all([claimSegment(), claimSegment(), claimSegment()]);
    const nets = claims.map((one) => one.network.net);
    expect(new Set(nets).size).toBe(3);
    for (const { network } of claims) {
      expect(network.server).toBe(`127.${network.net}.0.1`);
      expect(await isFree(network.net)).toBe(false);
    }
    await Promise.all(claims.map((one) => one.release()));
  });

  test('lies outside of what rehearsals use, but for the usual one', async () => {
    const claims = await Promise.all([claimSegment(), claimSegment()]);
    for (const { network } of claims) expect(network.net === 77 || network.net < 64).toBe(true);
    await Promise.all(claims.map((one) => one.release()));
  });
});

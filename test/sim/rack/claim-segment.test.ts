import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { claimSegments } from '../../../src/sim/rack/claim-segment.ts';

/** As the claim does it: taken is taken for everybody on this computer. */
const isFree = (net: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: `127.${net}.0.3`, port: 50_000, exclusive: true }, () => server.close(() => resolve(true)));
  });

describe('the segments of a simulated rack', () => {
  test('are others for each rack that runs at the same time, made up or rehearsed', async () => {
    const claims = await Promise.all([claimSegments(1), claimSegments(3), claimSegments(2)]);
    const nets = claims.flatMap((one) => one.networks.map(({ net }) => net));
    expect(new Set(nets).size).toBe(6);
    for (const net of nets) expect(await isFree(net)).toBe(false);
    await Promise.all(claims.map((one) => one.release()));
  });

  test('have one server between them, in the first, and a relay and a pool each', async () => {
    const claimed = await claimSegments(2);
    const [home, other] = claimed.networks;
    expect(home.server).toBe(`127.${home.net}.0.1`);
    expect(other).toMatchObject({
      server: home.server,
      relay: `127.${other?.net}.0.2`,
      subnet: `127.${other?.net}.0.0/16`,
      pool: { from: `127.${other?.net}.200.1` },
    });
    await claimed.release();
  });

  test('are as many as there are, and given back they are free again', async () => {
    const all = await claimSegments(1_000);
    expect(all.networks.length).toBeLessThanOrEqual(112);
    const { net } = all.networks[0];
    const none = await claimSegments(1);
    expect(none.networks.map((one) => one.net)).toEqual([77]);
    await all.release();
    expect(await isFree(net)).toBe(true);
  });
});

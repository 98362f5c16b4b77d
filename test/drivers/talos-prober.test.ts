import { once } from 'node:events';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { createServer as createTls } from 'node:tls';
import { afterEach, expect, test, vi } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { createTalosProber, type TalosProber } from '../../src/drivers/talos-prober.ts';
import { issueCertificate } from '../../src/sim/bmc/issue-certificate.ts';

/** What is behind port 50000, over real sockets. */

const PATIENT = { timeout: 30_000, interval: 20 };

let prober: TalosProber | undefined;
let server: Server | undefined;
afterEach(async () => {
  prober?.stopAll();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

async function listen(made: Server): Promise<number> {
  server = made.listen(0, '127.0.0.1');
  await once(made, 'listening');
  return (made.address() as AddressInfo).port;
}

function probe(port: number): EventBody[] {
  const told: EventBody[] = [];
  prober = createTalosProber({ everyMs: 50, timeoutMs: 5000, port, emit: (event) => told.push(event) });
  prober.start('n1', '127.0.0.1');
  return told;
}

const tlsServer = (commonName: string) => {
  const { key, cert } = issueCertificate({ commonName, use: 'server', address: '127.0.0.1' }, undefined, Date.now());
  return createTls({ key, cert, ALPNProtocols: ['h2'] });
};

const DOORS: readonly (readonly [string, () => Server, string])[] = [
  [
    'its own certificate before it has a configuration',
    () => tlsServer('maintenance-service.talos.dev'),
    'maintenance',
  ],
  ['a certificate of its cluster', () => tlsServer('n1'), 'cluster'],
  ['something that hangs up instead of speaking TLS', () => createTcp((socket) => socket.destroy()), 'none'],
];

test.each(DOORS)('a door with %s is told once, and its end too', { timeout: 60_000 }, async (_, make, certificate) => {
  const made = make();
  const told = probe(await listen(made));
  await vi.waitFor(
    () => expect(told).toEqual([{ type: 'probe.opened', node: 'n1', address: '127.0.0.1', certificate }]),
    PATIENT,
  );
  await new Promise((resolve) => made.close(resolve));
  server = undefined;
  await vi.waitFor(() => expect(told.map(({ type }) => type)).toEqual(['probe.opened', 'probe.closed']), PATIENT);
});

test('whoever is not followed any more is not asked', { timeout: 60_000 }, async () => {
  let knocks = 0;
  const port = await listen(
    createTcp((socket) => {
      knocks += 1;
      socket.destroy();
    }),
  );
  const told = probe(port);
  await vi.waitFor(() => expect(told).toHaveLength(1), PATIENT);
  prober?.stop('n1');
  const before = knocks;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(knocks - before).toBeLessThanOrEqual(1);
});

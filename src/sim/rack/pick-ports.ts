import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { SimPortsOfSite } from './planned-machine.ts';

interface Held {
  readonly port: number;
  readonly release: () => Promise<void>;
}

/**
 * Below what kernels hand out by themselves (32768 and up on Linux, 49152 elsewhere): between choosing a port and
 * listening on it, no outgoing connection of another program can be given the same.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const MAX_TRIES = 200;

function holdUdp(address: string, port: number): Promise<Held | undefined> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', () => resolve(undefined));
    socket.bind({ address, port, exclusive: true }, () =>
      resolve({ port, release: () => new Promise((done) => socket.close(() => done())) }),
    );
  });
}

function holdTcp(address: string, port: number): Promise<Held | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ host: address, port, exclusive: true }, () =>
      resolve({ port, release: () => new Promise((done) => server.close(() => done())) }),
    );
  });
}

async function pick(hold: (address: string, port: number) => Promise<Held | undefined>, address: string) {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const held = await hold(address, randomInt(FIRST_PORT, LAST_PORT));
    if (held !== undefined) return held;
  }
  throw new Error(`no port between ${FIRST_PORT} and ${LAST_PORT} is free at ${address}`);
}

/** Six ports that nobody uses at this address now. All are held until the last is found, so no two are the same. */
export async function pickPorts(address: string): Promise<SimPortsOfSite> {
  const [dhcp, proxy, tftp] = await Promise.all([
    pick(holdUdp, address),
    pick(holdUdp, address),
    pick(holdUdp, address),
  ]);
  const [http, events, kernelLog] = await Promise.all([
    pick(holdTcp, address),
    pick(holdTcp, address),
    pick(holdTcp, address),
  ]);
  await Promise.all([dhcp, proxy, tftp, http, events, kernelLog].map((one) => one.release()));
  return {
    dhcp: dhcp.port,
    proxy: proxy.port,
    tftp: tftp.port,
    http: http.port,
    events: events.port,
    kernelLog: kernelLog.port,
  };
}

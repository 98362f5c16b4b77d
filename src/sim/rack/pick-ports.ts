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
const PORTS: PortRange = { first: 20_000, last: 32_000 };
const MAX_TRIES = 200;

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

type Hold = (address: string, port: number) => Promise<Held | undefined>;

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

/** Kernel logs come by TCP and by UDP, to one port. */
async function holdBoth(address: string, port: number): Promise<Held | undefined> {
  const tcp = await holdTcp(address, port);
  if (tcp === undefined) return undefined;
  const udp = await holdUdp(address, port);
  if (udp !== undefined) return { port, release: () => releaseAll([tcp, udp]) };
  await tcp.release();
  return undefined;
}

async function releaseAll(held: readonly Held[]): Promise<void> {
  await Promise.all(held.map((one) => one.release()));
}

/** Six ports that nobody uses at this address now. All are held until the last is found, so no two are the same. */
export async function pickPorts(address: string, range = PORTS): Promise<SimPortsOfSite> {
  const pick = async (hold: Hold): Promise<Held> => {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const held = await hold(address, randomInt(range.first, range.last));
      if (held !== undefined) return held;
    }
    throw new Error(`no port between ${range.first} and ${range.last} is free at ${address}`);
  };
  const kernelLog = await pick(holdBoth);
  const [dhcp, proxy, tftp] = await Promise.all([pick(holdUdp), pick(holdUdp), pick(holdUdp)]);
  const [http, events] = await Promise.all([pick(holdTcp), pick(holdTcp)]);
  await releaseAll([dhcp, proxy, tftp, http, events, kernelLog]);
  return {
    dhcp: dhcp.port,
    proxy: proxy.port,
    tftp: tftp.port,
    http: http.port,
    events: events.port,
    kernelLog: kernelLog.port,
  };
}

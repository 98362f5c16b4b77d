import { type EventLoopUtilization, performance } from 'node:perf_hooks';
import type { Traffic } from '../servers/traffic.ts';
import type { Servers } from './start-servers.ts';

/** What the services screen shows of a service in numbers. */
export interface ServiceFigures {
  readonly perSecond: number;
  readonly bytesPerSecond: number;
  /** Of the busiest thread that serves it. */
  readonly busyPercent: number;
  readonly errors5m: number;
}

export interface ServiceMeter {
  /** Undefined: a service that counts nothing, or that was not read twice yet. */
  readonly of: (service: string) => ServiceFigures | undefined;
  readonly stop: () => void;
}

const READ_MS = 2_000;
/** Rates are of the last so many readings: long enough not to flicker, short enough to show a storm. */
const RATE_READINGS = 5;
const ERRORS_MS = 5 * 60_000;

interface Reading {
  readonly atMs: number;
  readonly traffic: ReadonlyMap<string, Traffic>;
  readonly own: EventLoopUtilization;
  readonly senders: readonly EventLoopUtilization[];
}

/** Services whose bytes are sent by threads of their own where there are any. */
const SENT_BY_THREADS: ReadonlySet<string> = new Set(['TFTP', 'HTTP']);

/** Reads what the servers count, and how busy their threads are, from the start on: also while nobody looks. */
export function createServiceMeter(
  servers: Pick<Servers, 'running' | 'loads'>,
  nowMs: () => number = () => performance.now(),
): ServiceMeter {
  let readings: readonly Reading[] = [];
  const read = (): void => {
    const traffic = new Map(
      [...servers.running()].flatMap(([name, server]) =>
        server.traffic === undefined ? [] : [[name, { ...server.traffic() }] as const],
      ),
    );
    const now = nowMs();
    const reading = { atMs: now, traffic, own: performance.eventLoopUtilization(), senders: servers.loads() };
    readings = [...readings.filter((one) => now - one.atMs <= ERRORS_MS + READ_MS), reading];
  };
  read();
  const timer = setInterval(read, READ_MS);
  timer.unref();
  return {
    of: (service) => {
      const last = readings.at(-1);
      const before = readings.at(-1 - RATE_READINGS) ?? readings[0];
      const now = last?.traffic.get(service);
      if (last === undefined || before === undefined || now === undefined || last === before) return undefined;
      const seconds = (last.atMs - before.atMs) / 1000;
      const then = before.traffic.get(service);
      return {
        perSecond: grown(now.requests, then?.requests) / seconds,
        bytesPerSecond: Math.round(grown(now.bytes, then?.bytes) / seconds),
        busyPercent: Math.round(100 * busyOf(service, last, before)),
        errors5m: sumErrors(readings, service),
      };
    },
    stop: () => clearInterval(timer),
  };
}

/** A service that was started again counts from 0. */
const grown = (now: number, then = 0): number => (now >= then ? now - then : now);

function busyOf(service: string, last: Reading, before: Reading): number {
  const share = (now: EventLoopUtilization, then: EventLoopUtilization) =>
    performance.eventLoopUtilization(now, then).utilization;
  const senders = SENT_BY_THREADS.has(service) ? last.senders : [];
  if (senders.length === 0) return share(last.own, before.own);
  // A thread that was replaced meanwhile has no reading to compare with.
  const shares = senders.flatMap((now, at) => {
    const then = before.senders[at];
    return then === undefined || then.active > now.active ? [] : [share(now, then)];
  });
  return Math.max(0, ...shares);
}

function sumErrors(readings: readonly Reading[], service: string): number {
  let sum = 0;
  for (let at = 1; at < readings.length; at++) {
    const now = readings[at]?.traffic.get(service);
    if (now !== undefined) sum += grown(now.errors, readings[at - 1]?.traffic.get(service)?.errors);
  }
  return sum;
}

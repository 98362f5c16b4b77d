import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import type { SimRun } from '../run/sim-run.ts';
import { isLoopback } from './loopback.ts';

/** Where the kernel ring goes: `tcp://host:port/` as JSON lines, `udp://host:port/` as one object per datagram. */
export interface KernelLogClient {
  write(line: string): void;
  setUrls(urls: readonly string[]): void;
  close(): void;
}

/** What is in the kernel's ring when the first connection is made is sent from its beginning. */
const MAX_RING = 400;
const AGAIN_SIM_MS = 1_000;
const LEAST_AGAIN_MS = 300;

interface Target {
  readonly protocol: 'tcp:' | 'udp:';
  readonly host: string;
  readonly port: number;
  sent: number;
  socket?: Socket;
  isOpen: boolean;
}

function targetOf(url: string): Target | undefined {
  const match = /^(tcp|udp):\/\/([^:/]+):(\d{1,5})\/?$/.exec(url);
  const host = match?.[2] ?? '';
  if (match === null || !isLoopback(host)) return undefined;
  return { protocol: match[1] === 'tcp' ? 'tcp:' : 'udp:', host, port: Number(match[3]), sent: 0, isOpen: false };
}

export interface KernelLogOptions {
  /** Closes a connection on which nothing was sent for so long; the next line opens another. Absent: kept. */
  readonly idleMs?: number;
  /** A connection that broke is opened again from the oldest line of the ring. */
  readonly replays?: boolean;
}

export function createKernelLogClient(
  run: SimRun,
  from: string,
  { idleMs, replays }: KernelLogOptions = {},
): KernelLogClient {
  const ring: string[] = [];
  let dropped = 0;
  let closed = false;
  let targets = new Map<string, Target>();
  let cancelIdle: (() => void) | undefined;

  const flush = (target: Target) => {
    target.sent = Math.max(target.sent, dropped);
    const lines = ring.slice(target.sent - dropped);
    if (lines.length === 0) return;
    if (target.protocol === 'udp:') sendDatagrams(from, target, lines);
    else {
      if (target.socket === undefined) openTcp(target);
      if (!target.isOpen) return;
      target.socket?.write(`${lines.join('\n')}\n`);
    }
    target.sent = dropped + ring.length;
    restWhenIdle();
  };

  const openTcp = (target: Target) => {
    const socket = connect({ host: target.host, port: target.port, localAddress: from });
    target.socket = socket;
    socket.on('connect', () => {
      target.isOpen = true;
      flush(target);
    });
    socket.on('error', () => undefined);
    socket.resume();
    socket.on('close', () => {
      if (target.socket !== socket) return;
      delete target.socket;
      target.isOpen = false;
      if (replays === true) target.sent = 0;
      if (closed || target.sent >= dropped + ring.length) return;
      run.clock.after(Math.max(AGAIN_SIM_MS, LEAST_AGAIN_MS * run.clock.speed), () => {
        if (!closed && target.socket === undefined) flush(target);
      });
    });
  };

  const hangUp = (target: Target) => {
    const { socket } = target;
    delete target.socket;
    target.isOpen = false;
    socket?.end();
  };
  const restWhenIdle = () => {
    cancelIdle?.();
    if (idleMs === undefined) return;
    cancelIdle = run.clock.after(idleMs * run.clock.speed, () => {
      for (const target of targets.values()) hangUp(target);
    });
  };
  const close = () => {
    closed = true;
    cancelIdle?.();
    for (const target of targets.values()) {
      if (target.isOpen) hangUp(target);
      else target.socket?.destroy();
    }
  };
  const forget = run.onEnd(close);

  return {
    write(line) {
      if (closed) return;
      ring.push(line);
      if (ring.length > MAX_RING) {
        ring.shift();
        dropped += 1;
      }
      for (const target of targets.values()) flush(target);
    },
    setUrls(urls) {
      const next = new Map<string, Target>();
      for (const url of new Set(urls)) {
        const target = targets.get(url) ?? targetOf(url);
        if (target !== undefined) next.set(url, target);
      }
      for (const [url, target] of targets) if (!next.has(url)) hangUp(target);
      targets = next;
      for (const target of targets.values()) flush(target);
    },
    close() {
      forget();
      close();
    },
  };
}

function sendDatagrams(from: string, target: Target, lines: readonly string[]): void {
  const socket = createSocket('udp4');
  socket.on('error', () => undefined);
  socket.bind({ address: from, port: 0 }, () => {
    let left = lines.length;
    for (const line of lines) {
      socket.send(line, target.port, target.host, () => {
        left -= 1;
        if (left === 0) socket.close();
      });
    }
  });
}

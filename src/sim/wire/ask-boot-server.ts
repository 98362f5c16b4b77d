import { createSocket } from 'node:dgram';
import { clientPacket } from '../../protocols/dhcp/client-packet.ts';
import { decodeDhcp } from '../../protocols/dhcp/decode-dhcp.ts';
import type { DhcpMessage, DhcpOptions } from '../../protocols/dhcp/dhcp-message.ts';
import { encodeDhcp } from '../../protocols/dhcp/encode-dhcp.ts';
import { parseIpv4 } from '../../protocols/ipv4.ts';
import type { SimRun } from '../run/sim-run.ts';
import { type HostPort, isLoopback } from './loopback.ts';

/** PXE 2.1, 2.4: the boot server listens here, beside whoever gives addresses. */
export const BOOT_SERVER_PORT = 4_011;

export interface BootServerAsk {
  readonly from: string;
  readonly fromPort: number;
  readonly server: HostPort;
  readonly mac: string;
  readonly xid: number;
  readonly options: DhcpOptions;
}

/** Four times, as EDK2 does it: simulated milliseconds, and real ones that a busy server is given at least. */
const ASK_AT_MS = [0, 1_000, 3_000, 7_000] as const;
const LEAST_STEP_MS = 400;
const GIVE_UP_MS = 16_000;

/** A REQUEST to the proxy's own port, by unicast from the address that another server gave; the ACK names the file. */
export async function askBootServer(run: SimRun, ask: BootServerAsk): Promise<DhcpMessage | undefined> {
  if (!isLoopback(ask.from) || !isLoopback(ask.server.address)) return undefined;
  const giveUp = Math.max(GIVE_UP_MS, LEAST_STEP_MS * (ASK_AT_MS.length + 1) * run.clock.speed);
  return run.wait<DhcpMessage>(giveUp, (done) => {
    const socket = createSocket('udp4');
    const cancels: (() => void)[] = [];
    let isOver = false;
    const bytes = requestOf(ask);
    const send = () => {
      if (!isOver) socket.send(bytes, ask.server.port, ask.server.address, () => undefined);
    };
    socket.on('message', (part) => {
      const message = decodeDhcp(part);
      if (message.ok && message.value.xid === ask.xid && message.value.options.messageType === 'ack')
        done(message.value);
    });
    // Nothing to listen on: the time runs out as if nobody answered.
    socket.on('error', () => undefined);
    socket.bind({ address: ask.from, port: ask.fromPort }, () => {
      for (const [i, atMs] of ASK_AT_MS.entries())
        cancels.push(run.clock.after(Math.max(atMs, LEAST_STEP_MS * i * run.clock.speed), send));
    });
    return () => {
      isOver = true;
      for (const cancel of cancels) cancel();
      socket.close();
    };
  });
}

function requestOf({ from, mac, xid, options }: BootServerAsk): Buffer {
  const own = parseIpv4(from);
  const request = clientPacket(mac, {
    xid,
    broadcast: false,
    ciaddr: own.ok ? own.value : 0,
    options: { ...options, messageType: 'request' },
  });
  return encodeDhcp({ ...request, maxSizeBytes: 1_472 });
}

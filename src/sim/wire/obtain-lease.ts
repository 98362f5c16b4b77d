import type { DhcpMessage, DhcpOptions, DhcpPacket } from '../../protocols/dhcp/dhcp-message.ts';
import { renderIpv4 } from '../../protocols/ipv4.ts';
import type { Random } from '../run/random.ts';
import type { SimRun } from '../run/sim-run.ts';
import type { SimSwitch } from '../switch/sim-switch.ts';
import { isLoopbackAddress } from './loopback.ts';

export interface LeaseAsk {
  readonly net: SimSwitch;
  readonly circuit: string;
  readonly mac: string;
  readonly random: Random;
  readonly broadcast: boolean;
  /** Who asks: class, architecture, user class. The same in DISCOVER and REQUEST. */
  readonly options: DhcpOptions;
  /** When each DISCOVER goes out, simulated milliseconds from the start. */
  readonly discoverAtMs: readonly number[];
  readonly giveUpMs: number;
  /** Between the first good offer and the REQUEST: OVMF lets 3.7 s pass, iPXE waits for a proxy. */
  readonly settleMs: (offer: DhcpMessage) => number;
  /** iPXE goes on shouting while it waits for a proxy; others are quiet once they have an offer. */
  readonly shoutsOn?: boolean;
  /** Firmware passes over offers that it does not like, without a word. */
  readonly takes: (offer: DhcpMessage) => boolean;
}

export interface Lease {
  readonly address: string;
  readonly server: string;
  readonly nextServer: string;
  /** Boot file by the `file` field or option 67; empty: nothing to boot. */
  readonly bootFile: string;
  readonly hostName?: string;
  readonly message: DhcpMessage;
}

/** Several of these shorter than a busy server needs would only double the storm. Real milliseconds. */
const REQUEST_AGAIN_MS = [400, 800, 1_600, 3_200] as const;
const REQUEST_AGAIN_SIM_MS = 1_000;
/** Real milliseconds that the last DISCOVER is given at least: scaled patience would give up on a server that is merely busy. */
const LAST_DISCOVER_MS = 1_000;

export const bootFileOf = (message: DhcpMessage): string =>
  message.options.bootFile ?? (message.file === '' ? '' : message.file);

function packetOf(ask: LeaseAsk, xid: number, startedMs: number, nowMs: number, options: DhcpOptions): DhcpPacket {
  const chaddr = Buffer.alloc(16);
  Buffer.from(ask.mac.replaceAll(':', ''), 'hex').copy(chaddr);
  return {
    op: 'request',
    htype: 1,
    hlen: 6,
    hops: 0,
    xid,
    secs: Math.min(65_535, Math.floor((nowMs - startedMs) / 1000)),
    broadcast: ask.broadcast,
    ciaddr: 0,
    yiaddr: 0,
    siaddr: 0,
    giaddr: 0,
    chaddr,
    sname: '',
    file: '',
    options: { ...ask.options, ...options },
  };
}

/** DISCOVER until an offer is taken, then REQUEST until it is acknowledged (RFC 2131 3.1); undefined: gave up. */
export async function obtainLease(run: SimRun, ask: LeaseAsk): Promise<Lease | undefined> {
  const xid = ask.random.whole(1, 0xffff_fffe);
  const startedMs = run.clock.now();
  const lastAtMs = Math.max(0, ...ask.discoverAtMs);
  const deadlineMs = startedMs + Math.max(ask.giveUpMs, lastAtMs + LAST_DISCOVER_MS * run.clock.speed);
  for (let round = 0; round < 3; round += 1) {
    const offer = await discover(run, ask, xid, startedMs, deadlineMs);
    if (offer === undefined) return undefined;
    const ack = await requestIt(run, ask, xid, startedMs, offer);
    if (ack === 'refused') continue;
    if (ack === undefined) return undefined;
    return leaseOf(ack, offer);
  }
  return undefined;
}

function leaseOf(ack: DhcpMessage, offer: DhcpMessage): Lease | undefined {
  if (!isLoopbackAddress(ack.yiaddr)) return undefined;
  const bootFile = bootFileOf(ack) === '' ? bootFileOf(offer) : bootFileOf(ack);
  const server = renderIpv4(ack.options.serverId ?? 0);
  const { hostName } = ack.options;
  return {
    address: renderIpv4(ack.yiaddr),
    server,
    nextServer: ack.siaddr === 0 ? server : renderIpv4(ack.siaddr),
    bootFile,
    ...(hostName === undefined ? {} : { hostName }),
    message: ack,
  };
}

function discover(
  run: SimRun,
  ask: LeaseAsk,
  xid: number,
  startedMs: number,
  deadlineMs: number,
): Promise<DhcpMessage | undefined> {
  return run.wait<DhcpMessage>(Math.max(0, deadlineMs - run.clock.now()), (done) => {
    const cancels: (() => void)[] = [];
    let taken: DhcpMessage | undefined;
    const detach = ask.net.attach(ask.mac, (message) => {
      if (message.xid !== xid || message.options.messageType !== 'offer') return;
      if (taken !== undefined || message.yiaddr === 0 || !ask.takes(message)) return;
      taken = message;
      cancels.push(run.clock.after(ask.settleMs(message), () => done(message)));
    });
    for (const atMs of ask.discoverAtMs) {
      cancels.push(
        run.clock.after(atMs, () => {
          if (taken !== undefined && ask.shoutsOn !== true) return;
          ask.net.broadcast(ask.circuit, packetOf(ask, xid, startedMs, run.clock.now(), { messageType: 'discover' }));
        }),
      );
    }
    return () => {
      detach();
      for (const cancel of cancels) cancel();
    };
  });
}

function requestIt(
  run: SimRun,
  ask: LeaseAsk,
  xid: number,
  startedMs: number,
  offer: DhcpMessage,
): Promise<DhcpMessage | 'refused' | undefined> {
  const { serverId } = offer.options;
  const options: DhcpOptions = {
    messageType: 'request',
    requestedAddress: offer.yiaddr,
    ...(serverId === undefined ? {} : { serverId }),
  };
  const patienceMs = REQUEST_AGAIN_MS.map((realMs, i) =>
    Math.max(REQUEST_AGAIN_SIM_MS * 2 ** i, realMs * run.clock.speed),
  );
  const sendAt = patienceMs.map((_, i) => patienceMs.slice(0, i).reduce((sum, one) => sum + one, 0));
  const giveUp = patienceMs.reduce((sum, one) => sum + one, 0);
  return run.wait<DhcpMessage | 'refused'>(giveUp, (done) => {
    const detach = ask.net.attach(ask.mac, (message) => {
      if (message.xid !== xid) return;
      if (message.options.messageType === 'ack') done(message);
      else if (message.options.messageType === 'nak') done('refused');
    });
    const cancels = sendAt.map((atMs) =>
      run.clock.after(atMs, () =>
        ask.net.broadcast(ask.circuit, packetOf(ask, xid, startedMs, run.clock.now(), options)),
      ),
    );
    return () => {
      detach();
      for (const cancel of cancels) cancel();
    };
  });
}

import { clientPacket } from '../../protocols/dhcp/client-packet.ts';
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
  /** Offers without an address whose boot file it adds to the address of another server. Absent: none. */
  readonly joins?: (proxyOffer: DhcpMessage) => boolean;
}

export interface Lease {
  readonly address: string;
  readonly server: string;
  readonly nextServer: string;
  /** Boot file by the `file` field or option 67; empty: nothing to boot. */
  readonly bootFile: string;
  readonly hostName?: string;
  readonly message: DhcpMessage;
  /** Of whom the boot file is, where that is not the server of the address. */
  readonly proxy?: DhcpMessage;
}

/** What is requested: an offer with an address, and the proxy offer that goes with it. */
interface Choice {
  readonly offer: DhcpMessage;
  readonly proxy?: DhcpMessage;
}

/** Several of these shorter than a busy server needs would only double the storm. Real milliseconds. */
const REQUEST_AGAIN_MS = [400, 800, 1_600, 3_200] as const;
const REQUEST_AGAIN_SIM_MS = 1_000;
/** Real milliseconds that the last DISCOVER is given at least: scaled patience would give up on a server that is merely busy. */
const LAST_DISCOVER_MS = 3_000;

/** As many as a ROM has room for. */
const MAX_OFFERS = 16;

export const bootFileOf = (message: DhcpMessage): string =>
  message.options.bootFile ?? (message.file === '' ? '' : message.file);

function packetOf(ask: LeaseAsk, xid: number, startedMs: number, nowMs: number, options: DhcpOptions): DhcpPacket {
  return clientPacket(ask.mac, {
    xid,
    secs: Math.min(65_535, Math.floor((nowMs - startedMs) / 1000)),
    broadcast: ask.broadcast,
    options: { ...ask.options, ...options },
  });
}

/** DISCOVER until an offer is taken, then REQUEST until it is acknowledged (RFC 2131 3.1); undefined: gave up. */
export async function obtainLease(run: SimRun, ask: LeaseAsk): Promise<Lease | undefined> {
  const xid = ask.random.whole(1, 0xffff_fffe);
  const startedMs = run.clock.now();
  const lastAtMs = Math.max(0, ...ask.discoverAtMs);
  const deadlineMs = startedMs + Math.max(ask.giveUpMs, lastAtMs + LAST_DISCOVER_MS * run.clock.speed);
  for (let round = 0; round < 3; round += 1) {
    const chosen = await discover(run, ask, xid, startedMs, deadlineMs);
    if (chosen === undefined) return undefined;
    const ack = await requestIt(run, ask, xid, startedMs, chosen.offer);
    if (ack === 'refused') continue;
    if (ack === undefined) return undefined;
    return leaseOf(ack, chosen);
  }
  return undefined;
}

function leaseOf(ack: DhcpMessage, { offer, proxy }: Choice): Lease | undefined {
  if (!isLoopbackAddress(ack.yiaddr)) return undefined;
  const ownFile = bootFileOf(ack) === '' ? bootFileOf(offer) : bootFileOf(ack);
  const { hostName } = ack.options;
  return {
    address: renderIpv4(ack.yiaddr),
    server: renderIpv4(ack.options.serverId ?? 0),
    nextServer: bootServerOf(proxy ?? ack),
    bootFile: proxy === undefined ? ownFile : bootFileOf(proxy),
    ...(hostName === undefined ? {} : { hostName }),
    message: ack,
    ...(proxy === undefined ? {} : { proxy }),
  };
}

/** Who has the boot file: siaddr, or where that is empty whoever answered. */
export const bootServerOf = ({ siaddr, options }: DhcpMessage): string =>
  renderIpv4(siaddr === 0 ? (options.serverId ?? 0) : siaddr);

const isPxeOffer = ({ options }: DhcpMessage): boolean => /^(PXE|HTTP)Client/.test(options.vendorClass ?? '');

/**
 * PXE 2.1: an address that comes with a boot server's class stands alone; else a proxy offer adds its boot file to an
 * address, whatever that one says of booting itself.
 */
function choose(ask: LeaseAsk, heard: readonly DhcpMessage[]): Choice | undefined {
  const addresses = heard.filter((one) => one.yiaddr !== 0);
  const alone = addresses.find((one) => ask.takes(one));
  const proxy = heard.find((one) => one.yiaddr === 0 && ask.joins?.(one) === true);
  const [first] = addresses;
  if (first !== undefined && proxy !== undefined && (alone === undefined || !isPxeOffer(alone)))
    return { offer: alone ?? first, proxy };
  return alone === undefined ? undefined : { offer: alone };
}

function discover(
  run: SimRun,
  ask: LeaseAsk,
  xid: number,
  startedMs: number,
  deadlineMs: number,
): Promise<Choice | undefined> {
  return run.wait<Choice>(Math.max(0, deadlineMs - run.clock.now()), (done) => {
    const cancels: (() => void)[] = [];
    const heard: DhcpMessage[] = [];
    let taken: Choice | undefined;
    const settle = () => {
      taken = choose(ask, heard);
      if (taken !== undefined) done(taken);
    };
    const detach = ask.net.attach(ask.mac, (message) => {
      if (message.xid !== xid || message.options.messageType !== 'offer' || heard.length >= MAX_OFFERS) return;
      heard.push(message);
      if (taken !== undefined) return;
      taken = choose(ask, heard);
      if (taken !== undefined) cancels.push(run.clock.after(ask.settleMs(taken.offer), settle));
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

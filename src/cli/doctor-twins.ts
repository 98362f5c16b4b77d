import { fail, ok, type Result } from '../core/result.ts';
import type { SubnetSpec } from '../core/spec.ts';
import { createDatagramRoom } from '../protocols/datagram-room.ts';
import { indexOf } from '../servers/interface-socket.ts';
import { loadLibc } from '../servers/libc.ts';
import { ETH_P_IP, openPacketEar } from '../servers/packet-ear.ts';
import { CODE, NOTHING } from '../servers/packet-filter.ts';
import { MOST_TWINS_SHOWN, moreTwins, TWIN_ADVICE, type Twin, twinText, watchTwins } from '../servers/twin-watch.ts';
import { bad, type Finding, warn } from './doctor-line.ts';

export interface DoctorTwins {
  /** To everybody on that interface, as from a machine without an address: a host with our own one takes nothing from us. */
  readonly ask: (iface: string, bytes: Buffer) => void;
  /** What was found on each interface while it was listened to; or why nothing could be heard. */
  readonly end: () => Result<ReadonlyMap<string, readonly Finding[]>, Finding>;
}

/** Is another host at an address of ours? What it sends from there reaches no other socket than that of packets. */
export function lookForTwins(
  places: readonly { readonly net: SubnetSpec; readonly address: string }[],
  toOffer: (bytes: Buffer) => string | undefined,
): DoctorTwins {
  const ifaces = [...new Set(places.flatMap(({ net }) => net.interface ?? []))];
  const own = places.map(({ address }) => address);
  const offers = new Map<string, string>();
  const libc = loadLibc();
  const watch =
    libc === undefined
      ? undefined
      : watchTwins({
          libc,
          ifaces,
          own: () => own,
          isEager: true,
          onDhcp: (bytes, twin) => {
            const offer = toOffer(bytes);
            if (offer !== undefined) offers.set(nameOf(twin), offer);
          },
        });
  const why = libc === undefined ? 'the optional package koffi is not there' : 'CAP_NET_RAW is missing';
  const hears = watch?.hears() === true;
  return {
    ask: (iface, bytes) => {
      const index = indexOf(iface);
      const ear = libc === undefined || index === undefined ? undefined : openPacketEar(libc, index, ETH_P_IP, [DROP]);
      if (ear === undefined) return;
      const room = createDatagramRoom({ address: 0, port: CLIENT_PORT }, EVERYBODY, bytes.length);
      ear.send(Buffer.from(room.bytes.subarray(0, room.write(bytes, 0, bytes.length))));
      ear.close();
    },
    end: () => {
      const twins = watch?.twins() ?? [];
      watch?.stop();
      if (!hears) return fail(warn(`whether another host has an address of ours was not looked for: ${why}`, NEEDS));
      // Who gives addresses does the harm.
      const first = (one: Twin) => Number(!offers.has(nameOf(one)));
      const on = (iface: string) => twins.filter((one) => one.iface === iface).toSorted((a, b) => first(a) - first(b));
      const found = (iface: string) => [
        ...on(iface)
          .slice(0, MOST_TWINS_SHOWN)
          .map((one) => judge(one, offers.get(nameOf(one)))),
        ...[moreTwins(iface, twins) ?? []].flat().map((more) => bad(more, TWIN_ADVICE)),
      ];
      return ok(new Map(ifaces.map((iface) => [iface, found(iface)])));
    },
  };
}

const CLIENT_PORT = 68;
const EVERYBODY = { address: 0xffffffff, port: 67 };
const DROP = [CODE.give, 0, 0, NOTHING] as const;
const NEEDS = 'install it, or run doctor as root';

const nameOf = ({ iface, address, mac }: Twin): string => `${iface} ${address} ${mac}`;

function judge(twin: Twin, offer: string | undefined): Finding {
  const does = offer === undefined ? '' : `, and ${offer}`;
  return bad(`${twinText(twin)}${does}`, TWIN_ADVICE);
}

import type { SimHost } from '../machine/sim-host.ts';
import type { SimRun } from '../run/sim-run.ts';
import { createHttpClient, type HttpClient } from '../wire/fetch-http.ts';
import { bootFileOf, type Lease, obtainLease } from '../wire/obtain-lease.ts';
import { type FirmwareKind, ipxeOptions, saysNoProxy } from './firmware-kinds.ts';
import { ipxeSettingsFor } from './ipxe-settings-for.ts';

const WAIT_FOR_PROXY_MS = 2_000;

/** What one iPXE process needs: the interpreter, files, and DHCP. */
export interface IpxeWorld {
  readonly run: SimRun;
  readonly host: SimHost;
  readonly kind: FirmwareKind;
  readonly http: () => HttpClient;
  readonly lease: () => Lease | undefined;
  readonly dhcp: () => Promise<Lease | undefined>;
}

export function createIpxeWorld(run: SimRun, host: SimHost, kind: FirmwareKind, first: Lease | undefined): IpxeWorld {
  let lease = first;
  const isBesideAnother = first?.proxy !== undefined;
  let client: { readonly from: string; readonly http: HttpClient } | undefined;
  return {
    run,
    host,
    kind,
    lease: () => lease,
    http: () => {
      const from = lease?.address ?? '';
      if (client?.from !== from) {
        client?.http.close();
        client = { from, http: createHttpClient(run, from, 'iPXE/1.21.1 (simulated)') };
      }
      return client.http;
    },
    async dhcp() {
      const next = await obtainLease(run, {
        net: host.net(),
        circuit: host.spec.circuit,
        mac: host.spec.macs[0],
        random: host.random,
        broadcast: true,
        options: ipxeOptions(kind, host.spec.macs[0], host.uuid(), isBesideAnother),
        discoverAtMs: [0, 1_000, 3_000, 7_000],
        giveUpMs: 16_000,
        settleMs: (offer) => (saysNoProxy(offer) ? 0 : WAIT_FOR_PROXY_MS),
        shoutsOn: true,
        takes: () => true,
        joins: (offer) => offer.options.vendorClass === 'PXEClient' && bootFileOf(offer) !== '',
      });
      if (next === undefined) return undefined;
      lease = next;
      host.leased(next);
      host.note(`iPXE: net0 ${next.address}, ${next.bootFile || 'no boot file'}`);
      return next;
    },
  };
}

export const settingsOf = (world: IpxeWorld): ReadonlyMap<string, string> =>
  ipxeSettingsFor(world.host, world.kind, world.lease());

import type { BulkPool } from '../servers/bulk-pool.ts';
import type { DhcpServer } from '../servers/create-dhcp-server.ts';
import type { HttpServer } from '../servers/create-http-server.ts';
import type { ProxyDhcpServer } from '../servers/create-proxy-dhcp-server.ts';
import type { TftpServer } from '../servers/create-tftp-server.ts';
import type { DhcpNumbers } from '../servers/dhcp-families.ts';
import type { BootServer } from '../servers/server-parts.ts';
import type { Traffic } from '../servers/traffic.ts';

type Running = ReadonlyMap<string, BootServer>;

/** What is true now, by the names under which it is scraped; what only grows ends in `_total`. */
export function serviceCounts(running: Running, bulk: BulkPool | undefined): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {
    bulk_threads: bulk?.counts().threads ?? 0,
    bulk_thread_restarts_total: bulk?.counts().restarts ?? 0,
  };
  for (const server of running.values()) {
    if ('counts' in server) {
      const prefix = 'pools' in server ? 'dhcp' : 'proxy_dhcp';
      Object.assign(counts, dhcpCounts(prefix, (server as DhcpServer | ProxyDhcpServer).counts()));
    }
    if ('active' in server) counts['tftp_active_transfers'] = (server as TftpServer).active();
    if ('connections' in server) {
      counts['http_connections'] = (server as HttpServer).connections();
      counts['http_active_transfers'] = (server as HttpServer).transfers();
    }
  }
  return counts;
}

/** Of the DHCP services, as far as they run now. */
export function dhcpNumbers(running: Running): DhcpNumbers {
  return {
    pools: () => [...running.values()].flatMap((server) => ('pools' in server ? (server as DhcpServer).pools() : [])),
    silences: () =>
      [...running].flatMap(([name, server]) =>
        'silences' in server ? [[name, (server as DhcpServer | ProxyDhcpServer).silences()] as const] : [],
      ),
  };
}

const dhcpCounts = (prefix: string, counts: object): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(counts).map(([name, value]) => [
      `${prefix}_${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_total`,
      Number(value),
    ]),
  );

/** Requests, errors and bytes of each service that counts them. */
export const serviceTraffic = (running: Running): readonly (readonly [service: string, traffic: Traffic])[] =>
  [...running].flatMap(([name, server]) => (server.traffic === undefined ? [] : [[name, server.traffic()] as const]));

/** `127.0.0.1:9470`, or `[::1]:9470`: the brackets are of the text, and no part of the address. */
export function metricsAddress(text: string): { readonly address: string; readonly port: number } {
  const at = text.lastIndexOf(':');
  return { address: text.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(at + 1)) };
}

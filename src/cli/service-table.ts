import type { Result } from '../core/result.ts';
import type { BulkPool } from '../servers/bulk-pool.ts';
import { createDhcpServer, type DhcpServerOptions, type ServerNews } from '../servers/create-dhcp-server.ts';
import { createEventSink } from '../servers/create-event-sink.ts';
import { createHttpServer } from '../servers/create-http-server.ts';
import { createKernelLogReceiver } from '../servers/create-kernel-log-receiver.ts';
import { createMetrics } from '../servers/create-metrics.ts';
import { createProxyDhcpServer } from '../servers/create-proxy-dhcp-server.ts';
import { createTftpServer } from '../servers/create-tftp-server.ts';
import type { FileStore } from '../servers/file-store.ts';
import type { BootParts, BootServer, ServerProblem } from '../servers/server-parts.ts';
import { relayedAddress } from './own-address.ts';
import { dhcpNumbers, metricsAddress, serviceCounts, serviceTraffic } from './service-counts.ts';
import { VERSION } from './version.ts';
import type { World } from './world.ts';

export interface Senders {
  readonly files: FileStore;
  readonly bulk: BulkPool | undefined;
}

export interface ServiceTellers {
  readonly onReply: NonNullable<DhcpServerOptions['onReply']>;
  readonly onNews: (service: string, news: ServerNews) => void;
}

export type StartServer = () => Promise<Result<BootServer, ServerProblem>>;
export type ServiceTable = readonly (readonly [name: string, start: StartServer])[];

/** What is served, in the order in which it is started. */
export function serviceTable(
  world: World,
  parts: BootParts,
  { files, bulk }: Senders,
  running: ReadonlyMap<string, BootServer>,
  { onReply, onNews }: ServiceTellers,
): ServiceTable {
  const { site } = world.inventory.current();
  const { ports } = site;
  const address = relayedAddress(site);
  const bound = (port: number) => (address === undefined ? { port } : { port, address });
  const whenStored = () => world.state.journal.durable(world.state.journal.lastSeq());
  const serves = site.networks.some((net) => net.dhcp !== 'off');
  const dhcp: ServiceTable = serves
    ? [
        [
          'DHCP',
          () =>
            createDhcpServer({
              ...parts,
              bind: bound(ports.dhcp),
              whenStored,
              onReply,
              onNews: (news) => onNews('DHCP', news),
            }),
        ],
        [
          'proxyDHCP',
          () =>
            createProxyDhcpServer({
              ...parts,
              bind: bound(ports.proxy),
              onNews: (news) => onNews('proxyDHCP', news),
            }),
        ],
      ]
    : [];
  const { metrics } = site;
  return [
    ...dhcp,
    [
      'TFTP',
      () =>
        createTftpServer({
          ...parts,
          bind: bound(ports.tftp),
          files,
          ...(bulk === undefined ? {} : { runner: bulk.tftp }),
        }),
    ],
    [
      'HTTP',
      () =>
        createHttpServer({
          ...parts,
          bind: bound(ports.http),
          files,
          whenStored: world.beforeLeaving,
          ...(bulk === undefined ? {} : { bulk }),
        }),
    ],
    ['events', () => createEventSink({ ...parts, bind: bound(ports.events) })],
    ['kernel log', () => createKernelLogReceiver({ ...parts, bind: bound(ports.kernelLog) })],
    ...(metrics === undefined
      ? []
      : [
          [
            'metrics',
            () =>
              createMetrics({
                engine: parts.engine,
                version: VERSION,
                counts: () => serviceCounts(running, bulk),
                traffic: () => serviceTraffic(running),
                dhcp: dhcpNumbers(running),
                bind: metricsAddress(metrics),
              }),
          ] as const,
        ]),
  ];
}

import { createServer } from 'node:http';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Fleet } from '../core/fleet.ts';
import type { EnginePort } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { valuesOf } from '../core/shard-map.ts';
import { explainListen } from './listen-problem.ts';
import type { BootServer, ServerProblem } from './server-parts.ts';

/** Numbers of the running servers, by name: `dhcp_requests_total`, `tftp_transfers`. Read when somebody asks. */
export type MetricSource = () => Readonly<Record<string, number>>;

export interface MetricsOptions {
  readonly engine: EnginePort;
  readonly bind: { readonly address: string; readonly port: number };
  readonly version: string;
  readonly sources: readonly MetricSource[];
}

const PREFIX = 'crashcart_';

/** `/metrics` for Prometheus, on an address of its own: the machines of the boot network have no business here. */
export async function createMetrics(options: MetricsOptions): Promise<Result<BootServer, ServerProblem>> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: PREFIX });
  addFleet(registry, options.engine);
  addSources(registry, options.sources);
  const info = new Gauge({ name: `${PREFIX}info`, help: 'Version', labelNames: ['version'], registers: [registry] });
  info.set({ version: options.version }, 1);
  const server = createServer(
    { headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 5000 },
    (request, response) => {
      if (request.url !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
        response.writeHead(404, { 'Content-Length': 0 }).end();
        return;
      }
      registry.metrics().then(
        (text) => response.writeHead(200, { 'Content-Type': registry.contentType }).end(text),
        () => response.writeHead(500, { 'Content-Length': 0 }).end(),
      );
    },
  );
  server.maxConnections = 32;
  const { bind } = options;
  const problem = await new Promise<ServerProblem | undefined>((resolve) => {
    server.once('error', (error) => resolve(explainListen(error, 'metrics', 'tcp', bind)));
    server.listen(bind.port, bind.address, () => resolve(undefined));
  });
  if (problem !== undefined) return fail(problem);
  server.on('error', () => undefined);
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : bind.port;
  return ok({
    listens: [{ address: bind.address, port }],
    warnings: [],
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      registry.clear();
    },
  });
}

/** Counted when asked for: 2,000 nodes take less than a millisecond. */
function addFleet(registry: Registry, engine: EnginePort): void {
  const count = (name: string, help: string, label: string, read: (fleet: Fleet) => Iterable<string>) => {
    new Gauge({
      name: `${PREFIX}${name}`,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const value of read(engine.fleet())) this.inc({ [label]: value });
      },
    });
  };
  const nodes = (fleet: Fleet) => [...valuesOf(fleet.nodes)];
  count('nodes', 'Machines of the inventory by phase', 'phase', (fleet) => nodes(fleet).map((node) => node.phase.is));
  count('nodes_health', 'Machines of the inventory by health', 'health', (fleet) =>
    nodes(fleet).map((node) => ('code' in node.health ? node.health.code : node.health.is)),
  );
  count('jobs', 'Jobs that are armed or running, by kind', 'kind', (fleet) =>
    nodes(fleet).flatMap((node) => (node.job === undefined ? [] : [node.job.kind])),
  );
  const sizes = { leases: (fleet: Fleet) => fleet.leases.size, strangers: (fleet: Fleet) => fleet.strangers.size };
  for (const [name, read] of Object.entries(sizes)) {
    new Gauge({
      name: `${PREFIX}${name}`,
      help: `Number of ${name}`,
      registers: [registry],
      collect() {
        this.set(read(engine.fleet()));
      },
    });
  }
}

function addSources(registry: Registry, sources: readonly MetricSource[]): void {
  for (const source of sources) {
    for (const name of Object.keys(source())) {
      new Gauge({
        name: `${PREFIX}${name}`,
        help: name.replaceAll('_', ' '),
        registers: [registry],
        collect() {
          this.set(source()[name] ?? 0);
        },
      });
    }
  }
}

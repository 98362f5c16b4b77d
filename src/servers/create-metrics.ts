import { createServer, type Server } from 'node:http';
import { Registry } from 'prom-client';
import type { EnginePort } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { addDhcp, type DhcpNumbers } from './dhcp-families.ts';
import { explainListen } from './listen-problem.ts';
import {
  addFleet,
  addProgram,
  addServices,
  PREFIX,
  type ServiceCounts,
  type ServiceTraffic,
} from './metric-families.ts';
import type { BootServer, ListenAddress, ServerProblem } from './server-parts.ts';

export interface MetricsOptions {
  readonly engine: EnginePort;
  readonly bind: { readonly address: string; readonly port: number };
  readonly version: string;
  readonly counts: ServiceCounts;
  readonly traffic: ServiceTraffic;
  readonly dhcp: DhcpNumbers;
}

const ABSENT = 'give it to an interface, or correct `metrics:` in _site.yaml';

/** `/metrics` for Prometheus, on an address of its own: the machines of the boot network have no business here. */
export async function createMetrics(options: MetricsOptions): Promise<Result<BootServer, ServerProblem>> {
  const registry = new Registry();
  addProgram(registry, options.version);
  addFleet(registry, options.engine);
  addServices(registry, options.counts, options.traffic);
  addDhcp(registry, PREFIX, options.dhcp);
  const server = createServer(
    { headersTimeout: 5000, requestTimeout: 5000, keepAliveTimeout: 5000 },
    (request, response) => {
      if (request.url?.split('?', 1)[0] !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
        response.writeHead(404, { 'Content-Length': 0 }).end();
        return;
      }
      registry.metrics().then(
        // The format says NaN (a mean of nothing yet), and prom-client writes Nan.
        (text) =>
          response.writeHead(200, { 'Content-Type': registry.contentType }).end(text.replace(/ Nan$/gm, ' NaN')),
        () => response.writeHead(500, { 'Content-Length': 0 }).end(),
      );
    },
  );
  server.maxConnections = 32;
  const { bind } = options;
  server.on('error', () => undefined);
  const first = await listen(server, bind);
  if (first !== undefined && first.isAbsent !== true) return fail(first);
  const listens = (): readonly ListenAddress[] => {
    const bound = server.address();
    return typeof bound === 'object' && bound !== null ? [{ address: bind.address, port: bound.port }] : [];
  };
  return ok({
    listens: listens(),
    warnings: [],
    follow: async () => {
      const problem = server.listening ? undefined : await listen(server, bind);
      return { listens: listens(), absent: [], ...(problem === undefined ? {} : { problem }) };
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      registry.clear();
    },
  });
}

function listen(server: Server, bind: ListenAddress): Promise<ServerProblem | undefined> {
  return new Promise((resolve) => {
    const failed = (error: Error) => {
      server.off('listening', done);
      const problem = explainListen(error, 'metrics', 'tcp', bind);
      resolve(problem.isAbsent === true ? { ...problem, advice: ABSENT } : problem);
    };
    const done = () => {
      server.off('error', failed);
      resolve(undefined);
    };
    server.once('error', failed);
    server.once('listening', done);
    server.listen(bind.port, bind.address);
  });
}

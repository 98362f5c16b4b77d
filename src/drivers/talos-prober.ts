import { connect } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import type { EventBody } from '../core/event.ts';

export interface TalosProber {
  readonly start: (node: string, address: string) => void;
  readonly stop: (node: string) => void;
  readonly stopAll: () => void;
}

export interface ProberOptions {
  readonly everyMs?: number;
  readonly timeoutMs?: number;
  readonly port?: number;
  readonly emit: (event: EventBody) => void;
}

type Seen = 'maintenance' | 'cluster' | 'none' | 'closed';

/** The certificate that Talos makes for itself before it has a configuration. */
const MAINTENANCE_NAME = 'maintenance-service.talos.dev';

/** Knocks at port 50000 of machines that a job follows: the only sign of life where Talos reports nothing to us. */
export function createTalosProber(options: ProberOptions): TalosProber {
  const { everyMs = 5000, timeoutMs = 3000, port = 50000, emit } = options;
  const probes = new Map<string, { timer?: NodeJS.Timeout; seen: Seen; address: string }>();
  // One for all doors: making it takes as long as all the rest of a knock, and nothing in it belongs to a machine.
  let context: SecureContext | undefined;

  const knock = async (node: string) => {
    const probe = probes.get(node);
    if (probe === undefined) return;
    context ??= createSecureContext();
    const seen = await readDoor(probe.address, port, timeoutMs, context);
    wait(node);
    if (probes.get(node) !== probe || seen === probe.seen) return;
    const before = probe.seen;
    probe.seen = seen;
    if (seen !== 'closed') emit({ type: 'probe.opened', node, address: probe.address, certificate: seen });
    else if (before !== 'closed') emit({ type: 'probe.closed', node });
  };

  /** Sooner or later by a quarter: a thousand machines that were found in one second are not asked in one turn. */
  const wait = (node: string) => {
    const probe = probes.get(node);
    if (probe === undefined) return;
    clearTimeout(probe.timer);
    probe.timer = setTimeout(() => void knock(node), everyMs * (0.75 + Math.random() / 2)).unref();
  };

  const stop = (node: string) => {
    clearTimeout(probes.get(node)?.timer);
    probes.delete(node);
  };

  return {
    start: (node, address) => {
      const running = probes.get(node);
      if (running?.address === address) return;
      stop(node);
      probes.set(node, { seen: 'closed', address });
      wait(node);
    },
    stop,
    stopAll: () => {
      for (const node of [...probes.keys()]) stop(node);
    },
  };
}

/** Who answers is not trusted here: only whether, and whose name the certificate bears. TLS only where a door is open. */
function readDoor(host: string, port: number, timeoutMs: number, secureContext: SecureContext): Promise<Seen> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs });
    let connected = false;
    const done = (seen: Seen) => {
      socket.destroy();
      resolve(seen);
    };
    const failed = () => done(connected ? 'none' : 'closed');
    socket.on('timeout', failed);
    socket.on('error', failed);
    socket.on('close', failed);
    socket.once('connect', () => {
      connected = true;
      const secured = connectTls({ socket, secureContext, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
      secured.on('error', failed);
      secured.once('secureConnect', () => {
        const { subject } = secured.getPeerCertificate();
        const names = [subject?.CN].flat();
        secured.destroy();
        done(names.includes(MAINTENANCE_NAME) ? 'maintenance' : 'cluster');
      });
    });
  });
}

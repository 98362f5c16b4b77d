import { connect as connectTls } from 'node:tls';
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
  const probes = new Map<string, { readonly timer: NodeJS.Timeout; seen: Seen; address: string; busy: boolean }>();

  const knock = async (node: string) => {
    const probe = probes.get(node);
    if (probe === undefined || probe.busy) return;
    probe.busy = true;
    const seen = await readDoor(probe.address, port, timeoutMs);
    probe.busy = false;
    if (probes.get(node) !== probe || seen === probe.seen) return;
    const before = probe.seen;
    probe.seen = seen;
    if (seen !== 'closed') emit({ type: 'probe.opened', node, address: probe.address, certificate: seen });
    else if (before !== 'closed') emit({ type: 'probe.closed', node });
  };

  const stop = (node: string) => {
    clearInterval(probes.get(node)?.timer);
    probes.delete(node);
  };

  return {
    start: (node, address) => {
      const running = probes.get(node);
      if (running?.address === address) return;
      stop(node);
      const timer = setInterval(() => void knock(node), everyMs);
      timer.unref();
      probes.set(node, { timer, seen: 'closed', address, busy: false });
    },
    stop,
    stopAll: () => {
      for (const node of [...probes.keys()]) stop(node);
    },
  };
}

/** Who answers is not trusted here: only whether, and whose name the certificate bears. */
function readDoor(host: string, port: number, timeoutMs: number): Promise<Seen> {
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, rejectUnauthorized: false, ALPNProtocols: ['h2'], timeout: timeoutMs });
    let connected = false;
    const done = (seen: Seen) => {
      socket.destroy();
      resolve(seen);
    };
    socket.on('connect', () => {
      connected = true;
    });
    socket.on('secureConnect', () => {
      const { subject } = socket.getPeerCertificate();
      const names = [subject?.CN].flat();
      done(names.includes(MAINTENANCE_NAME) ? 'maintenance' : 'cluster');
    });
    socket.on('timeout', () => done(connected ? 'none' : 'closed'));
    socket.on('error', () => done(connected ? 'none' : 'closed'));
  });
}

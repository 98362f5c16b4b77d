import { createHash, X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:tls';
import { createSelfSigned } from '../bmc/self-signed.ts';
import type { SimRun } from '../run/sim-run.ts';

/** Port 50000 as far as a knock goes: TLS, h2, and a certificate that says which state the node is in. */
export interface TalosApi {
  /** Opens, or goes over to another certificate; gives the fingerprint, or undefined where the port is taken. */
  serve(as: 'maintenance' | 'cluster'): Promise<string | undefined>;
  close(): void;
}

const PORT = 50_000;
const NAMES = { maintenance: 'maintenance-service.talos.dev', cluster: 'talos' } as const;

export function openTalosApi(run: SimRun, address: string): TalosApi {
  let server: Server | undefined;
  const close = () => {
    server?.close();
    server = undefined;
  };
  const forget = run.onEnd(close);
  return {
    async serve(as) {
      close();
      const { key, cert } = createSelfSigned(NAMES[as], new Date());
      const made = createServer({ key, cert, ALPNProtocols: ['h2'], minVersion: 'TLSv1.2' }, (socket) => {
        socket.on('error', () => undefined);
        socket.resume();
        // Nobody speaks gRPC here: a caller that waits is let go.
        socket.setTimeout(10_000, () => socket.destroy());
      });
      made.on('tlsClientError', () => undefined);
      const isOpen = await new Promise<boolean>((resolve) => {
        made.once('error', () => resolve(false));
        made.listen(PORT, address, () => resolve(true));
      });
      if (!isOpen) return undefined;
      made.unref();
      if (run.ended) made.close();
      else server = made;
      const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
      return createHash('sha256').update(spki).digest('base64');
    },
    close() {
      forget();
      close();
    },
  };
}

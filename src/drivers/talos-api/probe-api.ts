import { createHash, type X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { fail, ok, type Result } from '../../core/result.ts';
import { type ApiProblem, problemOfConnection } from './api-problem.ts';

export interface ProbedCertificate {
  /** `maintenance`: self-signed at this boot. `cluster`: the node has its configuration. */
  readonly certificate: 'maintenance' | 'cluster';
  /** Base64 of SHA-256 over the SPKI: what Talos prints on its console and in its log. */
  readonly fingerprint: string;
  readonly pem: string;
}

/** Looks at the certificate on port 50000 and says nothing. In TLS 1.3 that needs no client certificate. */
export function probeApi(
  address: string,
  port: number,
  timeoutMs: number,
): Promise<Result<ProbedCertificate, ApiProblem>> {
  return new Promise((resolve) => {
    // Nothing is sent over this connection: it only shows who answers.
    const socket = connect({
      host: address,
      port,
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
      timeout: timeoutMs,
    });
    const end = (result: Result<ProbedCertificate, ApiProblem>) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const timer = setTimeout(
      () => end(fail({ code: 'timeout', message: 'the Talos API did not answer in time' })),
      timeoutMs,
    );
    socket.once('error', (error) => end(fail(problemOfConnection(error.message))));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      if (certificate === undefined) end(fail({ code: 'tls', message: 'the node showed no certificate' }));
      else end(ok(describe(certificate)));
    });
  });
}

function describe(certificate: X509Certificate): ProbedCertificate {
  const maintenance = /(?:^|\n)CN=maintenance-service\.talos\.dev(?:\n|$)/.test(certificate.subject);
  return {
    certificate: maintenance ? 'maintenance' : 'cluster',
    fingerprint: fingerprintOf(certificate.publicKey.export({ type: 'spki', format: 'der' })),
    pem: certificate.toString(),
  };
}

export function fingerprintOf(spkiDer: Uint8Array): string {
  return createHash('sha256').update(spkiDer).digest('base64');
}

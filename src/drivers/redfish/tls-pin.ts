import { constants, createHash } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect, createSecureContext, TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import type { BmcProblem, BmcResult } from '../../core/bmc.ts';
import { fail, ok } from '../../core/result.ts';
import type { BmcSpec } from '../../core/spec.ts';
import { bmcProblem } from '../bmc-problem.ts';

/** Certificates of BMCs are self-signed, expired and name the wrong host: what counts is that it is the same one as before. */

export interface CertificateFacts {
  readonly fingerprint: string;
  readonly subject?: string;
  readonly validFrom: string;
  readonly validTo: string;
}

export type PinError = Error & { readonly pinCode: 'pinMissing' | 'pinChanged'; readonly fingerprint: string };

export const isPinError = (error: unknown): error is PinError => error instanceof Error && 'pinCode' in error;

/** `AA:BB:…` in upper case from any spelling of a SHA-256, or undefined. */
export function parseFingerprint(text: string | undefined): string | undefined {
  const hex = (text ?? '').replace(/^sha-?256[:=\s]*/i, '').replace(/[\s:]/g, '');
  return /^[0-9a-f]{64}$/i.test(hex) ? (hex.toUpperCase().match(/../g) ?? []).join(':') : undefined;
}

/** The site's own certificate authority, instead of a pin. */
export interface TrustedCa {
  readonly pem: string;
  /** What the certificate must name, where the URL holds an address that it does not. */
  readonly name?: string;
}

type TlsOptions = Pick<
  ConnectionOptions,
  'rejectUnauthorized' | 'minVersion' | 'ciphers' | 'secureOptions' | 'ca' | 'checkServerIdentity'
>;

function tlsOptions(minVersion: BmcSpec['tlsMinVersion'], ca?: TrustedCa): TlsOptions {
  const base: TlsOptions =
    ca === undefined
      ? { rejectUnauthorized: false }
      : {
          rejectUnauthorized: true,
          ca: ca.pem,
          checkServerIdentity: (host, certificate) => checkServerIdentity(ca.name ?? host, certificate),
        };
  if (minVersion === undefined || minVersion === 'TLSv1.2') return base;
  // TLS 1.0 needs the low security level as well, and such BMCs renegotiate the old way.
  return {
    ...base,
    minVersion,
    ciphers: 'DEFAULT@SECLEVEL=0',
    secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
  };
}

function fingerprintOf(socket: TLSSocket): string | undefined {
  const raw = socket.getPeerCertificate()?.raw;
  return raw === undefined ? undefined : parseFingerprint(createHash('sha256').update(raw).digest('hex'));
}

function pinError(pin: string | undefined, seen: string): PinError {
  return Object.assign(new Error(pin === undefined ? 'no pinned certificate' : 'another certificate'), {
    pinCode: pin === undefined ? ('pinMissing' as const) : ('pinChanged' as const),
    fingerprint: seen,
  });
}

export interface PinOptions {
  readonly pin: string | undefined;
  /** Counts where there is no pin. */
  readonly ca?: TrustedCa | undefined;
  readonly minVersion: BmcSpec['tlsMinVersion'];
  readonly connectMs: number;
  /** Of each connection that came to nothing. */
  readonly onFailed?: (error: Error) => void;
}

/** Hands the socket over only after the fingerprint held: not one byte of a request goes out before. */
export function createPinnedConnector(options: PinOptions): buildConnector.connector {
  const ca = options.pin === undefined ? options.ca : undefined;
  const build = (isSecure: boolean) => {
    const tls = tlsOptions(options.minVersion, ca);
    return buildConnector({
      ...tls,
      // Made once: each request has a socket of its own, and making this is a good part of its cost.
      ...(isSecure ? { secureContext: createSecureContext(tls) } : {}),
      // A resumed session shows an empty certificate, and the pin would not hold.
      maxCachedSessions: 0,
      allowH2: false,
      timeout: options.connectMs,
    });
  };
  let connector: buildConnector.connector | undefined;
  const checked = (socket: Socket | TLSSocket): Error | undefined => {
    if (!(socket instanceof TLSSocket)) return undefined;
    if (ca !== undefined) return socket.authorized ? undefined : new Error('the certificate was not verified');
    const seen = fingerprintOf(socket);
    if (seen === undefined) return new Error('the BMC showed no certificate');
    return seen === options.pin ? undefined : pinError(options.pin, seen);
  };
  return (where, callback) => {
    connector ??= build(where.protocol === 'https:');
    connector(where, (error, socket) => {
      if (error !== null) {
        options.onFailed?.(error);
        return callback(error, null);
      }
      const wrong = checked(socket);
      if (wrong === undefined) return callback(null, socket);
      options.onFailed?.(wrong);
      socket.destroy();
      callback(wrong, null);
    });
  };
}

const UNVERIFIED: Readonly<Record<string, string>> = {
  ERR_TLS_CERT_ALTNAME_INVALID: 'names another host than the one that is asked',
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet: compare the clocks',
  CERT_REVOKED: 'was revoked',
};
const UNSIGNED = /^(?:DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|CERT_|INVALID_CA|INVALID_PURPOSE|EE_KEY)/;

/** A certificate that the site's authority does not vouch for, in words; undefined where it is another failure. */
export function verifyProblem(code: string, host: string): BmcProblem | undefined {
  const why = UNVERIFIED[code] ?? (UNSIGNED.test(code) ? `is not signed by the CA of bmc.tls.ca (${code})` : undefined);
  if (why === undefined) return undefined;
  const advice =
    code === 'ERR_TLS_CERT_ALTNAME_INVALID'
      ? 'Write the name that the certificate has into bmc.tls.name.'
      : 'Give the BMC a certificate of that CA, or confirm this one by bmc.fingerprint.';
  return bmcProblem('tls', `${host}: its certificate ${why}. No credential was sent.`, advice);
}

/** Looks at the certificate and hangs up: what the operator compares before the first login. */
export function readFingerprint(
  url: string,
  options: {
    readonly connectMs?: number;
    readonly tlsMinVersion?: BmcSpec['tlsMinVersion'];
    /** With it, a certificate that it did not sign is a failure. */
    readonly ca?: TrustedCa | undefined;
  } = {},
): BmcResult<CertificateFacts> {
  const at = URL.parse(url);
  if (at === null || at.protocol !== 'https:') {
    return Promise.resolve(fail(bmcProblem('tls', 'Only an https:// address has a certificate to look at.')));
  }
  const host = at.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({
      ...tlsOptions(options.tlsMinVersion, options.ca),
      host,
      port: at.port === '' ? 443 : Number(at.port),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      timeout: options.connectMs ?? 10_000,
    });
    const end = (result: Awaited<BmcResult<CertificateFacts>>) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(result);
    };
    const late = () => end(fail(bmcProblem('timeout', `${at.host} did not finish the TLS handshake in time.`)));
    const timer = setTimeout(late, options.connectMs ?? 10_000);
    socket.once('timeout', late);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const why = verifyProblem(error.code ?? '', at.host);
      end(fail(why ?? bmcProblem('tls', `${at.host} made no TLS connection: ${error.message}`)));
    });
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerCertificate();
      const fingerprint = fingerprintOf(socket);
      if (fingerprint === undefined) return end(fail(bmcProblem('tls', `${at.host} showed no certificate.`)));
      const name = certificate.subject?.CN;
      end(
        ok({
          fingerprint,
          ...(name === undefined ? {} : { subject: String(name) }),
          validFrom: certificate.valid_from,
          validTo: certificate.valid_to,
        }),
      );
    });
  });
}

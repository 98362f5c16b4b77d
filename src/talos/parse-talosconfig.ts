import { X509Certificate } from 'node:crypto';
import { parse } from 'yaml';
import { cleanText } from '../core/clean-text.ts';
import { fail, ok, type Result } from '../core/result.ts';

/** One context of a talosconfig. Holds a private key: never logged, never in an event. */
export interface TalosCredentials {
  readonly context: string;
  readonly endpoints: readonly string[];
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  /** `os:admin`, `os:reader`…, from the certificate. */
  readonly roles: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export function parseTalosconfig(text: string, contextName?: string): Result<TalosCredentials> {
  const config = parseYaml(text);
  const contexts = isRecord(config) ? config.contexts : undefined;
  if (!isRecord(config) || !isRecord(contexts)) return fail('this is no talosconfig: it has no `contexts`');
  const name = contextName ?? (typeof config.context === 'string' ? config.context : '');
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (!isRecord(context)) {
    const known = Object.keys(contexts).map((one) => cleanText(one, 40));
    return fail(`the talosconfig has no context "${cleanText(name, 40)}": there is ${known.join(', ') || 'none'}`);
  }
  const caPem = pemOf(context.ca);
  const certificatePem = pemOf(context.crt);
  const keyPem = pemOf(context.key);
  if (caPem === undefined || certificatePem === undefined || keyPem === undefined) {
    return fail(`context "${name}" of the talosconfig lacks ca, crt or key, or they are no base64 of PEM`);
  }
  const endpoints = Array.isArray(context.endpoints) ? context.endpoints.filter((one) => typeof one === 'string') : [];
  return withCertificate({ context: name, endpoints, caPem, certificatePem, keyPem: asPkcs8(keyPem) });
}

function withCertificate(
  parts: Omit<TalosCredentials, 'roles' | 'notBeforeMs' | 'notAfterMs'>,
): Result<TalosCredentials> {
  try {
    const certificate = new X509Certificate(parts.certificatePem);
    const roles = certificate.subject.split('\n').flatMap((line) => (line.startsWith('O=') ? [line.slice(2)] : []));
    return ok({
      ...parts,
      roles,
      notBeforeMs: certificate.validFromDate.getTime(),
      notAfterMs: certificate.validToDate.getTime(),
    });
  } catch {
    return fail(`the client certificate in context "${parts.context}" of the talosconfig cannot be read`);
  }
}

/** Why these credentials cannot work now, told before any machine is asked. */
export function credentialsProblem(credentials: TalosCredentials, nowMs: number): string | undefined {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  if (nowMs > credentials.notAfterMs) {
    return `the client certificate of the talosconfig expired on ${day(credentials.notAfterMs)}: make a new one (talosctl config new, or talosctl gen config with the same secrets)`;
  }
  if (nowMs < credentials.notBeforeMs) {
    return `the client certificate of the talosconfig is valid from ${day(credentials.notBeforeMs)} on: is the clock here right?`;
  }
  return undefined;
}

/** Talos labels PKCS#8 as `ED25519 PRIVATE KEY`, which OpenSSL does not take (ERR_OSSL_UNSUPPORTED). */
function asPkcs8(keyPem: string): string {
  return keyPem.replace(/-----(BEGIN|END) ED25519 PRIVATE KEY-----/g, '-----$1 PRIVATE KEY-----');
}

function pemOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/=\s]+$/.test(value)) return undefined;
  const pem = Buffer.from(value, 'base64').toString('latin1');
  return pem.includes('-----BEGIN ') ? pem : undefined;
}

function parseYaml(text: string): unknown {
  try {
    // Without `logLevel` the YAML library writes warnings with the line they are about, keys included, on the screen.
    return text.length > 1024 * 1024 ? undefined : parse(text, { logLevel: 'error', prettyErrors: false });
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Ed25519 certificates as Talos makes them, by the `openssl` program; without it these tests fail, they do not skip. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateFolder {
  readonly authority: (name: string) => Pair;
  readonly leaf: (
    authority: Pair,
    subject: string,
    more?: { readonly usage?: 'server' | 'client'; readonly days?: number; readonly address?: string },
  ) => Pair;
  readonly remove: () => void;
}

export function createCertificates(): CertificateFolder {
  const folder = mkdtempSync(join(tmpdir(), 'crashcart-certificates-'));
  let serial = 0;
  const file = (name: string) => join(folder, name);
  const openssl = (...args: readonly string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const makeKey = (name: string) => openssl('genpkey', '-algorithm', 'ed25519', '-out', file(name));
  return {
    authority(name) {
      serial += 1;
      const id = `ca${serial}`;
      makeKey(`${id}.key`);
      openssl(
        'req',
        '-x509',
        '-new',
        '-key',
        file(`${id}.key`),
        '-subj',
        `/O=${name}`,
        '-days',
        '3650',
        '-out',
        file(`${id}.crt`),
      );
      return { certificate: readFileSync(file(`${id}.crt`), 'utf8'), key: readFileSync(file(`${id}.key`), 'utf8') };
    },
    leaf(authority, subject, { usage = 'server', days = 1, address = '127.0.0.1' } = {}) {
      serial += 1;
      const id = `leaf${serial}`;
      makeKey(`${id}.key`);
      writeFileSync(file('ca.crt'), authority.certificate);
      writeFileSync(file('ca.key'), authority.key);
      const names = usage === 'server' ? `subjectAltName=IP:${address}\n` : '';
      writeFileSync(file('ext'), `keyUsage=digitalSignature\nextendedKeyUsage=${usage}Auth\n${names}`);
      openssl('req', '-new', '-key', file(`${id}.key`), '-subj', subject, '-out', file(`${id}.csr`));
      openssl(
        ...['x509', '-req', '-in', file(`${id}.csr`), '-CA', file('ca.crt'), '-CAkey', file('ca.key')],
        ...['-set_serial', String(serial), '-days', String(days), '-extfile', file('ext'), '-out', file(`${id}.crt`)],
      );
      return { certificate: readFileSync(file(`${id}.crt`), 'utf8'), key: readFileSync(file(`${id}.key`), 'utf8') };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** As `talosctl` writes it: base64 of PEM, and the key under a label that OpenSSL does not know. */
export function renderTalosconfig(authority: Pair, client: Pair, context = 'rack-7'): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const key = client.key.replace(/(BEGIN|END) PRIVATE KEY/g, '$1 ED25519 PRIVATE KEY');
  return `context: ${context}
contexts:
    ${context}:
        endpoints:
            - 127.0.0.1
        ca: ${base64(authority.certificate)}
        crt: ${base64(client.certificate)}
        key: ${base64(key)}
`;
}

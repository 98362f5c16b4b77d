import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { bitString, der, oid, sequence } from './der.ts';

/** Certificates of a cluster, as small as they can be: node:crypto reads X.509 and does not write it. */
export interface Issued {
  readonly key: string;
  readonly cert: string;
}

export interface CertificateWish {
  readonly commonName: string;
  /** Talos takes the roles of a client from here. */
  readonly organization?: string;
  readonly use: 'ca' | 'server' | 'client';
  readonly address?: string;
}

const TRUE = der(0x01, Buffer.from([0xff]));

const ED25519 = '2b6570';
const OIDS = {
  commonName: '550403',
  organization: '55040a',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  extendedUse: '551d25',
  serverAuth: '2b06010505070301',
  clientAuth: '2b06010505070302',
} as const;

function name({ commonName, organization }: CertificateWish): Buffer {
  const part = (which: string, text: string) => der(0x31, sequence(oid(which), der(0x0c, Buffer.from(text))));
  return sequence(
    ...(organization === undefined ? [] : [part(OIDS.organization, organization)]),
    part(OIDS.commonName, commonName),
  );
}

/** UTCTime: two digits of the year, good until 2049. */
const utcTime = (atMs: number): Buffer =>
  der(0x17, Buffer.from(`${new Date(atMs).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));

function extensions({ use, address }: CertificateWish): Buffer {
  const extension = (which: string, value: Uint8Array, critical = false) =>
    sequence(oid(which), ...(critical ? [TRUE] : []), der(0x04, value));
  const usage = use === 'server' ? OIDS.serverAuth : OIDS.clientAuth;
  const bytes = address !== undefined && isIPv4(address) ? Buffer.from(address.split('.').map(Number)) : undefined;
  const list =
    use === 'ca'
      ? [extension(OIDS.basicConstraints, sequence(TRUE), true)]
      : [
          extension(OIDS.extendedUse, sequence(oid(usage))),
          ...(bytes === undefined ? [] : [extension(OIDS.subjectAltName, sequence(der(0x87, bytes)))]),
        ];
  return der(0xa3, sequence(...list));
}

const pem = (label: string, bytes: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${(
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END ${label}-----\n`;

/** Ed25519 as Talos makes them; without an authority it is its own. */
export function issueCertificate(
  wish: CertificateWish,
  authority: (Issued & { readonly wish: CertificateWish }) | undefined,
  nowMs: number,
): Issued & { readonly wish: CertificateWish } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const serial = randomBytes(12);
  // A positive integer: the highest bit is clear, the first byte is not zero.
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  const day = 86_400_000;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    sequence(oid(ED25519)),
    name(authority?.wish ?? wish),
    sequence(utcTime(nowMs - day), utcTime(nowMs + 365 * day)),
    name(wish),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions(wish),
  );
  const signed = sequence(body, sequence(oid(ED25519)), bitString(sign(null, body, authority?.key ?? key)));
  return { key, cert: pem('CERTIFICATE', signed), wish };
}

/** What Talos prints on its console: base64 of SHA-256 over the public key. */
export const keyFingerprint = (key: string): string =>
  createHash('sha256')
    .update(createPublicKey(key).export({ type: 'spki', format: 'der' }))
    .digest('base64');

import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { bitString, der, oid, sequence } from './der.ts';

/** A self-signed certificate as every BMC has one. node:crypto reads X.509 and does not write it: the DER is built here. */
export interface SelfSigned {
  readonly key: string;
  readonly cert: string;
  /** SHA-256 over the DER, `AA:BB:…`. */
  readonly fingerprint: string;
}

const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
const COMMON_NAME = '550403';
const SUBJECT_ALT_NAME = '551d11';

const name = (text: string) => sequence(der(0x31, sequence(oid(COMMON_NAME), der(0x0c, Buffer.from(text)))));

/** UTCTime: two digits of the year, good until 2049. */
function utcTime(at: Date): Buffer {
  return der(0x17, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`));
}

function toBeSigned(commonName: string, publicKey: Uint8Array, from: Date, to: Date): Buffer {
  const serial = randomBytes(12);
  // A positive integer: the highest bit is clear, the first byte is not zero.
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  const names = sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])));
  return sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    sequence(oid(ECDSA_WITH_SHA256)),
    name(commonName),
    sequence(utcTime(from), utcTime(to)),
    name(commonName),
    publicKey,
    der(0xa3, sequence(sequence(oid(SUBJECT_ALT_NAME), der(0x04, names)))),
  );
}

/** Each call makes another key, hence another fingerprint. */
export function createSelfSigned(commonName: string, now: Date): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const from = new Date(now.getTime() - 24 * 3_600_000);
  const to = new Date(now.getTime() + 3_650 * 24 * 3_600_000);
  const body = toBeSigned(commonName, publicKey.export({ type: 'spki', format: 'der' }), from, to);
  const bytes = sequence(body, sequence(oid(ECDSA_WITH_SHA256)), bitString(sign('sha256', body, privateKey)));
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  const hex = createHash('sha256').update(bytes).digest('hex').toUpperCase();
  return {
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    fingerprint: (hex.match(/../g) ?? []).join(':'),
  };
}

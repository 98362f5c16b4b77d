import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createSelfSigned } from '../../../src/sim/bmc/self-signed.ts';

test('the certificate is one that node reads, signed by its own key, with the fingerprint that TLS will show', () => {
  const now = new Date('2026-03-01T00:00:00Z');
  const made = createSelfSigned('idrac.sim', now);
  const read = new X509Certificate(made.cert);
  expect(read.subject).toBe('CN=idrac.sim');
  expect(read.issuer).toBe(read.subject);
  expect(read.verify(read.publicKey)).toBe(true);
  expect(read.fingerprint256).toBe(made.fingerprint);
  expect(read.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1');
  expect(Date.parse(read.validFrom)).toBeLessThan(now.getTime());
  expect(Date.parse(read.validTo)).toBeGreaterThan(now.getTime() + 3_000 * 24 * 3_600_000);
});

test('two certificates are never the same', () => {
  const now = new Date();
  expect(createSelfSigned('a', now).fingerprint).not.toBe(createSelfSigned('a', now).fingerprint);
});

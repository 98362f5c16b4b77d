import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { caOf } from '../../../src/drivers/bmc-ca.ts';
import { readFingerprint } from '../../../src/drivers/redfish/tls-pin.ts';
import { type CertificateFolder, createCertificates, type Pair } from '../talos-api/certificates.ts';
import { type Bench, mustBe, openSim, problemOf, targetFor } from './sim-port.ts';

let certificates: CertificateFolder;
let authority: Pair;
let stranger: Pair;
beforeAll(() => {
  certificates = createCertificates();
  authority = certificates.authority('Site');
  stranger = certificates.authority('Somebody');
});
afterAll(() => certificates.remove());

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

/** A BMC whose certificate the site's authority signed for this address. */
async function openSigned(options: { readonly address?: string } = {}): Promise<Bench> {
  const leaf = certificates.leaf(authority, '/CN=bmc-33', options);
  const { fingerprint256 } = new X509Certificate(leaf.certificate);
  bench = await openSim({
    personality: 'hpe-ilo6',
    tls: { key: leaf.key, cert: leaf.certificate, fingerprint: fingerprint256 },
  });
  return bench;
}

const tls = { ca: { from: 'file', path: 'ca.pem' } } as const;

function withCa(opened: Bench, pem: string, name?: string) {
  const { pinnedFingerprint: _, ...target } = targetFor(opened.sim);
  const named = name === undefined ? tls : { ...tls, name };
  return { ...target, spec: { ...target.spec, tls: named }, caPem: pem };
}

describe('a site with its own certificate authority', () => {
  test('needs no pin', async () => {
    const opened = await openSigned();
    const port = opened.drivers.openBmc(withCa(opened, authority.certificate));
    expect(await mustBe(port.readPower())).toBe('off');
    await port.close();
    expect(opened.sim.sessions.list()).toEqual([]);
  });

  test('sends nothing to a BMC that another authority signed', async () => {
    const opened = await openSigned();
    const problem = await problemOf(opened.drivers.openBmc(withCa(opened, stranger.certificate)).readPower());
    expect(problem.code).toBe('tls');
    expect(problem.message).toMatch(/not signed by the CA of bmc.tls.ca .* No credential was sent/);
    expect(opened.sim.requests.count).toBe(0);
  });

  test('sends nothing to a BMC that names another host, unless the inventory says the name', async () => {
    const opened = await openSigned({ address: '192.0.2.33' });
    const problem = await problemOf(opened.drivers.openBmc(withCa(opened, authority.certificate)).readPower());
    expect(problem).toMatchObject({ code: 'tls', advice: expect.stringContaining('bmc.tls.name') });
    expect(opened.sim.requests.count).toBe(0);
    const named = withCa(opened, authority.certificate, '192.0.2.33');
    expect(await mustBe(opened.drivers.openBmc(named).readPower())).toBe('off');
  });

  test('sends nothing to a BMC with a certificate of its own making', async () => {
    bench = await openSim({ personality: 'openbmc', tls: true });
    const problem = await problemOf(bench.drivers.openBmc(withCa(bench, authority.certificate)).readPower());
    expect(problem.code).toBe('tls');
    expect(bench.sim.requests.count).toBe(0);
  });

  test('may pin one odd BMC by its fingerprint all the same', async () => {
    bench = await openSim({ personality: 'openbmc', tls: true });
    const target = withCa(bench, authority.certificate);
    const spec = { ...target.spec, fingerprint: bench.sim.fingerprint ?? '' };
    expect(await mustBe(bench.drivers.openBmc({ ...target, spec }).readPower())).toBe('off');
  });

  test('is told by a look at the certificate as well', async () => {
    const opened = await openSigned();
    expect((await readFingerprint(opened.sim.url, { ca: { pem: authority.certificate } })).ok).toBe(true);
    const problem = await problemOf(readFingerprint(opened.sim.url, { ca: { pem: stranger.certificate } }));
    expect(problem.message).toContain('not signed by the CA');
  });
});

test.each([
  ['is not there', async () => ({ ok: false, error: 'there is no file ca.pem' }) as const, /no file ca\.pem/],
  ['is no certificate', async () => ({ ok: true, value: Buffer.from('hello') }) as const, /no certificate in PEM/],
  [
    'is cut',
    async () =>
      ({
        ok: true,
        value: Buffer.from('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'),
      }) as const,
    /cannot be read/,
  ],
])('a CA file that %s is named', async (_, document, message) => {
  const problem = await problemOf(caOf({ tls }, document));
  expect(problem.message).toMatch(message);
});

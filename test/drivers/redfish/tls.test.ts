import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { parseFingerprint, readFingerprint } from '../../../src/drivers/redfish/tls-pin.ts';
import { benchOfTest } from './open-bench.ts';
import { mustBe, openSim, problemOf, targetFor } from './sim-port.ts';

const open = benchOfTest();

describe('a certificate', () => {
  test('that is pinned lets everything through', async () => {
    const { port, sim } = await open({ personality: 'dell-idrac9-7', tls: true });
    expect(await mustBe(port.readPower())).toBe('off');
    await mustBe(port.readIdentity());
    await port.close();
    expect(sim.sessions.list()).toEqual([]);
  });

  test('that nobody confirmed is shown to the operator, and nothing was sent', async () => {
    const { drivers, sim } = await open({ personality: 'hpe-ilo6', tls: true });
    const { pinnedFingerprint: _, ...target } = targetFor(sim);
    const result = await drivers.openBmc(target).readPower();
    expect(result).toMatchObject({ ok: false, error: { code: 'pinMissing', fingerprint: sim.fingerprint } });
    expect(sim.requests.count).toBe(0);
    const seen = await mustBe(readFingerprint(sim.url));
    expect(seen).toMatchObject({ fingerprint: sim.fingerprint, subject: 'hpe-ilo6.sim' });
    expect(Date.parse(seen.validTo)).toBeGreaterThan(Date.now());
    expect(sim.requests.count).toBe(0);
  });

  test('that changed stops everything before a credential goes out, in the middle of a session too', async () => {
    const { port, sim } = await open({ personality: 'hpe-ilo6', tls: true });
    await mustBe(port.readPower());
    const sent = sim.requests.count;
    const fresh = sim.changeCertificate();
    const result = await port.readPower();
    expect(result).toMatchObject({ ok: false, error: { code: 'pinChanged', fingerprint: fresh } });
    expect(sim.requests.count).toBe(sent);
  });

  test('may be pinned by the inventory in any spelling of SHA-256', async () => {
    const { drivers, sim } = await open({ personality: 'openbmc', tls: true });
    const plain = sim.fingerprint?.replaceAll(':', '').toLowerCase() ?? '';
    const { pinnedFingerprint: _, ...target } = targetFor(sim);
    const port = drivers.openBmc({ ...target, spec: { ...target.spec, fingerprint: plain } });
    expect(await mustBe(port.readPower())).toBe('off');
    expect(parseFingerprint(`SHA256:${plain}`)).toBe(sim.fingerprint);
    expect(parseFingerprint('aa:bb')).toBeUndefined();
  });
});

test('a BMC that knows only old TLS is reached when the inventory says so, and not before', async () => {
  const { drivers, target } = await open({ personality: 'supermicro-x10', tls: true, oldTls: true });
  const problem = await problemOf(drivers.openBmc(target).readPower());
  expect(problem).toMatchObject({ code: 'tls' });
  expect(problem.advice).toContain('tlsMinVersion');
  const old = { ...target, spec: { ...target.spec, tlsMinVersion: 'TLSv1' as const } };
  expect(await mustBe(drivers.openBmc(old).readPower())).toBe('off');
  expect((await mustBe(readFingerprint(target.spec.url, { tlsMinVersion: 'TLSv1' }))).fingerprint).toBe(
    target.pinnedFingerprint,
  );
});

test.each([
  ['closes at once', ''],
  ['greets with SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
])('a server that %s where TLS is expected is told in words', async (_, greeting) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(greeting);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { drivers, target, close } = await openSim({ personality: 'openbmc' });
  const port = drivers.openBmc({ ...target, spec: { ...target.spec, url }, pinnedFingerprint: 'ab'.repeat(32) });
  expect(['tls', 'unreachable']).toContain((await problemOf(port.readPower())).code);
  expect((await problemOf(readFingerprint(url, { connectMs: 500 }))).code).toMatch(/tls|timeout/);
  await close();
  server.close();
});

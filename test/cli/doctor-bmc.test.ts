import { afterEach, describe, expect, test } from 'vitest';
import { checkBmcs } from '../../src/cli/doctor-bmc.ts';
import { createHostView } from '../../src/cli/doctor-proc.ts';
import type { DoctorSite } from '../../src/cli/doctor-site.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import type { SimFaults } from '../../src/sim/bmc/faults.ts';
import { PERSONALITIES } from '../../src/sim/bmc/personalities.ts';
import type { PersonalityName } from '../../src/sim/bmc/personality.ts';
import { createSelfSigned } from '../../src/sim/bmc/self-signed.ts';
import { createSimBmc, type SimBmc, type SimBmcOptions } from '../../src/sim/bmc/sim-bmc.ts';
import { specOf } from '../core/kit.ts';

/** What doctor says of each kind of BMC. */

const sims: SimBmc[] = [];
afterEach(async () => {
  await Promise.all(sims.splice(0).map((sim) => sim.close()));
});

const credentials = { username: 'admin', password: 'not-a-default' };

async function bmcOf(options: SimBmcOptions): Promise<SimBmc> {
  const sim = await createSimBmc({ timeScale: 0.001, credentials, ...options });
  sims.push(sim);
  return sim;
}

function specFor(sim: SimBmc, name: string, changes: Partial<NodeSpec> = {}): NodeSpec {
  const fingerprint = sim.fingerprint === undefined ? {} : { fingerprint: sim.fingerprint };
  return specOf(name, {
    identity: { macs: sim.identity.macs, serial: sim.identity.serial },
    bmc: { url: sim.url, username: 'admin', password: { from: 'env', name: 'BMC_PASSWORD' }, ...fingerprint },
    ...changes,
  });
}

async function doctor(nodes: readonly NodeSpec[], login: boolean, password = credentials.password) {
  const lines: string[] = [];
  const site = {
    host: createHostView('/'),
    env: { BMC_PASSWORD: password },
    folder: '/',
    inventory: { nodes, profiles: {} },
  } as unknown as DoctorSite;
  await checkBmcs(site, (one) => lines.push(`${one.state} ${one.what}${one.advice ? ` | ${one.advice}` : ''}`), login);
  return lines;
}

/** Vendor, model, firmware and ways in, as an operator reads them of each. */
const SENTENCES: { readonly [P in PersonalityName]: string } = {
  'dell-idrac9-6': 'Dell Inc. PowerEdge R750, firmware 6.00.30.00: PXE, UEFI HTTP, takes media',
  'dell-idrac9-7': 'Dell Inc. PowerEdge R760, firmware 7.10.50.00: PXE, UEFI HTTP, takes media',
  'hpe-ilo5': 'HPE ProLiant DL385 Gen10 Plus v2, firmware iLO 5 v2.72: PXE, UEFI HTTP, takes media',
  'hpe-ilo6': 'HPE ProLiant DL360 Gen11, firmware iLO 6 v1.55: PXE, UEFI HTTP, takes media',
  'supermicro-x10': 'Supermicro Super Server, firmware 4.0: PXE',
  'supermicro-x11': 'Supermicro SYS-1029P-WTR, firmware 01.73.12: PXE, UEFI HTTP, takes media',
  'lenovo-xcc': 'Lenovo ThinkSystem SR650 V2, firmware AFBT58B 5.70 2023-08-11: PXE, takes media',
  'ami-megarac': 'GIGABYTE H262-Z63-00, firmware 12.60.39: PXE, UEFI HTTP, takes media',
  openbmc: 'OpenBMC, firmware 2.15.0-dev-686-g100c36de90: PXE, takes media',
};

describe('every kind of BMC', () => {
  test.each(PERSONALITIES.map((one) => one.name))(
    '%s is reached, proved by its certificate, and named',
    async (name) => {
      const sim = await bmcOf({ personality: name, tls: true });
      expect(await doctor([specFor(sim, 'n1')], true)).toEqual([
        'ok 1 of 1 answer and show the certificate that was confirmed',
        'ok 1 of 1 take user name and password',
        `ok n1: ${SENTENCES[name]}`,
      ]);
      expect(sim.sessions.list()).toEqual([]);
    },
  );

  test('without a login nothing but the certificate is looked at', async () => {
    const sim = await bmcOf({ personality: 'openbmc', tls: true });
    expect(await doctor([specFor(sim, 'n1')], false)).toHaveLength(1);
    expect(sim.requests.count).toBe(0);
  });
});

describe('what is not proved is not called confirmed', () => {
  test('plain HTTP is told apart, and warned of', async () => {
    const plain = await bmcOf({ personality: 'openbmc' });
    const safe = await bmcOf({ personality: 'hpe-ilo5', tls: createSelfSigned('x', new Date()) });
    expect(await doctor([specFor(plain, 'n1'), specFor(safe, 'n2')], false)).toEqual([
      'ok 1 of 2 answer and show the certificate that was confirmed',
      'warn 1 of 2 answer by plain HTTP on this host (n1): no certificate shows who they are | for a simulator or a tunnel only; else write https:// in `bmc.url`',
    ]);
  });

  test('plain HTTP over the network is refused before anything is sent', async () => {
    const sim = await bmcOf({ personality: 'openbmc' });
    const bmc = {
      url: 'http://192.0.2.9',
      username: 'admin',
      password: { from: 'env', name: 'BMC_PASSWORD' },
    } as const;
    const [line, ...more] = await doctor([specFor(sim, 'n1', { bmc })], true);
    expect(line).toMatch(/^fail n1: its BMC would get the password in clear text/);
    expect(more).toEqual([]);
  });

  test('an address of IPMI that is known is no answer', async () => {
    const sim = await bmcOf({ personality: 'openbmc' });
    const bmc = {
      url: 'ipmi://127.0.0.1',
      username: 'admin',
      password: { from: 'env', name: 'BMC_PASSWORD' },
    } as const;
    expect(await doctor([specFor(sim, 'n1', { bmc })], false)).toEqual([
      'ok 1 of 1 speak IPMI, whose address is known: whether they answer is proved by --bmc-login',
    ]);
  });

  test('a certificate that nobody confirmed, and one that is another, are told with both', async () => {
    const sim = await bmcOf({ personality: 'dell-idrac9-7', tls: true });
    const spec = specFor(sim, 'n1');
    const { fingerprint: _none, ...bmc } = spec.bmc ?? { url: '', username: '', password: { from: 'env', name: '' } };
    expect((await doctor([{ ...spec, bmc }], false))[0]).toMatch(/^warn n1: .* shows .*, and nobody has confirmed it/);
    sim.changeCertificate();
    expect((await doctor([spec], false))[0]).toMatch(/^warn n1: .* which is NOT the one that was confirmed/);
  });
});

/** OpenBMC knows no serial, and X10 no media. */
const PERSONALITY_OF: Readonly<Record<string, PersonalityName>> = {
  'another machine': 'hpe-ilo5',
  'no media where they are wanted': 'supermicro-x10',
};

test('a password that cannot be read is told once for all that need it', async () => {
  const sim = await bmcOf({ personality: 'openbmc', tls: true });
  const lines = await doctor([specFor(sim, 'n1'), specFor(sim, 'n2')], true, '');
  expect(lines.filter((line) => line.startsWith('fail'))).toEqual([
    'fail n1, n2: the password cannot be read: the environment variable BMC_PASSWORD is empty | correct `bmc.password`',
  ]);
});

test('two machines that are known by MAC alone, with the BMCs of each other, are both named', async () => {
  const [one, two] = [
    await bmcOf({ personality: 'dell-idrac9-6', tls: true, index: 1 }),
    await bmcOf({ personality: 'dell-idrac9-6', tls: true, index: 2 }),
  ];
  const known = (sim: typeof one) => ({ identity: { macs: sim.identity.macs } });
  const lines = await doctor([specFor(two, 'n1', known(one)), specFor(one, 'n2', known(two))], true);
  expect(lines.filter((line) => line.startsWith('fail')).toSorted()).toEqual([
    expect.stringMatching(/^fail the BMC of n1 reports MAC .*, which the inventory gives to n2: .*\| find out which/),
    expect.stringMatching(/^fail the BMC of n2 reports MAC .*, which the inventory gives to n1: /),
  ]);
}, 60_000);

test('a BMC that lists network cards, and none of this machine, is doubted where nothing else says whose it is', async () => {
  const sim = await bmcOf({ personality: 'dell-idrac9-6', tls: true });
  const lines = await doctor([specFor(sim, 'n1', { identity: { macs: ['52:54:00:99:99:01'] } })], true);
  expect(lines).toContainEqual(
    expect.stringMatching(/^warn the BMC of n1 lists the MACs .*, and none of n1: .*bmc\.url/),
  );
}, 60_000);

test('a boot override that somebody left for every boot is told, and is not touched', async () => {
  const sim = await bmcOf({ personality: 'dell-idrac9-7', tls: true });
  Object.assign(sim.state.boot, { enabled: 'Continuous', target: 'Hdd' });
  expect(await doctor([specFor(sim, 'n1')], true)).toContainEqual(
    expect.stringMatching(
      /^warn n1: its boot override was left at Continuous\/Hdd: it boots that every time \| Clear it/,
    ),
  );
  expect(sim.state.boot).toMatchObject({ enabled: 'Continuous', target: 'Hdd' });
});

describe('what a login brings to light', () => {
  const cases: readonly (readonly [string, SimFaults, Partial<NodeSpec>, RegExp])[] = [
    ['a session limit', { sessionLimit: true }, {}, /^fail n1: .*503.*\| Close sessions/],
    ['a password to be changed', { passwordChange: true }, {}, /^fail n1: .*\| Log in to the BMC page once/],
    ['a wrong password', { wrongPassword: true }, {}, /^fail n1: .*rejected the user name or password/],
    [
      'another machine',
      {},
      { identity: { macs: [], serial: 'OTHER' } },
      /^fail n1: its BMC reports serial .*the inventory says OTHER/,
    ],
    [
      'no HTTP boot where it is wanted',
      {},
      { firmware: 'http' },
      /^warn n1: `firmware: http`.*no UEFI HTTP boot \| it is booted by PXE/,
    ],
    [
      'no media where they are wanted',
      {},
      { boot: 'virtualMedia' },
      /^warn n1: `boot: virtual-media`, and its BMC takes no image/,
    ],
  ];
  test.each(cases)(
    '%s',
    async (what, faults, changes, line) => {
      const personality = PERSONALITY_OF[what] ?? 'openbmc';
      const sim = await bmcOf({ personality, faults, tls: true });
      const lines = await doctor([specFor(sim, 'n1', changes)], true);
      expect(lines.join('\n')).toMatch(new RegExp(line.source, 'm'));
      expect(sim.sessions.list()).toEqual([]);
    },
    60_000,
  );
});

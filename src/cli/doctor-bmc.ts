import { lookup } from 'node:dns/promises';
import { createConnection } from 'node:net';
import type { BmcProblem, BmcTarget } from '../core/bmc.ts';
import { ok, type Result } from '../core/result.ts';
import type { NodeSpec } from '../core/spec.ts';
import { caOf } from '../drivers/bmc-ca.ts';
import { createBmcDrivers } from '../drivers/bmc-open.ts';
import { parseBmcUrl } from '../drivers/bmc-url.ts';
import { parseFingerprint, readFingerprint, type TrustedCa } from '../drivers/redfish/tls-pin.ts';
import { resolveDocument, resolveSecret } from '../inventory/resolve-reference.ts';
import { bad, type Finding, fine, listNames, type Say, warn } from './doctor-line.ts';
import { inParallel } from './doctor-run.ts';
import type { DoctorSite } from './doctor-site.ts';

const CONNECT_MS = 3_000;
const AT_ONCE = 32;

type WithBmc = NodeSpec & { readonly bmc: NonNullable<NodeSpec['bmc']> };

/** TCP, TLS and certificate of every BMC; user name and password only when asked: a wrong one may lock the account. */
export async function checkBmcs(doctor: DoctorSite, say: Say, login: boolean): Promise<void> {
  const nodes = doctor.inventory.nodes.filter((node): node is WithBmc => node.bmc !== undefined);
  const without = doctor.inventory.nodes.length - nodes.length;
  if (without > 0) say(fine(`${without} machines have none: a person switches them`));
  const reached: string[] = [];
  const silent = new Map<string, string[]>();
  const logins: WithBmc[] = [];
  await inParallel(nodes, AT_ONCE, async (node) => {
    const finding = await checkReach(doctor, node);
    if (finding === undefined) reached.push(node.name);
    else if (finding.state === 'fail') silent.set(finding.what, [...(silent.get(finding.what) ?? []), node.name]);
    else say(finding);
    if (finding?.state !== 'fail') logins.push(node);
  });
  for (const [why, names] of silent)
    say(
      bad(
        `${listNames(names)}: ${why}`,
        'check cable, address, VLAN and `bmc.url`; crashcart works without, a person then boots the machine',
      ),
    );
  if (nodes.length > 0 && reached.length > 0)
    say(fine(`${reached.length} of ${nodes.length} answer and show the certificate that was confirmed`));
  checkSecretsOf(doctor, nodes, say);
  if (login) await checkLogins(doctor, logins, say);
}

async function checkReach(doctor: DoctorSite, node: WithBmc): Promise<Finding | undefined> {
  const address = parseBmcUrl(node.bmc.url);
  if (!address.ok) return bad(address.error, 'correct `bmc.url`');
  // IPMI has no connection to look at; its password is proved by --bmc-login.
  if (address.value.kind === 'ipmi') return checkName(address.value.host);
  const { origin, secure } = address.value;
  const url = new URL(origin);
  if (!secure) return connects(url);
  const ca = await doctorCa(doctor, node);
  if (!ca.ok) return bad(ca.error.message, ca.error.advice);
  const seen = await readFingerprint(origin, {
    connectMs: CONNECT_MS,
    ...(ca.value === undefined ? {} : { ca: ca.value }),
    ...(node.bmc.tlsMinVersion === undefined ? {} : { tlsMinVersion: node.bmc.tlsMinVersion }),
  });
  if (!seen.ok) return bad(seen.error.message.replaceAll(url.host, 'its BMC'), seen.error.advice);
  if (ca.value !== undefined) return undefined;
  const pinned = parseFingerprint(node.bmc.fingerprint ?? doctor.engine?.fleet.fingerprints[node.name]);
  const shown = parseFingerprint(seen.value.fingerprint) ?? seen.value.fingerprint;
  if (pinned === undefined)
    return warn(
      `${node.name}: ${url.host} shows ${seen.value.fingerprint}, and nobody has confirmed it`,
      'compare it at the machine, then write `bmc.fingerprint`, or confirm it on the screen',
    );
  if (pinned !== shown)
    return warn(
      `${node.name}: ${url.host} shows ${seen.value.fingerprint}, which is NOT the one that was confirmed`,
      'nothing is sent to it; compare at the machine, then confirm the new one',
    );
  return undefined;
}

/** A fingerprint in the inventory goes before the authority. */
async function doctorCa(doctor: DoctorSite, { bmc }: WithBmc): Promise<Result<TrustedCa | undefined, BmcProblem>> {
  if (bmc.fingerprint !== undefined) return ok(undefined);
  const read = await caOf(bmc, (ref) => resolveDocument(ref, { folder: doctor.folder, env: doctor.env }));
  if (!read.ok || read.value === undefined) return read.ok ? ok(undefined) : read;
  const name = bmc.tls?.name;
  return ok({ pem: read.value, ...(name === undefined ? {} : { name }) });
}

async function checkName(host: string): Promise<Finding | undefined> {
  return lookup(host).then(
    () => undefined,
    () => bad('the name of its BMC is not known', 'use an address'),
  );
}

function connects(url: URL): Promise<Finding | undefined> {
  const port = Number(url.port || 80);
  return new Promise((resolve) => {
    const socket = createConnection({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: CONNECT_MS });
    const end = (finding: Finding | undefined) => {
      socket.destroy();
      resolve(finding);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end(bad('no answer from its BMC in time', '')));
    socket.once('error', (error: NodeJS.ErrnoException) => end(bad(`its BMC: ${error.code ?? error.message}`, '')));
  });
}

/** A password that cannot be read is found before the night in which it is needed. Commands are not run for this. */
function checkSecretsOf(doctor: DoctorSite, nodes: readonly WithBmc[], say: Say): void {
  const missing = new Map<string, string[]>();
  for (const { name, bmc } of nodes) {
    if (bmc.password.from !== 'env' || (doctor.env[bmc.password.name] ?? '') !== '') continue;
    missing.set(bmc.password.name, [...(missing.get(bmc.password.name) ?? []), name]);
  }
  for (const [variable, names] of missing)
    say(
      warn(
        `${listNames(names)}: the password is in the environment variable ${variable}, which is not set here`,
        `set it where crashcart is started (the unit: EnvironmentFile=)`,
      ),
    );
}

async function checkLogins(doctor: DoctorSite, nodes: readonly WithBmc[], say: Say): Promise<void> {
  const drivers = createBmcDrivers();
  const good: string[] = [];
  try {
    await inParallel(nodes, AT_ONCE, async (node) => {
      const password = await resolveSecret(node.bmc.password, { folder: doctor.folder, env: doctor.env });
      if (!password.ok)
        return say(bad(`${node.name}: the password cannot be read: ${password.error}`, 'correct `bmc.password`'));
      const pinned = doctor.engine?.fleet.fingerprints[node.name];
      const ca = await doctorCa(doctor, node);
      if (!ca.ok) return say(bad(`${node.name}: ${ca.error.message}`, ca.error.advice));
      const target: BmcTarget = {
        node: node.name,
        spec: node.bmc,
        password: password.value,
        ...(pinned === undefined ? {} : { pinnedFingerprint: pinned }),
        ...(ca.value === undefined ? {} : { caPem: ca.value.pem }),
      };
      const port = drivers.openBmc(target);
      const power = await port.readPower();
      await port.close();
      if (power.ok) good.push(node.name);
      else say(bad(`${node.name}: ${power.error.message}`, power.error.advice));
    });
  } finally {
    await drivers.closeAll();
  }
  if (good.length > 0) say(fine(`${good.length} of ${nodes.length} take user name and password`));
}

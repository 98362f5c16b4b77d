import { lookup } from 'node:dns/promises';
import { createConnection } from 'node:net';
import { isLoopback, parseBmcUrl } from '../drivers/bmc-url.ts';
import { parseFingerprint, readFingerprint } from '../drivers/redfish/tls-pin.ts';
import { doctorCa, type WithBmc } from './doctor-bmc-ca.ts';
import { checkLogins } from './doctor-bmc-login.ts';
import { bad, type Finding, fine, listNames, type Say, warn } from './doctor-line.ts';
import { inParallel } from './doctor-run.ts';
import type { DoctorSite } from './doctor-site.ts';

const CONNECT_MS = 3_000;
const AT_ONCE = 32;

/** TCP, TLS and certificate of every BMC; user name and password only when asked: a wrong one may lock the account. */
export async function checkBmcs(doctor: DoctorSite, say: Say, login: boolean): Promise<void> {
  const nodes = doctor.inventory.nodes.filter((node): node is WithBmc => node.bmc !== undefined);
  const without = doctor.inventory.nodes.length - nodes.length;
  if (without > 0) say(fine(`${without} machines have none: a person switches them`));
  const reached: { readonly [P in Proof]: string[] } = { pin: [], authority: [], none: [], ipmi: [] };
  const silent = new Map<string, string[]>();
  const logins: WithBmc[] = [];
  await inParallel(nodes, AT_ONCE, async (node) => {
    const finding = await checkReach(doctor, node);
    if (typeof finding === 'string') reached[finding].push(node.name);
    else if (finding.state === 'fail') silent.set(finding.what, [...(silent.get(finding.what) ?? []), node.name]);
    else say(finding);
    if (typeof finding === 'string' || finding.state !== 'fail') logins.push(node);
  });
  for (const [why, names] of silent)
    say(
      bad(
        `${listNames(names)}: ${why}`,
        'check cable, address, VLAN and `bmc.url`; crashcart works without, a person then boots the machine',
      ),
    );
  for (const proof of PROOFS) if (reached[proof].length > 0) say(reachedLine(proof, reached[proof], nodes.length));
  checkSecretsOf(doctor, nodes, say);
  if (login) await checkLogins(doctor, logins, say);
}

/** What shows that it is the BMC which is meant. */
type Proof = 'pin' | 'authority' | 'none' | 'ipmi';
const PROOFS = ['pin', 'authority', 'none', 'ipmi'] as const satisfies readonly Proof[];

function reachedLine(proof: Proof, names: readonly string[], of: number): Finding {
  const some = `${names.length} of ${of}`;
  switch (proof) {
    case 'pin':
      return fine(`${some} answer and show the certificate that was confirmed`);
    case 'authority':
      return fine(`${some} answer with a certificate of the authority in \`bmc.tls.ca\``);
    case 'none':
      return warn(
        `${some} answer by plain HTTP on this host (${listNames(names)}): no certificate shows who they are`,
        'for a simulator or a tunnel only; else write https:// in `bmc.url`',
      );
    case 'ipmi':
      return fine(`${some} speak IPMI, whose address is known: whether they answer is proved by --bmc-login`);
  }
}

async function checkReach(doctor: DoctorSite, node: WithBmc): Promise<Finding | Proof> {
  const address = parseBmcUrl(node.bmc.url);
  if (!address.ok) return bad(address.error, 'correct `bmc.url`');
  // IPMI has no connection to look at; its password is proved by --bmc-login.
  if (address.value.kind === 'ipmi') return checkName(address.value.host);
  const { origin, secure } = address.value;
  const url = new URL(origin);
  if (!secure && !isLoopback(origin))
    return bad(
      'its BMC would get the password in clear text over the network, so nothing is sent',
      'write https:// in `bmc.url`',
    );
  if (!secure) return connects(url);
  const ca = await doctorCa(doctor, node);
  if (!ca.ok) return bad(ca.error.message, ca.error.advice);
  const seen = await readFingerprint(origin, {
    connectMs: CONNECT_MS,
    ...(ca.value === undefined ? {} : { ca: ca.value }),
    ...(node.bmc.tlsMinVersion === undefined ? {} : { tlsMinVersion: node.bmc.tlsMinVersion }),
  });
  if (!seen.ok) return bad(seen.error.message.replaceAll(url.host, 'its BMC'), seen.error.advice);
  if (ca.value !== undefined) return 'authority';
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
  return 'pin';
}

async function checkName(host: string): Promise<Finding | Proof> {
  return lookup(host).then(
    () => 'ipmi' as const,
    () => bad('the name of its BMC is not known', 'use an address'),
  );
}

function connects(url: URL): Promise<Finding | Proof> {
  const port = Number(url.port || 80);
  return new Promise((resolve) => {
    const socket = createConnection({ host: url.hostname.replace(/^\[|\]$/g, ''), port, timeout: CONNECT_MS });
    const end = (finding: Finding | Proof) => {
      socket.destroy();
      resolve(finding);
    };
    socket.once('connect', () => end('none'));
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

import type { BmcSpec } from '../core/spec.ts';
import { given } from './given.ts';
import type { MachineShape } from './machine-shape.ts';
import { parseDocumentRef, parseSecretRef } from './parse-reference.ts';
import type { Reading } from './read-shape.ts';
import { quote } from './report.ts';

const SCHEMES = ['https:', 'http:', 'ipmi:'];

/** Never repeats a URL that holds a password. */
function explainBmcUrl(text: string): string | undefined {
  const example = 'expected https://10.21.7.33';
  if (!URL.canParse(text)) return `${quote(text.includes('@') ? '…' : text)} is no URL; ${example}`;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return `a user or password stands in the URL; ${example}`;
  if (!SCHEMES.includes(url.protocol)) return `${quote(url.protocol)} is not known; ${example}, or http: or ipmi:`;
  if (url.hostname === '') return `no host; ${example}`;
  if (url.search !== '' || url.hash !== '') return `ends in a query; ${example}`;
  if (url.protocol !== 'ipmi:' && url.pathname !== '/') {
    return `a path follows the host; ${example}, and "system:" where one BMC serves several machines`;
  }
  return undefined;
}

/** As `openssl x509 -fingerprint -sha256` prints it, with or without its label, or as plain hex. */
function parseFingerprint(text: string): string | undefined {
  const hex = text.replace(/^sha-?256(?: fingerprint)?[:=]/i, '').replace(/[:\s]/g, '');
  if (!/^[0-9a-f]{64}$/i.test(hex)) return undefined;
  return hex.toUpperCase().match(/../g)?.join(':');
}

/** All that is missing is said at once; the result exists only when nothing that is needed is. */
export function parseBmc(reading: Reading<MachineShape>): BmcSpec | undefined {
  const { value, report, at } = reading;
  const bmc = value.bmc;
  // Defaults may hold user and password for the machines that have a BMC; the others have none for that.
  const isInherited = at('bmc').file !== at().file;
  if (bmc === undefined || (isInherited && bmc.url === undefined)) return undefined;
  const needed = (key: 'url' | 'username' | 'password', example: string) => {
    if (bmc[key] === undefined && !reading.isBroken('bmc', key)) {
      report.error(at('bmc'), `bmc has no ${key}; write ${key}: ${example}`);
    }
  };
  needed('url', 'https://10.21.7.33');
  needed('username', 'admin');
  needed('password', 'env:BMC_PASSWORD');

  const trouble = bmc.url === undefined ? undefined : explainBmcUrl(bmc.url);
  if (trouble !== undefined) report.error(at('bmc', 'url'), `bmc.url: ${trouble}`);
  const password = bmc.password === undefined ? undefined : parseSecretRef(bmc.password);
  if (password?.ok === false) report.error(at('bmc', 'password'), `bmc.password: ${password.error}`);
  const fingerprint = bmc.fingerprint === undefined ? undefined : parseFingerprint(bmc.fingerprint);
  if (bmc.fingerprint !== undefined && fingerprint === undefined) {
    report.error(at('bmc', 'fingerprint'), 'bmc.fingerprint: expected a SHA-256 of 64 hex digits, colons allowed');
  }
  const ca = bmc.tls?.ca === undefined ? undefined : parseDocumentRef(bmc.tls.ca);
  if (ca?.ok === false) report.error(at('bmc', 'tls', 'ca'), `bmc.tls.ca: ${ca.error}`);
  if (bmc.tls !== undefined && ca === undefined && !reading.isBroken('bmc', 'tls'))
    report.error(at('bmc', 'tls'), 'bmc.tls has no ca; write ca: _bmc-ca.pem');
  if (bmc.url === undefined || bmc.username === undefined || !password?.ok) return undefined;
  return given({
    url: bmc.url,
    username: bmc.username,
    password: password.value,
    fingerprint,
    system: bmc.system,
    tlsMinVersion: bmc.tlsMinVersion,
    tls: ca?.ok === true ? given({ ca: ca.value, name: bmc.tls?.name }) : undefined,
  });
}

import { fail, ok, type Result } from '../core/result.ts';

/** Where a BMC is and what it speaks, from the one line in the inventory. */
export type BmcAddress =
  | { readonly kind: 'redfish'; readonly origin: string; readonly secure: boolean; readonly systemPath?: string }
  | { readonly kind: 'ipmi'; readonly host: string; readonly port: number };

const LOOPBACK = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** `https://host`, `http://127.0.0.1:8000`, `redfish://host/redfish/v1/Systems/1` (metal3's spelling), `ipmi://host[:port]`. */
export function parseBmcUrl(text: string): Result<BmcAddress> {
  const spelled = text
    .trim()
    .replace(/^redfish(?:\+https)?:\/\//, 'https://')
    .replace(/^redfish\+http:\/\//, 'http://');
  const url = URL.parse(spelled.replace(/^ipmi:\/\//, 'http://'));
  if (url === null || url.hostname === '')
    return fail('The BMC address is not a URL like https://10.0.0.5 or ipmi://10.0.0.5.');
  if (url.username !== '' || url.password !== '') {
    return fail('The BMC address holds a user name or password; name them in bmc.username and bmc.password instead.');
  }
  if (spelled.startsWith('ipmi://')) {
    return ok({
      kind: 'ipmi',
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 623 : Number(url.port),
    });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return fail(`The BMC address starts with ${url.protocol}// but must start with https://, http:// or ipmi://.`);
  }
  const systemPath = /^\/redfish\/v1\/Systems\/[^/]+/.exec(url.pathname)?.[0];
  return ok({
    kind: 'redfish',
    origin: url.origin,
    secure: url.protocol === 'https:',
    ...(systemPath === undefined ? {} : { systemPath }),
  });
}

/** A password in clear text may leave this machine over TLS only. */
export const isLoopback = (origin: string): boolean => LOOPBACK.test(new URL(origin).hostname);

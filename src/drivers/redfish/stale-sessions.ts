import type { BmcTarget } from '../../core/bmc.ts';
import { createConnection } from './connection.ts';
import { parseLink, samePath } from './json.ts';
import type { RedfishShared } from './redfish-port.ts';
import { parseFingerprint } from './tls-pin.ts';

/** A session that was opened and, as far as the registry knows, never closed. */
export interface StaleSession {
  readonly bmcUrl: string;
  readonly location: string;
}

/**
 * The token died with the process that had it, so the old session is deleted with Basic: making a session to delete
 * one fails exactly when leaked sessions have filled the BMC.
 */
export async function deleteSession(stale: StaleSession, target: BmcTarget, shared: RedfishShared): Promise<boolean> {
  const path = parseLink(stale.location);
  const origin = URL.parse(target.spec.url)?.origin;
  // A credential goes to the address in the inventory, never to one that a file of ours names.
  if (origin === undefined || origin !== URL.parse(stale.bmcUrl)?.origin) return false;
  if (path === undefined || samePath(path, '/redfish/v1/SessionService/Sessions')) return true;
  const key = `${origin} ${target.spec.username}`;
  if (shared.rejections.isRejected(key)) return false;
  const connection = createConnection({
    origin,
    pin: parseFingerprint(target.spec.fingerprint ?? target.pinnedFingerprint),
    tlsMinVersion: target.spec.tlsMinVersion,
    limiter: shared.limiter,
    timings: shared.timings,
  });
  const basic = Buffer.from(`${target.spec.username}:${target.password}`).toString('base64');
  try {
    const sent = await connection.send(
      { method: 'DELETE', path, headers: { authorization: `Basic ${basic}` } },
      new AbortController().signal,
    );
    if (!sent.ok) return false;
    if (sent.value.status === 401) shared.rejections.noteRejected(key);
    return sent.value.status < 300 || sent.value.status === 404;
  } finally {
    await connection.close();
  }
}

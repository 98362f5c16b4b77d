import type { BmcTarget } from '../../core/bmc.ts';
import type { ConnectionOptions } from './connection.ts';
import { createConnection } from './connection.ts';
import { parseLink, samePath } from './json.ts';
import { connectionOptions, type RedfishShared, sessionAccount } from './redfish-port.ts';
import { askedAtOf } from './session-name.ts';

/** A session that was opened and, as far as the registry knows, never closed. */
export interface StaleSession {
  readonly bmcUrl: string;
  readonly location: string;
}

/** Gives those that could not be ended; the others were deleted, have ended before, or are known to be none of ours. */
export async function deleteStale(
  stale: readonly StaleSession[],
  target: BmcTarget,
  shared: RedfishShared,
): Promise<readonly StaleSession[]> {
  const origin = URL.parse(target.spec.url)?.origin;
  // A credential goes to the address in the inventory, never to one that a file of ours names.
  if (origin === undefined || stale.some((one) => URL.parse(one.bmcUrl)?.origin !== origin)) return stale;
  const key = `${origin} ${target.spec.username}`;
  const options = connectionOptions(target, origin, shared);
  const left: StaleSession[] = [];
  for (const one of stale.filter(({ location }) => askedAtOf(location) === undefined)) {
    const path = parseLink(one.location);
    const isNone = path === undefined || samePath(path, '/redfish/v1/SessionService/Sessions');
    if (isNone) continue;
    const gone = !shared.rejections.isRejected(key) && (await deleteNamed(path, options, target, shared));
    if (!gone) left.push(one);
  }
  const unnamed = stale.filter(({ location }) => askedAtOf(location) !== undefined);
  if (unnamed.length === 0) return left;
  const askedAtMs = unnamed.flatMap(({ location }) => askedAtOf(location) ?? []);
  return (await findUnnamed(askedAtMs, options, target, shared)) ? left : [...left, ...unnamed];
}

/**
 * The token died with the process that had it, so the old session is deleted with Basic: making a session to delete
 * one fails exactly when leaked sessions have filled the BMC. Where Basic is turned off a session is all there is.
 */
async function deleteNamed(
  path: string,
  options: ConnectionOptions,
  target: BmcTarget,
  shared: RedfishShared,
): Promise<boolean> {
  const connection = createConnection(options);
  const never = new AbortController().signal;
  const basic = Buffer.from(`${target.spec.username}:${target.password}`).toString('base64');
  try {
    const sent = await connection.send({ method: 'DELETE', path, headers: { authorization: `Basic ${basic}` } }, never);
    if (!sent.ok) return false;
    if (sent.value.status < 300 || sent.value.status === 404) return true;
    if (sent.value.status === 401) shared.rejections.noteRejected(`${options.origin} ${target.spec.username}`);
    else if (sent.value.status !== 403) return false;
    const session = shared.sessions.acquire(options, sessionAccount(target, options.origin, shared));
    try {
      const credential = await session.credential(never);
      if (!credential.ok) return false;
      const again = await connection.send({ method: 'DELETE', path, headers: credential.value }, never);
      return again.ok && (again.value.status < 300 || again.value.status === 404);
    } finally {
      await session.end();
    }
  } finally {
    await connection.close();
  }
}

/** Their making was asked for, and the program died before the answer: they are looked for with a session that works. */
async function findUnnamed(
  askedAtMs: readonly number[],
  options: ConnectionOptions,
  target: BmcTarget,
  shared: RedfishShared,
): Promise<boolean> {
  const session = shared.sessions.acquire(options, sessionAccount(target, options.origin, shared));
  session.seek(askedAtMs);
  try {
    return (await session.credential(new AbortController().signal)).ok;
  } finally {
    await session.end();
  }
}

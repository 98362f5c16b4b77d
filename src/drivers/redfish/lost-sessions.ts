import { createDeadline } from '../bmc-wait.ts';
import { isBusyAnswer } from './answer-problem.ts';
import type { Call, Connection, Reply } from './connection.ts';
import { type Json, linkAt, linkOf, listAt, samePath, textAt } from './json.ts';
import { parseMessages } from './messages.ts';

/**
 * Sessions whose creation was asked for and whose answer never came: the BMC may hold them, and nobody knows their
 * names. Once another session works they are looked for among the others, and deleted only where all that the BMC
 * tells says that they are ours: same account, same origin, made when we asked, and no more of them than were lost.
 */
export interface LostSearch {
  readonly connection: Connection;
  readonly sessions: string;
  /** The session that works: its resource shows how the BMC sees us. */
  readonly own: string;
  readonly ownAtMs: number;
  readonly token: string;
  readonly username: string;
  /** Locations of sessions of ours that have a name: none of them is a lost one. */
  readonly named: Iterable<string>;
  /** When each lost one was asked for, by our clock. */
  readonly askedAtMs: readonly number[];
  /** How long a BMC may have sat on the request before it made the session. */
  readonly requestMs: number;
  readonly timeoutMs: number;
}

export interface LostFound {
  readonly deleted: readonly string[];
  /** Might be ours or somebody else's: left alone, they end by themselves. */
  readonly left: readonly string[];
}

const MOST_SESSIONS = 64;
/** As with any request, so many cuts in a row are taken before the BMC counts as away. */
const MOST_TRIES = 4;
/** BMC clocks count whole seconds, and some cut where others round. */
const CLOCK_GRAIN_MS = 2_000;

interface Shown {
  readonly path: string;
  readonly user: string | undefined;
  readonly origin: string | undefined;
  readonly kind: string | undefined;
  readonly madeAtMs: number | undefined;
}

function shownOf(path: string, json: Json): Shown {
  const made = Date.parse(textAt(json, 'CreatedTime') ?? textAt(json, 'Oem', 'Hpe', 'LoginTime') ?? '');
  return {
    path,
    user: textAt(json, 'UserName'),
    origin: textAt(json, 'ClientOriginIPAddress') ?? textAt(json, 'Oem', 'Hpe', 'UserIP'),
    kind: textAt(json, 'SessionType'),
    madeAtMs: Number.isNaN(made) ? undefined : made,
  };
}

/** Which of the others are the lost ones, and which only might be. */
export function chooseLost(
  own: Shown,
  others: readonly Shown[],
  search: Pick<LostSearch, 'ownAtMs' | 'username' | 'askedAtMs' | 'requestMs'>,
): { readonly lost: readonly Shown[]; readonly unsure: readonly Shown[] } {
  const alike = others.filter(
    (one) =>
      one.user === search.username && (own.kind === undefined || one.kind === own.kind) && one.origin === own.origin,
  );
  const skewMs = own.madeAtMs === undefined ? undefined : own.madeAtMs - search.ownAtMs;
  const inTime = (one: Shown) =>
    skewMs !== undefined &&
    one.madeAtMs !== undefined &&
    search.askedAtMs.some((asked) => {
      const at = (one.madeAtMs ?? 0) - skewMs;
      return at >= asked - CLOCK_GRAIN_MS && at <= asked + search.requestMs + CLOCK_GRAIN_MS;
    });
  const told = skewMs !== undefined ? alike.filter(inTime) : own.origin === undefined ? [] : alike;
  const lost = told.length <= search.askedAtMs.length ? told : [];
  // With times that do not fit it is somebody else's for sure; without any evidence it stays open.
  const unsure = skewMs !== undefined && lost.length === told.length ? [] : alike.filter((one) => !lost.includes(one));
  return { lost, unsure };
}

/** `undefined` where the BMC could not be asked: to be tried again at the next contact. */
export async function deleteLostSessions(search: LostSearch): Promise<LostFound | undefined> {
  let isAway = false;
  const deadline = createDeadline(search.timeoutMs, new AbortController().signal);
  const send = async (method: Call['method'], path: string): Promise<Reply | undefined> => {
    isAway ||= deadline.expired();
    if (isAway) return undefined;
    const headers = { 'x-auth-token': search.token };
    for (let attempt = 0; attempt < MOST_TRIES; attempt += 1) {
      const sent = await search.connection.send({ method, path, headers }, deadline.signal);
      if (sent.ok && isBusyAnswer(sent.value.status, parseMessages(sent.value.body))) break;
      if (sent.ok) return sent.value;
      if (!sent.error.reset) break;
    }
    isAway = true;
    return undefined;
  };
  const read = async (path: string): Promise<Json | undefined> => {
    const reply = await send('GET', path);
    return reply !== undefined && reply.status < 300 && reply.body.kind === 'json' ? reply.body.json : undefined;
  };
  const own = await read(search.own);
  const listed = own === undefined ? undefined : await read(search.sessions);
  if (own === undefined || listed === undefined) return isAway ? undefined : { deleted: [], left: [] };
  const paths = listAt(listed, ['Members'], MOST_SESSIONS).flatMap((member) => linkOf(member) ?? []);
  const known = [search.own, linkAt(own, '@odata.id') ?? search.own, ...search.named];
  const others: Shown[] = [];
  for (const path of paths) {
    if (known.some((one) => samePath(path, one))) continue;
    const json = await read(path);
    if (json !== undefined) others.push(shownOf(path, json));
  }
  const { lost, unsure } = chooseLost(shownOf(search.own, own), others, search);
  const deleted: string[] = [];
  for (const one of lost) {
    const reply = await send('DELETE', one.path);
    if (reply !== undefined && (reply.status < 300 || reply.status === 404)) deleted.push(one.path);
  }
  return isAway ? undefined : { deleted, left: unsure.map((one) => one.path) };
}

import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { done, refusal, type SimAnswer } from './sim-answer.ts';
import type { SimState } from './sim-state.ts';

export interface SimCredentials {
  readonly username: string;
  readonly password: string;
}

export interface SimSessions {
  create(body: unknown, base: string, origin?: string): SimAnswer;
  /** The resource of one session, as this family shows it. */
  read(id: string): SimAnswer;
  /** Somebody else logs in, by the page or with a program of his own. */
  addForeign(session: { readonly username: string; readonly origin: string; readonly type?: string }): string;
  delete(id: string, headers: IncomingHttpHeaders): SimAnswer;
  /** Whether the request may pass, by token or by Basic. */
  check(headers: IncomingHttpHeaders): 'ok' | 'no' | 'changePassword';
  /** Its user logs out. */
  drop(id: string): void;
  list(): readonly string[];
  expireAll(): void;
  readonly counts: { created: number; deleted: number; rejected: number; basic: number };
}

interface SimSession {
  readonly token: string;
  readonly username: string;
  readonly origin: string;
  readonly type: string;
  readonly madeAt: Date;
  usedMs: number;
}

const HOME = '/redfish/v1/SessionService/Sessions';

function shownOf(one: SimSession, shows: SimState['personality']['session']['shows']): Record<string, unknown> {
  const seconds = one.madeAt.toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    UserName: one.username,
    ...(shows.includes('origin') ? { ClientOriginIPAddress: one.origin } : {}),
    ...(shows.includes('created') ? { CreatedTime: seconds } : {}),
    ...(shows.includes('type') ? { SessionType: one.type } : {}),
    ...(shows.includes('hpe') ? { Oem: { Hpe: { LoginTime: seconds, UserIP: one.origin } } } : {}),
  };
}

export function createSimSessions(
  state: SimState,
  credentials: SimCredentials,
  msOf: (seconds: number) => number,
): SimSessions {
  const { session: rules } = state.personality;
  const open = new Map<string, SimSession>();
  const counts = { created: 0, deleted: 0, rejected: 0, basic: 0 };

  // Not scaled below the shortest real one: a client on a busy test machine is not a thousand times faster.
  const expire = () => {
    const limit = performance.now() - Math.max(msOf(rules.timeoutS), 30_000);
    for (const [id, one] of open) if (one.usedMs < limit) open.delete(id);
  };
  const isRight = (username: unknown, password: unknown) =>
    !state.faults.wrongPassword && username === credentials.username && password === credentials.password;

  const basicOf = (header: string | undefined): boolean => {
    const text = Buffer.from((header ?? '').replace(/^Basic /, ''), 'base64').toString();
    const at = text.indexOf(':');
    return isRight(text.slice(0, at), text.slice(at + 1));
  };

  const check: SimSessions['check'] = (headers) => {
    expire();
    const token = headers['x-auth-token'];
    const found = [...open.values()].find((one) => one.token === token);
    if (found !== undefined) {
      found.usedMs = performance.now();
      return state.faults.passwordChange ? 'changePassword' : 'ok';
    }
    if (headers.authorization?.startsWith('Basic ')) {
      counts.basic += 1;
      if (!state.faults.noBasic && basicOf(headers.authorization)) return 'ok';
      counts.rejected += 1;
    }
    return 'no';
  };

  return {
    counts,
    check,
    list: () => {
      expire();
      return [...open.keys()];
    },
    expireAll: () => open.clear(),
    read(id) {
      const one = open.get(id);
      if (one === undefined) return refusal(state.personality, 404, 'Base.1.8.ResourceMissingAtURI');
      return { status: 200, json: { '@odata.id': `${HOME}/${id}`, Id: id, ...shownOf(one, rules.shows) } };
    },
    addForeign({ username, origin, type = 'WebUI' }) {
      const id = randomUUID().slice(0, 8);
      open.set(id, { token: randomUUID(), username, origin, type, madeAt: new Date(), usedMs: performance.now() });
      return id;
    },
    drop: (id) => void open.delete(id),
    create(body, base, origin = '127.0.0.1') {
      expire();
      const { UserName, Password } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
      if (!isRight(UserName, Password)) {
        counts.rejected += 1;
        const said = state.faults.echoesSecrets ? `wrong password ${String(Password)}` : undefined;
        return refusal(state.personality, 401, 'Base.1.8.ResourceAtUriUnauthorized', [], said);
      }
      if (state.faults.sessionLimit || open.size >= rules.limit) {
        return refusal(state.personality, rules.fullStatus, rules.fullMessageId);
      }
      const id = randomUUID().slice(0, 8);
      const token = randomUUID();
      const username = String(UserName);
      open.set(id, { token, username, origin, type: 'Redfish', madeAt: new Date(), usedMs: performance.now() });
      counts.created += 1;
      const at = `${HOME}/${id}`;
      const where = rules.location === 'body' ? {} : { location: rules.location === 'absolute' ? `${base}${at}` : at };
      const change = state.faults.passwordChange
        ? {
            '@Message.ExtendedInfo': [
              {
                MessageId: 'Base.1.8.PasswordChangeRequired',
                Message: 'The password must be changed.',
                Severity: 'Critical',
              },
            ],
          }
        : {};
      return {
        status: rules.createdStatus,
        headers: { 'x-auth-token': token, ...where },
        json: { '@odata.id': at, Id: id, UserName, ...change },
      };
    },
    delete(id, headers) {
      if (check(headers) === 'no') return refusal(state.personality, rules.goneStatus, 'Base.1.8.NoValidSession');
      if (!open.delete(id)) return refusal(state.personality, 404, 'Base.1.8.ResourceMissingAtURI');
      counts.deleted += 1;
      return done(204);
    },
  };
}

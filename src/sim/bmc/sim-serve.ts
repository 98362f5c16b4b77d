import type { IncomingMessage } from 'node:http';
import { refusal, type SimAnswer } from './sim-answer.ts';
import { pathsOf } from './sim-json.ts';
import type { SimPower } from './sim-power.ts';
import type { SimSessions } from './sim-sessions.ts';
import type { SimState } from './sim-state.ts';
import { renderResource } from './sim-tree.ts';
import { answerPatch, answerPost } from './sim-write.ts';

export interface SimContext {
  readonly state: SimState;
  readonly sessions: SimSessions;
  readonly power: SimPower;
  readonly msOf: (seconds: number) => number;
  base: string;
  served: number;
}

const SESSIONS = '/redfish/v1/SessionService/Sessions';

function parse(body: string): unknown {
  try {
    return body === '' ? undefined : JSON.parse(body);
  } catch {
    return undefined;
  }
}

function etagOf(state: SimState, path: string): string | undefined {
  const { etag } = state.personality;
  const tag = `"${path.length.toString(16)}${state.etag.toString(16)}"`;
  return etag === 'none' ? undefined : etag === 'weak' ? `W/${tag}` : tag;
}

function checkEtag(state: SimState, request: IncomingMessage, path: string): SimAnswer | undefined {
  const sent = request.headers['if-match'];
  const { etag } = state.personality;
  if (state.faults.wrongEtag)
    return sent === undefined ? undefined : refusal(state.personality, 412, 'Base.1.8.PreconditionFailed');
  if (sent === undefined) {
    return etag === 'required' ? refusal(state.personality, 428, 'Base.1.8.PreconditionRequired') : undefined;
  }
  return sent === '*' || etag === 'none' || sent === etagOf(state, path)
    ? undefined
    : refusal(state.personality, 412, 'Base.1.8.PreconditionFailed');
}

function answerGet(context: SimContext, path: string, query: string): SimAnswer {
  const { state, sessions } = context;
  if (path === SESSIONS) {
    return {
      status: 200,
      json: { '@odata.id': SESSIONS, Members: sessions.list().map((id) => ({ '@odata.id': `${SESSIONS}/${id}` })) },
    };
  }
  if (path.startsWith(`${SESSIONS}/`)) return sessions.read(path.slice(SESSIONS.length + 1));
  if (path === '/redfish/v1/TaskService/Tasks/1') return { status: 200, json: renderTask(state) };
  const json = renderResource(state, path, query);
  if (json === undefined) return refusal(state.personality, 404, 'Base.1.8.ResourceMissingAtURI');
  const etag = etagOf(state, path);
  if (etag === undefined) return { status: 200, json };
  // Some tell the tag in the body alone.
  return state.personality.etag === 'bodyOnly'
    ? { status: 200, json: { '@odata.etag': etag, ...json } }
    : { status: 200, headers: { etag }, json: { '@odata.etag': etag, ...json } };
}

/** TaskStatus is OK beside an Exception, as a DGX was seen to say. */
function renderTask({ faults }: SimState): unknown {
  const Messages = faults.taskFails ? [{ MessageId: 'Base.1.8.InternalError', Message: 'The PSU did not start.' }] : [];
  return { Id: '1', TaskState: faults.taskFails ? 'Exception' : 'Completed', TaskStatus: 'OK', Messages };
}

function takeUnavailable(state: SimState): boolean {
  const left = state.faults.unavailable ?? 0;
  if (left > 0) state.faults = { ...state.faults, unavailable: left - 1 };
  return left > 0;
}

/** Decides; the faults that spoil the sending itself come after. */
export function answerSim(context: SimContext, request: IncomingMessage, body: string): SimAnswer {
  const { state, sessions } = context;
  const { personality } = state;
  const [rawPath = '/', query = ''] = (request.url ?? '/').split('?');
  const path = rawPath.length > 1 ? rawPath.replace(/\/+$/, '') : rawPath;
  const method = request.method ?? 'GET';
  if (method === 'GET' && path === '/redfish/v1') return answerGet(context, path, '');
  if (method === 'POST' && path === SESSIONS && state.faults.noSessions)
    return refusal(personality, 405, 'Base.1.8.OperationNotAllowed');
  if (method === 'POST' && path === SESSIONS)
    return sessions.create(parse(body), context.base, request.socket.remoteAddress);
  const access = sessions.check(request.headers);
  if (access === 'no') return refusal(personality, personality.session.goneStatus, 'Base.1.8.NoValidSession');
  if (method === 'DELETE' && path.startsWith(`${SESSIONS}/`))
    return sessions.delete(path.slice(SESSIONS.length + 1), request.headers);
  if (access === 'changePassword') return refusal(personality, 403, 'Base.1.8.PasswordChangeRequired');
  if (takeUnavailable(state)) {
    return { ...refusal(personality, 503, 'Base.1.8.ServiceTemporarilyUnavailable'), headers: { 'retry-after': '1' } };
  }
  if (method === 'GET') return answerGet(context, path, query);
  if (method === 'POST') return answerPost(state, path, parse(body), context.power, context.msOf);
  if (method === 'PATCH') {
    const sized = path === pathsOf(state).settings || renderResource(state, path, '') !== undefined;
    return (sized ? checkEtag(state, request, path) : undefined) ?? answerPatch(state, path, parse(body));
  }
  return refusal(personality, 405, 'Base.1.8.OperationNotAllowed');
}

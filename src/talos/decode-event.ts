import { cleanText } from '../core/clean-text.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { EVENT_REQUEST, EVENT_TYPES, type EventTypeName } from './event-messages.ts';
import {
  bytesField,
  decodeMessage,
  type MessageFields,
  messageField,
  messagesField,
  numberField,
  textField,
  textsField,
} from './message-codec.ts';
import {
  ERROR_CODES,
  SEQUENCE_ACTIONS,
  SERVICE_ACTIONS,
  STAGES,
  STEP_ACTIONS,
  type TalosEvent,
  type TalosEventBody,
} from './talos-event.ts';
import { timeOfXid } from './xid.ts';

/** Events are a few hundred bytes; an error message may carry a few kilobytes. */
export const EVENT_MAX_BYTES = 256 * 1024;
/** Limits against a sender that is no Talos: the port is open to the whole provisioning network. */
const MESSAGE_MAX_CHARS = 1000;
const ADDRESSES_MAX = 64;
const CONDITIONS_MAX = 32;

/** One `events.EventRequest` of `/events.EventSinkService/Publish`. */
export function decodeEvent(bytes: Uint8Array): Result<TalosEvent> {
  if (bytes.length > EVENT_MAX_BYTES) return fail(`an event of ${bytes.length} bytes is too large`);
  const request = decodeMessage(EVENT_REQUEST, bytes);
  if (!request.ok) return request;
  const data = messageField(request.value, 'data');
  if (data === undefined) return fail('an event without data');
  const id = cleanText(textField(request.value, 'id'), 64);
  if (id === '') return fail('an event without id: it could not be told from a replay');
  const body = decodeBody(textField(data, 'type_url'), bytesField(data, 'value'));
  if (!body.ok) return body;
  const actorId = cleanText(textField(request.value, 'actor_id'), 64);
  const atMs = timeOfXid(id);
  return ok({
    id,
    ...(actorId === '' ? {} : { actorId }),
    ...(atMs === undefined ? {} : { atMs }),
    body: body.value,
  });
}

/** The `Any` inside, also for the Events stream of the machine API, whose envelope is another one. */
function decodeBody(typeUrl: string, value: Uint8Array): Result<TalosEventBody> {
  const name = typeUrl.slice(typeUrl.lastIndexOf('/') + 1).replace(/^machine\./, '');
  if (!isEventType(name)) return ok({ type: 'other', typeUrl: cleanText(typeUrl, 120) });
  const fields = decodeMessage(EVENT_TYPES[name], value);
  if (!fields.ok) return fields;
  return ok(READERS[name](fields.value) ?? { type: 'other', typeUrl: cleanText(typeUrl, 120) });
}

function isEventType(name: string): name is EventTypeName {
  return Object.hasOwn(EVENT_TYPES, name);
}

/** Undefined where an enum holds a value of a newer Talos. */
const READERS: { readonly [N in EventTypeName]: (fields: MessageFields) => TalosEventBody | undefined } = {
  SequenceEvent: readSequence,
  PhaseEvent: (fields) => {
    const action = STEP_ACTIONS[numberField(fields, 'action')];
    return action === undefined ? undefined : { type: 'phase', phase: nameIn(fields, 'phase'), action };
  },
  TaskEvent: (fields) => {
    const action = STEP_ACTIONS[numberField(fields, 'action')];
    return action === undefined ? undefined : { type: 'task', task: nameIn(fields, 'task'), action };
  },
  ServiceStateEvent: readService,
  RestartEvent: (fields) => ({ type: 'restart', cmd: numberField(fields, 'cmd') }),
  ConfigLoadErrorEvent: (fields) => ({ type: 'configLoadError', message: messageIn(fields, 'error') }),
  ConfigValidationErrorEvent: (fields) => ({ type: 'configValidationError', message: messageIn(fields, 'error') }),
  AddressEvent: (fields) => ({
    type: 'address',
    hostName: nameIn(fields, 'hostname'),
    addresses: textsField(fields, 'addresses')
      .slice(0, ADDRESSES_MAX)
      .map((one) => cleanText(one, 64)),
  }),
  MachineStatusEvent: readStatus,
};

/** An error code of a newer Talos counts as fatal: to overlook a failure is worse than to show one too many. */
function readSequence(fields: MessageFields): TalosEventBody | undefined {
  const action = SEQUENCE_ACTIONS[numberField(fields, 'action')];
  if (action === undefined) return undefined;
  const error = messageField(fields, 'error');
  const code = error === undefined ? undefined : (ERROR_CODES[numberField(error, 'code')] ?? 'fatal');
  return {
    type: 'sequence',
    sequence: nameIn(fields, 'sequence'),
    action,
    ...(error === undefined || code === undefined ? {} : { error: { code, message: messageIn(error, 'message') } }),
  };
}

function readService(fields: MessageFields): TalosEventBody | undefined {
  const action = SERVICE_ACTIONS[numberField(fields, 'action')];
  if (action === undefined) return undefined;
  const health = messageField(fields, 'health');
  return {
    type: 'service',
    service: nameIn(fields, 'service'),
    action,
    message: messageIn(fields, 'message'),
    ...(health === undefined
      ? {}
      : {
          health: {
            unknown: health.unknown === true,
            healthy: health.healthy === true,
            lastMessage: messageIn(health, 'last_message'),
          },
        }),
  };
}

function readStatus(fields: MessageFields): TalosEventBody {
  const status = messageField(fields, 'status');
  return {
    type: 'machineStatus',
    stage: STAGES[numberField(fields, 'stage')] ?? 'unknown',
    ready: status?.ready === true,
    unmet: (status === undefined ? [] : messagesField(status, 'unmet_conditions'))
      .slice(0, CONDITIONS_MAX)
      .map((one) => ({ name: nameIn(one, 'name'), reason: messageIn(one, 'reason') })),
  };
}

const nameIn = (fields: MessageFields, name: string): string => cleanText(textField(fields, name), 120);
const messageIn = (fields: MessageFields, name: string): string =>
  cleanText(textField(fields, name), MESSAGE_MAX_CHARS);

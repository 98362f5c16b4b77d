import { unreachable } from '../core/result.ts';
import { EVENT_REQUEST, EVENT_TYPES, type EventTypeName } from './event-messages.ts';
import { encodeMessage, type MessageFields } from './message-codec.ts';
import {
  ERROR_CODES,
  SEQUENCE_ACTIONS,
  SERVICE_ACTIONS,
  STAGES,
  STEP_ACTIONS,
  type TalosEvent,
  type TalosEventBody,
} from './talos-event.ts';

/** The other direction of `decodeEvent`, for whoever plays a node. Zero values stay off the wire, as proto3 has it. */
export function encodeEvent({ id, actorId, body }: TalosEvent): Uint8Array {
  const data =
    body.type === 'other'
      ? { type_url: body.typeUrl, value: new Uint8Array() }
      : { type_url: `type.googleapis.com/machine.${typeNameOf(body)}`, value: encodeBody(body) };
  return encodeMessage(EVENT_REQUEST, { data, id, actor_id: actorId ?? '' });
}

type KnownBody = Exclude<TalosEventBody, { readonly type: 'other' }>;

const TYPE_NAMES: { readonly [T in KnownBody['type']]: EventTypeName } = {
  sequence: 'SequenceEvent',
  phase: 'PhaseEvent',
  task: 'TaskEvent',
  service: 'ServiceStateEvent',
  restart: 'RestartEvent',
  configLoadError: 'ConfigLoadErrorEvent',
  configValidationError: 'ConfigValidationErrorEvent',
  address: 'AddressEvent',
  machineStatus: 'MachineStatusEvent',
};

const typeNameOf = (body: KnownBody): EventTypeName => TYPE_NAMES[body.type];

function encodeBody(body: KnownBody): Uint8Array {
  return encodeMessage(EVENT_TYPES[typeNameOf(body)], withoutZeros(fieldsOf(body)));
}

/** A PhaseEvent START has no field 2 on the wire: what reads us must cope with that, as with a real node. */
function withoutZeros(fields: MessageFields): MessageFields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== 0 && value !== '' && value !== false),
  );
}

function fieldsOf(body: KnownBody): MessageFields {
  switch (body.type) {
    case 'sequence':
      return {
        sequence: body.sequence,
        action: SEQUENCE_ACTIONS.indexOf(body.action),
        ...(body.error === undefined
          ? {}
          : { error: withoutZeros({ code: ERROR_CODES.indexOf(body.error.code), message: body.error.message }) }),
      };
    case 'phase':
      return { phase: body.phase, action: STEP_ACTIONS.indexOf(body.action) };
    case 'task':
      return { task: body.task, action: STEP_ACTIONS.indexOf(body.action) };
    case 'service':
      return {
        service: body.service,
        action: SERVICE_ACTIONS.indexOf(body.action),
        message: body.message,
        ...(body.health === undefined
          ? {}
          : { health: withoutZeros({ ...body.health, last_message: body.health.lastMessage }) }),
      };
    case 'restart':
      return { cmd: body.cmd };
    case 'configLoadError':
    case 'configValidationError':
      return { error: body.message };
    case 'address':
      return { hostname: body.hostName, addresses: [...body.addresses] };
    case 'machineStatus':
      return {
        stage: STAGES.indexOf(body.stage),
        status: { ...withoutZeros({ ready: body.ready }), unmet_conditions: [...body.unmet] },
      };
    default:
      return unreachable(body);
  }
}

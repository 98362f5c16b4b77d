import protobuf from 'protobufjs/light.js';

/**
 * The messages of the event sink (siderolink api/events/events.proto) and of package machine, written down by hand:
 * the field numbers are the same in Talos 1.9 to 1.14.
 */
const root = protobuf.Root.fromJSON({
  nested: {
    google: {
      nested: {
        Any: { fields: { type_url: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } } },
        Timestamp: { fields: { seconds: { type: 'int64', id: 1 }, nanos: { type: 'int32', id: 2 } } },
      },
    },
    events: {
      nested: {
        EventRequest: {
          fields: {
            data: { type: 'google.Any', id: 1 },
            id: { type: 'string', id: 2 },
            actor_id: { type: 'string', id: 3 },
          },
        },
        EventResponse: { fields: {} },
      },
    },
    machine: {
      nested: {
        Error: { fields: { code: { type: 'int32', id: 1 }, message: { type: 'string', id: 2 } } },
        SequenceEvent: {
          fields: {
            sequence: { type: 'string', id: 1 },
            action: { type: 'int32', id: 2 },
            error: { type: 'Error', id: 3 },
          },
        },
        PhaseEvent: { fields: { phase: { type: 'string', id: 1 }, action: { type: 'int32', id: 2 } } },
        TaskEvent: { fields: { task: { type: 'string', id: 1 }, action: { type: 'int32', id: 2 } } },
        ServiceHealth: {
          fields: {
            unknown: { type: 'bool', id: 1 },
            healthy: { type: 'bool', id: 2 },
            last_message: { type: 'string', id: 3 },
            last_change: { type: 'google.Timestamp', id: 4 },
          },
        },
        ServiceStateEvent: {
          fields: {
            service: { type: 'string', id: 1 },
            action: { type: 'int32', id: 2 },
            message: { type: 'string', id: 3 },
            health: { type: 'ServiceHealth', id: 4 },
          },
        },
        RestartEvent: { fields: { cmd: { type: 'int64', id: 1 } } },
        ConfigLoadErrorEvent: { fields: { error: { type: 'string', id: 1 } } },
        ConfigValidationErrorEvent: { fields: { error: { type: 'string', id: 1 } } },
        AddressEvent: {
          fields: { hostname: { type: 'string', id: 1 }, addresses: { rule: 'repeated', type: 'string', id: 2 } },
        },
        UnmetCondition: { fields: { name: { type: 'string', id: 1 }, reason: { type: 'string', id: 2 } } },
        MachineStatus: {
          fields: {
            ready: { type: 'bool', id: 1 },
            unmet_conditions: { rule: 'repeated', type: 'UnmetCondition', id: 2 },
          },
        },
        MachineStatusEvent: {
          fields: { stage: { type: 'int32', id: 1 }, status: { type: 'MachineStatus', id: 2 } },
        },
      },
    },
  },
});

export const EVENT_REQUEST = root.lookupType('events.EventRequest');

/** By the name after the last `/` of the type URL; the part before it differs between the sink and the Events stream. */
export const EVENT_TYPES = {
  SequenceEvent: root.lookupType('machine.SequenceEvent'),
  PhaseEvent: root.lookupType('machine.PhaseEvent'),
  TaskEvent: root.lookupType('machine.TaskEvent'),
  ServiceStateEvent: root.lookupType('machine.ServiceStateEvent'),
  RestartEvent: root.lookupType('machine.RestartEvent'),
  ConfigLoadErrorEvent: root.lookupType('machine.ConfigLoadErrorEvent'),
  ConfigValidationErrorEvent: root.lookupType('machine.ConfigValidationErrorEvent'),
  AddressEvent: root.lookupType('machine.AddressEvent'),
  MachineStatusEvent: root.lookupType('machine.MachineStatusEvent'),
};

export type EventTypeName = keyof typeof EVENT_TYPES;

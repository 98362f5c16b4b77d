import protobuf, { type Type } from 'protobufjs/light.js';

/** The part of the machine API (api/machine/machine.proto) and of the COSI state API that is used here, by hand. */
const root = protobuf.Root.fromJSON({
  nested: {
    google: { nested: { Any: { fields: { type_url: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } } } } },
    machine: {
      nested: {
        Empty: { fields: {} },
        VersionInfo: { fields: { tag: { type: 'string', id: 1 }, arch: { type: 'string', id: 6 } } },
        PlatformInfo: { fields: { name: { type: 'string', id: 1 }, mode: { type: 'string', id: 2 } } },
        Version: { fields: { version: { type: 'VersionInfo', id: 2 }, platform: { type: 'PlatformInfo', id: 3 } } },
        VersionResponse: { fields: { messages: { rule: 'repeated', type: 'Version', id: 1 } } },
        ApplyConfigurationRequest: {
          fields: { data: { type: 'bytes', id: 1 }, mode: { type: 'int32', id: 4 }, dry_run: { type: 'bool', id: 5 } },
        },
        ApplyConfiguration: {
          fields: {
            warnings: { rule: 'repeated', type: 'string', id: 2 },
            mode: { type: 'int32', id: 3 },
            mode_details: { type: 'string', id: 4 },
          },
        },
        ApplyConfigurationResponse: { fields: { messages: { rule: 'repeated', type: 'ApplyConfiguration', id: 1 } } },
        ServiceHealth: {
          fields: {
            unknown: { type: 'bool', id: 1 },
            healthy: { type: 'bool', id: 2 },
            last_message: { type: 'string', id: 3 },
          },
        },
        ServiceInfo: {
          fields: {
            id: { type: 'string', id: 1 },
            state: { type: 'string', id: 2 },
            health: { type: 'ServiceHealth', id: 4 },
          },
        },
        ServiceList: { fields: { services: { rule: 'repeated', type: 'ServiceInfo', id: 2 } } },
        ServiceListResponse: { fields: { messages: { rule: 'repeated', type: 'ServiceList', id: 1 } } },
        RebootRequest: { fields: { mode: { type: 'int32', id: 1 } } },
        ResetPartition: { fields: { label: { type: 'string', id: 1 }, wipe: { type: 'bool', id: 2 } } },
        ResetRequest: {
          fields: {
            graceful: { type: 'bool', id: 1 },
            reboot: { type: 'bool', id: 2 },
            system_partitions_to_wipe: { rule: 'repeated', type: 'ResetPartition', id: 3 },
            user_disks_to_wipe: { rule: 'repeated', type: 'string', id: 4 },
            mode: { type: 'int32', id: 5 },
          },
        },
        BootstrapRequest: { fields: { recover_etcd: { type: 'bool', id: 1 } } },
      },
    },
    cosi: {
      nested: {
        Request: {
          fields: {
            namespace: { type: 'string', id: 1 },
            type: { type: 'string', id: 2 },
            id: { type: 'string', id: 3 },
            api_version: { type: 'int32', id: 5 },
          },
        },
        ListRequest: { fields: { namespace: { type: 'string', id: 1 }, type: { type: 'string', id: 2 } } },
        Metadata: {
          fields: {
            namespace: { type: 'string', id: 1 },
            type: { type: 'string', id: 2 },
            id: { type: 'string', id: 3 },
          },
        },
        Spec: { fields: { proto_spec: { type: 'bytes', id: 1 }, yaml_spec: { type: 'string', id: 2 } } },
        Resource: { fields: { metadata: { type: 'Metadata', id: 1 }, spec: { type: 'Spec', id: 2 } } },
        Response: { fields: { resource: { type: 'Resource', id: 1 } } },
        WatchEvent: { fields: { resource: { type: 'Resource', id: 1 }, event_type: { type: 'int32', id: 2 } } },
        WatchResponse: { fields: { event: { rule: 'repeated', type: 'WatchEvent', id: 1 } } },
      },
    },
  },
});

/** Requests and answers travel as bytes: the transport knows no message, and garbage becomes a Result. */
export interface ApiMethod {
  readonly path: string;
  readonly request: Type;
  readonly response: Type;
}

const machine = (name: string, request: string, response: string): ApiMethod => ({
  path: `/machine.MachineService/${name}`,
  request: root.lookupType(`machine.${request}`),
  response: root.lookupType(`machine.${response}`),
});
const cosi = (name: string, request: string, response: string): ApiMethod => ({
  path: `/cosi.resource.State/${name}`,
  request: root.lookupType(`cosi.${request}`),
  response: root.lookupType(`cosi.${response}`),
});

export const API = {
  version: machine('Version', 'Empty', 'VersionResponse'),
  applyConfiguration: machine('ApplyConfiguration', 'ApplyConfigurationRequest', 'ApplyConfigurationResponse'),
  serviceList: machine('ServiceList', 'Empty', 'ServiceListResponse'),
  // What these answer is an actor id and no news.
  reboot: machine('Reboot', 'RebootRequest', 'Empty'),
  reset: machine('Reset', 'ResetRequest', 'Empty'),
  bootstrap: machine('Bootstrap', 'BootstrapRequest', 'Empty'),
  get: cosi('Get', 'Request', 'Response'),
  list: cosi('List', 'ListRequest', 'Response'),
  watch: cosi('Watch', 'Request', 'WatchResponse'),
};

/** In maintenance mode only AUTO: 1.12 and older refuse the others there. On a node that runs NO_REBOOT: what needs one is refused. */
export const APPLY_MODES = { auto: 1, noReboot: 2 } as const;
export const RESET_MODES = { all: 0, systemDisk: 1, userDisks: 2 } as const;

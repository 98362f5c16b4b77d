import { cleanText } from '../../core/clean-text.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { API, APPLY_MODES, RESET_MODES } from '../../talos/api-messages.ts';
import {
  configTextOf,
  hardwareOf,
  type MachineStatus,
  machineStatusOf,
  type ResourceText,
  schematicIn,
  systemDiskIn,
  type TalosHardware,
  versionOf,
} from '../../talos/hardware.ts';
import { type MessageFields, messageField, messagesField, textField, textsField } from '../../talos/message-codec.ts';
import { type ApiChannel, type ApiTarget, openChannel } from './api-channel.ts';
import type { ApiProblem } from './api-problem.ts';

export type ApiResult<T> = Promise<Result<T, ApiProblem>>;

export interface ServiceState {
  readonly id: string;
  readonly state: string;
  /** Absent while Talos does not know. */
  readonly healthy?: boolean;
  readonly message: string;
}

export interface ResetWish {
  readonly disks: keyof typeof RESET_MODES;
  /** Leaves etcd and drains first; a machine whose cluster is dead cannot. */
  readonly graceful: boolean;
  /** Goes through firmware; without it the machine powers off. Set the boot override before. */
  readonly reboot: boolean;
}

/** One machine, asked directly: no `nodes` metadata, which would make it a proxy. */
export interface TalosApi {
  readonly version: () => ApiResult<{ readonly tag: string; readonly arch?: string; readonly platform?: string }>;
  readonly hardware: () => ApiResult<TalosHardware>;
  /** In maintenance mode a complete configuration starts the install at once; `dryRun` only checks. */
  readonly applyConfiguration: (
    text: string,
    dryRun: boolean,
    mode?: keyof typeof APPLY_MODES,
  ) => ApiResult<{ readonly warnings: readonly string[]; readonly details: string }>;
  /** What the node runs with, secrets and all: never shown, never logged. Administrators only. */
  readonly configuration: () => ApiResult<string>;
  /** The id of the schematic whose image is installed; undefined where the image came from no factory. */
  readonly schematic: () => ApiResult<string | undefined>;
  /** The disk that Talos is installed on; undefined: it runs from memory. */
  readonly systemDisk: () => ApiResult<string | undefined>;
  readonly services: () => ApiResult<readonly ServiceState[]>;
  readonly machineStatus: () => ApiResult<MachineStatus>;
  /** Until the signal, or until the node ends it (it reboots). */
  readonly watchMachineStatus: (onStatus: (status: MachineStatus) => void, signal: AbortSignal) => ApiResult<void>;
  readonly reset: (wish: ResetWish) => ApiResult<void>;
  readonly reboot: () => ApiResult<void>;
  /** Once per cluster, on one control-plane node. */
  readonly bootstrap: () => ApiResult<'done' | 'alreadyDone'>;
  readonly close: () => void;
  /** Of the certificate of maintenance mode, to which this connection is pinned. */
  readonly fingerprint?: string;
}

/** Orders lock the node's sequencer and write to its disk before they answer. */
const ORDER_TIMEOUT_MS = 60_000;

const MACHINE_STATUS = { namespace: 'runtime', type: 'MachineStatuses.runtime.talos.dev', id: 'machine' };

const MACHINE_CONFIG = { namespace: 'config', type: 'MachineConfigs.config.talos.dev', id: 'v1alpha1' };
const EXTENSIONS = ['runtime', 'ExtensionStatuses.runtime.talos.dev'] as const;

const HARDWARE_TYPES = {
  system: ['hardware', 'SystemInformations.hardware.talos.dev'],
  processors: ['hardware', 'Processors.hardware.talos.dev'],
  memory: ['hardware', 'MemoryModules.hardware.talos.dev'],
  disks: ['runtime', 'Disks.block.talos.dev'],
  volumes: ['runtime', 'DiscoveredVolumes.block.talos.dev'],
  systemDisk: ['runtime', 'SystemDisks.block.talos.dev'],
  links: ['network', 'LinkStatuses.net.talos.dev'],
} as const;

export async function openTalosApi(target: ApiTarget): ApiResult<TalosApi> {
  const channel = await openChannel(target);
  return channel.ok ? ok(apiOver(channel.value)) : channel;
}

function apiOver(channel: ApiChannel): TalosApi {
  const order = async (method: (typeof API)['reset'], fields: MessageFields): ApiResult<void> => {
    const answer = await channel.call(method, fields, ORDER_TIMEOUT_MS);
    return answer.ok ? ok(undefined) : answer;
  };
  return {
    version: () => readVersion(channel),
    hardware: () => readHardware(channel),
    async applyConfiguration(text, dryRun, mode = 'auto') {
      const fields = { data: Buffer.from(text), mode: APPLY_MODES[mode], dry_run: dryRun };
      const answer = await channel.call(API.applyConfiguration, fields, ORDER_TIMEOUT_MS);
      if (!answer.ok) return answer;
      const [first = {}] = messagesField(answer.value, 'messages');
      return ok({
        warnings: textsField(first, 'warnings').map((one) => cleanText(one, 300)),
        details: cleanText(textField(first, 'mode_details'), 2000),
      });
    },
    async configuration() {
      const answer = await channel.call(API.get, MACHINE_CONFIG);
      if (!answer.ok) return answer;
      const text = resourceOf(answer.value);
      return text === undefined ? fail(NO_RESOURCE) : ok(configTextOf(text.yaml));
    },
    async schematic() {
      const listed = await listAll(channel, ...EXTENSIONS);
      return listed.ok ? ok(schematicIn(listed.value)) : listed;
    },
    async systemDisk() {
      const listed = await listAll(channel, ...HARDWARE_TYPES.systemDisk);
      return listed.ok ? ok(systemDiskIn(listed.value)) : listed;
    },
    services: () => readServices(channel),
    async machineStatus() {
      const answer = await channel.call(API.get, MACHINE_STATUS);
      if (!answer.ok) return answer;
      const text = resourceOf(answer.value);
      return text === undefined ? fail(NO_RESOURCE) : ok(machineStatusOf(text.yaml));
    },
    watchMachineStatus: (onStatus, signal) =>
      channel.stream(
        API.watch,
        { ...MACHINE_STATUS, api_version: 1 },
        (message) => {
          for (const event of messagesField(message, 'event')) {
            const text = resourceOf(event);
            if (text !== undefined) onStatus(machineStatusOf(text.yaml));
          }
        },
        signal,
      ),
    reset: ({ disks, graceful, reboot }) => order(API.reset, { graceful, reboot, mode: RESET_MODES[disks] }),
    reboot: () => order(API.reboot, {}),
    async bootstrap() {
      const answer = await channel.call(API.bootstrap, {}, ORDER_TIMEOUT_MS);
      if (answer.ok) return ok('done');
      return answer.error.code === 'exists' ? ok('alreadyDone') : answer;
    },
    close: channel.close,
    ...(channel.fingerprint === undefined ? {} : { fingerprint: channel.fingerprint }),
  };
}

const NO_RESOURCE: ApiProblem = { code: 'garbage', message: 'Talos answered without the resource that was asked for' };

/** Up to 1.12 the Version call is for administrators only: then the resource tells. */
async function readVersion(channel: ApiChannel): ReturnType<TalosApi['version']> {
  const answer = await channel.call(API.version, {});
  if (answer.ok) {
    const [first = {}] = messagesField(answer.value, 'messages');
    const version = messageField(first, 'version') ?? {};
    const tag = cleanText(textField(version, 'tag'), 40);
    const arch = cleanText(textField(version, 'arch'), 20);
    const platform = cleanText(textField(messageField(first, 'platform') ?? {}, 'name'), 20);
    if (tag === '') return fail(NO_RESOURCE);
    return ok({ tag, ...(arch === '' ? {} : { arch }), ...(platform === '' ? {} : { platform }) });
  }
  if (answer.error.code !== 'denied' && answer.error.code !== 'unsupported') return answer;
  const resource = await channel.call(API.get, {
    namespace: 'runtime',
    type: 'Versions.runtime.talos.dev',
    id: 'version',
  });
  const text = resource.ok ? resourceOf(resource.value) : undefined;
  const tag = text === undefined ? undefined : versionOf(text.yaml);
  return tag === undefined ? answer : ok({ tag });
}

async function readServices(channel: ApiChannel): ApiResult<readonly ServiceState[]> {
  const answer = await channel.call(API.serviceList, {});
  if (!answer.ok) return answer;
  const [first = {}] = messagesField(answer.value, 'messages');
  return ok(
    messagesField(first, 'services').map((service) => {
      const health = messageField(service, 'health');
      return {
        id: cleanText(textField(service, 'id'), 60),
        state: cleanText(textField(service, 'state'), 30),
        ...(health === undefined || health.unknown === true ? {} : { healthy: health.healthy === true }),
        message: health === undefined ? '' : cleanText(textField(health, 'last_message'), 300),
      };
    }),
  );
}

async function listAll(channel: ApiChannel, namespace: string, type: string): ApiResult<readonly ResourceText[]> {
  const texts: ResourceText[] = [];
  const listed = await channel.stream(API.list, { namespace, type }, (message) => {
    const text = resourceOf(message);
    if (text !== undefined) texts.push(text);
  });
  return listed.ok ? ok(texts) : listed;
}

/** A kind that this version does not have is an empty list; a node that does not answer is a failure. */
async function readHardware(channel: ApiChannel): ApiResult<TalosHardware> {
  const lists: { -readonly [K in keyof typeof HARDWARE_TYPES]: ResourceText[] } = {
    system: [],
    processors: [],
    memory: [],
    disks: [],
    volumes: [],
    systemDisk: [],
    links: [],
  };
  for (const [name, [namespace, type]] of Object.entries(HARDWARE_TYPES)) {
    const listed = await listAll(channel, namespace, type);
    if (listed.ok) lists[name as keyof typeof HARDWARE_TYPES].push(...listed.value);
    else if (!['denied', 'unsupported', 'failed'].includes(listed.error.code)) return listed;
  }
  if (lists.system.length === 0 && lists.disks.length === 0) {
    return fail({
      code: 'unsupported',
      message: 'Talos told nothing about its hardware: it may be too old, or not ready yet',
    });
  }
  return ok(hardwareOf(lists));
}

function resourceOf(message: MessageFields): ResourceText | undefined {
  const resource = messageField(message, 'resource');
  const spec = resource === undefined ? undefined : messageField(resource, 'spec');
  if (resource === undefined || spec === undefined) return undefined;
  const id = textField(messageField(resource, 'metadata') ?? {}, 'id');
  return { id, yaml: textField(spec, 'yaml_spec') };
}

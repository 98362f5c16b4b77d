import type { Effect } from '../../core/effect.ts';
import type { EventBody } from '../../core/event.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { parseTalosconfig } from '../../talos/parse-talosconfig.ts';
import type { ApiAccess } from './api-channel.ts';
import { openTalosApi, type TalosApi } from './open-talos-api.ts';

export type TalosEffect = Extract<Effect, { readonly type: `talos.${string}` }>;

export interface TalosEffectParts {
  /** The site's talosconfig, read when it is needed; undefined when the site names none. */
  readonly talosconfig?: () => Promise<Result<string>>;
  /** From the node's own log, where it said so. */
  readonly fingerprintOf?: (node: string) => string | undefined;
  readonly now?: () => number;
  readonly port?: number;
  readonly timeoutMs?: number;
}

/** Does what the engine wants of a node's API. The value is evidence, or nothing where the node will tell by itself. */
export async function runTalosEffect(
  effect: TalosEffect,
  parts: TalosEffectParts,
): Promise<Result<EventBody | undefined>> {
  if (effect.type === 'talos.readHardware') return readHardware(effect, parts);
  const access = await administrator(parts);
  if (!access.ok) return access;
  return withApi(effect.address, access.value, parts, async (api) => {
    const done = await order(api, effect.type);
    return done.ok ? ok(undefined) : fail(done.error.message);
  });
}

type Order = Exclude<TalosEffect['type'], 'talos.readHardware'>;

function order(api: TalosApi, type: Order) {
  switch (type) {
    case 'talos.reset':
      // Not graceful: what is about to be erased may be the last of a dead cluster, which nobody can leave.
      return api.reset({ disks: 'systemDisk', graceful: false, reboot: true });
    case 'talos.reboot':
      return api.reboot();
    case 'talos.bootstrap':
      return api.bootstrap();
  }
}

/** In maintenance mode anybody may read; a configured node shows its hardware to whoever holds the talosconfig. */
async function readHardware(
  { node, address }: Extract<TalosEffect, { readonly type: 'talos.readHardware' }>,
  parts: TalosEffectParts,
): Promise<Result<EventBody | undefined>> {
  const read = async (api: TalosApi): Promise<Result<EventBody | undefined>> => {
    const hardware = await api.hardware();
    if (!hardware.ok) return fail(hardware.error.message);
    const version = await api.version();
    const { disks, serial, uuid } = hardware.value;
    return ok({
      type: 'talos.hardwareRead',
      node,
      ...(version.ok ? { version: version.value.tag } : {}),
      disks,
      ...(serial === undefined ? {} : { serial }),
      ...(uuid === undefined ? {} : { uuid }),
    });
  };
  const fingerprint = parts.fingerprintOf?.(node);
  const anybody: ApiAccess = { as: 'maintenance', ...(fingerprint === undefined ? {} : { fingerprint }) };
  const first = await withApi(address, anybody, parts, read);
  if (first.ok || parts.talosconfig === undefined) return first;
  const access = await administrator(parts);
  return access.ok ? withApi(address, access.value, parts, read) : first;
}

async function administrator({ talosconfig }: TalosEffectParts): Promise<Result<ApiAccess>> {
  if (talosconfig === undefined) {
    return fail('this needs a talosconfig: name it in _site.yaml, `talosconfig: ../talos/talosconfig`');
  }
  const text = await talosconfig();
  if (!text.ok) return text;
  const credentials = parseTalosconfig(text.value);
  return credentials.ok ? ok({ as: 'talosconfig', credentials: credentials.value }) : credentials;
}

async function withApi<T>(
  address: string,
  access: ApiAccess,
  { port, timeoutMs, now }: TalosEffectParts,
  work: (api: TalosApi) => Promise<Result<T>>,
): Promise<Result<T>> {
  const api = await openTalosApi({
    address,
    access,
    ...(port === undefined ? {} : { port }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(now === undefined ? {} : { now }),
  });
  if (!api.ok) return fail(api.error.message);
  try {
    return await work(api.value);
  } finally {
    api.value.close();
  }
}

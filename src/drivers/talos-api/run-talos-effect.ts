import { type Answering, eraseProblem, orderProblem, readProblem } from '../../core/answering.ts';
import type { Effect } from '../../core/effect.ts';
import type { EventBody } from '../../core/event.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { TalosHardware } from '../../talos/hardware.ts';
import { parseTalosconfig } from '../../talos/parse-talosconfig.ts';
import type { ApiAccess } from './api-channel.ts';
import { applyToMaintenance, applyToRunning, type ConfigSource } from './apply-config.ts';
import { checkNode } from './check-node.ts';
import { openTalosApi, type TalosApi } from './open-talos-api.ts';
import { machineOf, readAnyHardware } from './read-any-hardware.ts';
import { type AskApi, type ClusterMember, tryBootstrap } from './try-bootstrap.ts';

export type TalosEffect = Extract<Effect, { readonly type: `talos.${string}` }>;

export interface TalosEffectParts {
  /** The site's talosconfig, read when it is needed; undefined when the site names none. */
  readonly talosconfig?: () => Promise<Result<string>>;
  /** From the node's own log, where it said so. */
  readonly fingerprintOf?: (node: string) => string | undefined;
  /** By what its own API just said of its hardware. */
  readonly whoAnswers: (node: string, address: string, hardware: TalosHardware) => Answering;
  /** Asked just before what erases is sent. */
  readonly mayReset?: (node: string, job: string) => Result<void>;
  /** The configuration with this hash, if the inventory still makes it and it may go to this node now. */
  readonly configFor?: ConfigSource;
  /** The other control-plane nodes of the same cluster: one of them may hold its etcd already. */
  readonly membersBeside?: (node: string) => readonly ClusterMember[];
  readonly now?: () => number;
  readonly port?: number;
  readonly timeoutMs?: number;
}

/** Does what the engine wants of a node's API. The value is evidence, or nothing where the node will tell by itself. */
export async function runTalosEffect(
  effect: TalosEffect,
  parts: TalosEffectParts,
): Promise<Result<EventBody | undefined>> {
  switch (effect.type) {
    case 'talos.readHardware':
      return readHardware(effect, parts);
    case 'talos.check':
      return ok({ type: 'talos.checked', node: effect.node, ...(await check(effect, parts)) });
    case 'talos.reset':
      return reset(effect, parts);
    case 'talos.apply':
      return apply(effect, parts);
    case 'talos.bootstrap':
      return bootstrap(effect, parts);
    case 'talos.reboot': {
      const done = await withAdmin(
        effect.address,
        parts,
      )(async (api): Promise<Result<unknown>> => {
        const other = await problemOf(orderProblem, api, effect, parts);
        if (other !== undefined) return fail(other);
        const sent = await api.reboot();
        return sent.ok ? sent : fail(sent.error.message);
      });
      return done.ok ? ok(undefined) : done;
    }
  }
}

interface Asked {
  readonly node: string;
  readonly address: string;
}

/** Read over the very connection by which the order goes out. */
async function problemOf(
  judge: (answering: Answering) => string | undefined,
  api: TalosApi,
  { node, address }: Asked,
  { whoAnswers }: TalosEffectParts,
): Promise<string | undefined> {
  const hardware = await api.hardware();
  return hardware.ok
    ? judge(whoAnswers(node, address, hardware.value))
    : `which machine answers at ${address} cannot be read: ${hardware.error.message}`;
}

const check = (asked: Asked, parts: TalosEffectParts) =>
  checkNode(withAdmin(asked.address, parts), (hardware) =>
    readProblem(parts.whoAnswers(asked.node, asked.address, hardware)),
  );

/** How it ended is evidence, also the failure: whether it may be asked again depends on it. */
async function bootstrap(asked: Asked, parts: TalosEffectParts): Promise<Result<EventBody>> {
  const { node, address } = asked;
  const others = parts.membersBeside?.(node) ?? [];
  const other = (api: TalosApi) => problemOf(orderProblem, api, asked, parts);
  const done = await tryBootstrap((at) => withAdmin(at, parts), address, others, other);
  const problem = done.ok ? {} : { problem: done.error };
  return ok({ type: 'talos.bootstrapEnded', node, already: done.ok && done.value === 'alreadyDone', ...problem });
}

/** How it ended is always evidence: the job that waits for it goes on either way. */
async function reset(
  effect: Extract<TalosEffect, { readonly type: 'talos.reset' }>,
  parts: TalosEffectParts,
): Promise<Result<EventBody>> {
  const { node, address, job } = effect;
  let sent = false;
  const done = await withAdmin(
    address,
    parts,
  )(async (api): Promise<Result<void>> => {
    const may = () => parts.mayReset?.(node, job) ?? fail('nobody says that it may be reset');
    const asked = may();
    if (!asked.ok) return asked;
    const other = await problemOf(eraseProblem, api, effect, parts);
    if (other !== undefined) return fail(`${other}; nothing was erased there`);
    // That took its time.
    const still = may();
    if (!still.ok) return still;
    // Not graceful: what is about to be erased may be the last of a dead cluster, which nobody can leave. Off
    // afterwards, so that the boot from the network is ordered for a machine that stands still.
    sent = true;
    const answer = await api.reset({ disks: 'systemDisk', graceful: false, reboot: false });
    return answer.ok ? answer : fail(answer.error.message);
  });
  const problem = done.ok ? {} : { problem: done.error, ...(sent ? { sent: true as const } : {}) };
  return ok({ type: 'talos.resetEnded', node, job, ...problem });
}

async function apply(
  effect: Extract<TalosEffect, { readonly type: 'talos.apply' }>,
  parts: TalosEffectParts,
): Promise<Result<EventBody>> {
  const { node, address, configHash, job, attempt } = effect;
  const source = parts.configFor ?? (async () => fail('there is no configuration to apply'));
  const wish = {
    node,
    configHash,
    ...(job === undefined ? {} : { job }),
    ...(attempt === undefined ? {} : { attempt }),
  };
  let reached = job === undefined;
  const done =
    job === undefined
      ? await withAdmin(
          address,
          parts,
        )(async (api) => {
          const other = await problemOf(orderProblem, api, effect, parts);
          return other === undefined ? applyToRunning(api, wish, source) : fail(other);
        })
      : await withApi(address, anybody(node, parts), parts, (api) => {
          reached = true;
          return applyToMaintenance(api, wish, source);
        });
  // Its API opens some seconds after maintenance mode: until it was reached, nothing was decided.
  if (!done.ok && !reached) return done;
  return ok({ type: 'talos.configApplied', ...wish, ...(done.ok ? {} : { problem: done.error }) });
}

function anybody(node: string, { fingerprintOf }: TalosEffectParts): ApiAccess {
  const fingerprint = fingerprintOf?.(node);
  return { as: 'maintenance', ...(fingerprint === undefined ? {} : { fingerprint }) };
}

const NAMELESS: Pick<TalosHardware, 'serial' | 'uuid'> = {};

/** In maintenance mode anybody may read; a configured node shows its hardware to whoever holds the talosconfig. */
async function readHardware(
  { node, address }: Extract<TalosEffect, { readonly type: 'talos.readHardware' }>,
  parts: TalosEffectParts,
): Promise<Result<EventBody | undefined>> {
  const read = async (api: TalosApi): Promise<Result<EventBody | undefined>> => {
    const found = await readAnyHardware(api);
    if (!found.ok) return found;
    const { hardware, version, fingerprint } = found.value;
    const answering = parts.whoAnswers(node, address, hardware);
    const other = readProblem(answering);
    if (other !== undefined) return fail(other);
    const { disks } = hardware;
    // Once kept, the next order would go by them.
    const { serial, uuid } = answering.is === 'doubt' && answering.unproven === true ? NAMELESS : hardware;
    return ok({
      type: 'talos.hardwareRead',
      node,
      ...(version === undefined ? {} : { version }),
      disks,
      ...(serial === undefined ? {} : { serial }),
      ...(uuid === undefined ? {} : { uuid }),
      machine: machineOf(hardware),
      ...(fingerprint === undefined ? {} : { fingerprint }),
    });
  };
  const first = await withApi(address, anybody(node, parts), parts, read);
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

function withAdmin(address: string, parts: TalosEffectParts): AskApi {
  return async (work) => {
    const access = await administrator(parts);
    return access.ok ? withApi(address, access.value, parts, work) : access;
  };
}

export async function withApi<T>(
  address: string,
  access: ApiAccess,
  { port, timeoutMs, now }: Pick<TalosEffectParts, 'port' | 'timeoutMs' | 'now'>,
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

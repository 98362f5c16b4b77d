import type { BmcProblem, BmcTarget, OpenBmc } from '../core/bmc.ts';
import type { EventBody } from '../core/event.ts';
import { nodeOf } from '../core/fleet.ts';
import { bmcUnread, mayPower } from '../core/may-power.ts';
import type { LogSink } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { DocumentRef, NodeSpec, SecretRef } from '../core/spec.ts';
import { caOf } from '../drivers/bmc-ca.ts';
import { type BmcEffects, createBmcEffects } from '../drivers/bmc-effects.ts';
import type { TalosEffect } from '../drivers/talos-api/run-talos-effect.ts';
import type { TalosProber } from '../drivers/talos-prober.ts';
import { sendWakeOnLan } from '../drivers/wake-on-lan.ts';
import type { Engine } from '../engine/create-engine.ts';
import type { EffectPort } from '../engine/engine-ports.ts';

export interface WorldEffectsParts {
  readonly engine: () => Engine;
  readonly openBmc: OpenBmc;
  /** Orders go before readings; absent: in the order of arrival. */
  readonly hurry?: (bmc: BmcTarget['spec']) => () => void;
  readonly secret: (ref: SecretRef) => Promise<Result<string>>;
  readonly document: (ref: DocumentRef) => Promise<Result<Uint8Array>>;
  readonly prober: TalosProber;
  readonly broadcastFor: (spec: NodeSpec) => string | undefined;
  readonly talos: (effect: TalosEffect, emit: Emit) => void;
  readonly log: LogSink;
  /** Where a BMC fetches the medium of a job from, or why it gets none. */
  readonly mediaUrl: (node: string, job: string) => Promise<Result<string>>;
  readonly mediumOf: (node: string, job: string) => string;
}

type Emit = (event: EventBody) => void;

export interface WorldEffects extends EffectPort {
  readonly settled: () => Promise<void>;
}

/** Every effect of the reducer, to the driver that does it. */
export function createWorldEffects(parts: WorldEffectsParts): WorldEffects {
  const bmc: BmcEffects = createBmcEffects({
    openBmc: parts.openBmc,
    targetOf: (node) => bmcTarget(parts, node),
    hurry: (node) => {
      const spec = nodeOf(parts.engine().fleet(), node)?.spec.bmc;
      return (spec === undefined ? undefined : parts.hurry?.(spec)) ?? (() => undefined);
    },
    now: () => parts.engine().now(),
    mayPower: (node, order) => mayPower(parts.engine().fleet(), node, order),
    isUnread: (name) => {
      const node = nodeOf(parts.engine().fleet(), name);
      return node === undefined || bmcUnread(parts.engine().fleet(), node);
    },
    mediaUrl: parts.mediaUrl,
    mediumOf: parts.mediumOf,
    onLog: (node, level, text) => parts.log({ at: parts.engine().now(), node, source: 'bmc', level, text }),
  });
  return {
    settled: bmc.settled,
    run(effect, emit) {
      switch (effect.type) {
        case 'wake.send':
          void wake(parts, effect.node, effect.mac);
          break;
        case 'probe.start':
          parts.prober.start(effect.node, effect.address);
          break;
        case 'probe.stop':
          parts.prober.stop(effect.node);
          break;
        case 'talos.readHardware':
        case 'talos.reset':
        case 'talos.reboot':
        case 'talos.bootstrap':
        case 'talos.check':
        case 'talos.apply':
          parts.talos(effect, emit);
          break;
        case 'job.store':
        case 'job.ended':
          break;
        default:
          bmc.run(effect, emit);
      }
    },
  };
}

/** The password is read when it is needed, and held only by the connection. */
export async function bmcTarget(
  parts: Pick<WorldEffectsParts, 'engine' | 'secret' | 'document'>,
  name: string,
): Promise<Result<BmcTarget, BmcProblem>> {
  const fleet = parts.engine().fleet();
  const spec = nodeOf(fleet, name)?.spec.bmc;
  if (spec === undefined)
    return fail({
      code: 'unsupported',
      message: `${name} has no \`bmc:\` in the inventory.`,
      advice: 'Use its power button, or write the BMC into its file.',
    });
  const password = await parts.secret(spec.password);
  if (!password.ok)
    return fail({
      code: 'credentials',
      message: `The BMC password cannot be read: ${password.error}.`,
      advice: 'Correct the reference `bmc.password`.',
    });
  const ca = await caOf(spec, parts.document);
  if (!ca.ok) return ca;
  const pinned = fleet.fingerprints[name];
  return ok({
    node: name,
    spec,
    password: password.value,
    ...(pinned === undefined ? {} : { pinnedFingerprint: pinned }),
    ...(ca.value === undefined ? {} : { caPem: ca.value }),
  });
}

async function wake(parts: WorldEffectsParts, name: string, mac: string): Promise<void> {
  const fleet = parts.engine().fleet();
  const say = (level: 'info' | 'warn', text: string) =>
    parts.log({ at: parts.engine().now(), node: name, source: 'engine', level, text });
  // As with a BMC, asked when it would go. Whoever has none is asked for by its name on the screen.
  if (fleet.switches.panic !== undefined) return say('warn', 'no wake-up packet was sent: the panic key is pressed');
  const spec = nodeOf(fleet, name)?.spec;
  const broadcast = spec === undefined ? undefined : parts.broadcastFor(spec);
  if (broadcast === undefined) return;
  const sent = await sendWakeOnLan({ mac, broadcast });
  if (sent.ok) say('info', `wake-up packet sent to ${mac}`);
  else say('warn', sent.error);
}

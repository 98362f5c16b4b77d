import type { BmcPort, BmcProblem, Power, PowerAction, Switched } from '../core/bmc.ts';
import type { BmcOrder } from '../core/may-power.ts';
import { findOrder, type OrderFound } from '../core/order-found.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { type BmcEffect, type BmcEffectParts, type Doing, firstStepOf, known, powerTold } from './bmc-order.ts';
import { readBmcStatus } from './read-bmc-status.ts';

type BootFromNetwork = Extract<BmcEffect, { readonly type: 'bmc.bootFromNetwork' }>;

/** Override set → read back → power. That the firmware really boots from the network is for the wire to say. */
export async function bootFromNetwork(doing: Doing, effect: BootFromNetwork): Promise<void> {
  const { port, bmc, emit, failed, orderedAt } = doing;
  const { node, job } = effect;
  const identity = await known(doing, node);
  if (!identity.ok) return failed(firstStepOf(effect, 'identify'), identity.error);
  const may = (wants: BmcOrder['wants']) => doing.mayPower(node, { wants, job, bmc });
  /** Told before it is sent: from then on nothing that writes is answered to a boot which this is about to cut. */
  const power = async (action: PowerAction): Promise<Result<Switched, BmcProblem>> => {
    // What is off by now was switched off by us: nothing boots that could be cut.
    const cuts = action === 'on' ? {} : { notAfter: orderedAt };
    const goes = doing.mayPower(node, { wants: 'power', job, bmc, ...cuts });
    if (!goes.ok) return goes;
    emit({ type: 'bmc.powerAsked', node, job, action, spares: true });
    return port.setPower(action);
  };
  if (effect.onlyIfUsedUp !== undefined) {
    const { since, trustsSilence } = effect.onlyIfUsedUp;
    const found = await readOrder(doing, effect, trustsSilence);
    if (!found.ok) return failed('readOrder', found.error);
    if (found.value !== 'usedUp') return;
    const silent = doing.mayPower(node, { wants: 'power', job, bmc, silentSince: since });
    if (!silent.ok) return failed('readOrder', silent.error);
  }
  if (effect.power === 'offThenOn') {
    const off = await power('forceOff');
    if (!off.ok) return failed('power', off.error);
  }
  if (effect.target === 'cd') {
    const asked = may('set');
    const inserted = asked.ok ? await insertMedium(doing, port, effect) : asked;
    if (!inserted.ok) return failed('insertMedia', inserted.error);
    emit({ type: 'bmc.mediaInserted', node, job });
  }
  const asked = may('set');
  const override = asked.ok ? await port.overrideOnce(effect.target, effect.mode, effect.fullPayload) : asked;
  if (!override.ok) return failed('override', override.error);
  emit({ type: 'bmc.overrideSet', node, job, read: override.value });
  if (effect.power === 'none') return;
  const before = await port.readPower();
  if (!before.ok) return failed('power', before.error);
  emit({ type: 'bmc.powerRead', node, power: before.value });
  const action = startsFromOff(before.value) ? 'on' : 'cycle';
  const askedAt = doing.now();
  const after = await power(action);
  if (!after.ok) return failed('power', after.error);
  emit(powerTold({ node, job, action }, askedAt, after.value));
}

/** What became of the order that was given before. Whoever takes the event may hold what would follow. */
async function readOrder(
  { port, emit }: Doing,
  { node, job }: BootFromNetwork,
  trustsSilence: boolean,
): Promise<Result<OrderFound, BmcProblem>> {
  const read = await port.readOverride();
  if (!read.ok) return read;
  const status = await readBmcStatus(port);
  if (!status.ok) return status;
  const found = findOrder(read.value, status.value, trustsSilence);
  const { progress } = status.value;
  emit({ type: 'bmc.orderRead', node, job, found, read: read.value, ...(progress === undefined ? {} : { progress }) });
  return ok(found);
}

async function insertMedium(
  parts: BmcEffectParts,
  port: BmcPort,
  { node, job }: BootFromNetwork,
): Promise<Result<void, BmcProblem>> {
  const url = (await parts.mediaUrl?.(node, job)) ?? fail('this program serves no media');
  if (url.ok) return port.insertMedia(url.value);
  return fail({
    code: 'noMedium',
    message: `Nothing was inserted: ${url.error}.`,
    advice: 'Mend that and retry, or write boot: network in its file.',
  });
}

const startsFromOff = (power: Power): boolean => power === 'off' || power === 'turningOff';

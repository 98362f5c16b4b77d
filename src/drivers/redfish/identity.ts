import type { BmcIdentity, BmcProblem, BmcWhole, BootTarget } from '../../core/bmc.ts';
import { normaliseUuid, realName } from '../../core/identity.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import type { Deadline } from '../bmc-wait.ts';
import type { BmcContext, JustRead } from './bmc-context.ts';
import { leftoverIn, TARGET_NAMES } from './boot-view.ts';
import { readDrives } from './drives.ts';
import { readHealth } from './health.ts';
import { type Json, linkAt, numberAt, objectAt, textAt, textsAt } from './json.ts';
import { ledOf } from './locate.ts';
import { readMacs } from './macs.ts';
import { findMediaSlots } from './media-slots.ts';
import { powerOf } from './power.ts';
import { createWalk, type Walk } from './walk.ts';

/** Drops what is undefined: the shared types know absent, not undefined. */
function present<T extends object>(fields: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

type Names = Pick<BmcIdentity, 'serial' | 'sku' | 'boardSerial' | 'asset' | 'uuid' | 'model'>;

/** Supermicro leaves eight hex digits in SKU. */
const realSku = (text: string | undefined) => (/^0x[0-9a-f]{8}$/i.test(text ?? '') ? undefined : realName(text));

function namesOf(context: BmcContext, system: Json, chassis: Json | undefined): Names {
  const serial = realName(textAt(system, 'SerialNumber'));
  const sku = realSku(textAt(system, 'SKU'));
  const swapped = context.traits.serialInSku === true && sku !== undefined;
  return present<Names>({
    model: realName(textAt(system, 'Model')),
    serial: swapped ? sku : (serial ?? realName(textAt(chassis, 'SerialNumber'))),
    sku,
    boardSerial: swapped ? serial : undefined,
    asset: realName(textAt(system, 'AssetTag')) ?? realName(textAt(chassis, 'AssetTag')),
    uuid: normaliseUuid(textAt(system, 'UUID')),
  });
}

/** The summary counts GPUs on some machines and nothing on OpenBMC: then the processors themselves are counted. */
async function readProcessors(walk: Walk, system: Json): Promise<BmcIdentity['processors']> {
  const summary = objectAt(system, 'ProcessorSummary');
  const model = realName(textAt(summary, 'Model'));
  const count = numberAt(summary, 'Count') ?? 0;
  if (count > 0 && model !== undefined) return present({ count, model, cores: numberAt(summary, 'CoreCount') });
  const members = await walk.members(linkAt(system, 'Processors'));
  const present_ = members.filter(
    (one) => /^CPU$/i.test(textAt(one, 'ProcessorType') ?? 'CPU') && textAt(one, 'Status', 'State') !== 'Absent',
  );
  if (present_.length === 0)
    return count > 0 ? present({ count, model, cores: numberAt(summary, 'CoreCount') }) : undefined;
  const cores = present_.reduce((sum, one) => sum + (numberAt(one, 'TotalCores') ?? 0), 0);
  return present({
    count: present_.length,
    model: present_.map((one) => realName(textAt(one, 'Model'))).find((name) => name !== undefined) ?? model,
    cores: cores > 0 ? cores : undefined,
  });
}

/** What may be tried. A BMC that lists no targets is taken to know PXE. */
function bootTargetsOf(boot: Json | undefined, settingsBoot: Json | undefined): readonly BootTarget[] {
  if (boot === undefined && settingsBoot === undefined) return [];
  const name = 'BootSourceOverrideTarget@Redfish.AllowableValues';
  const own = textsAt(boot, name);
  const listed = own.length > 0 ? own : textsAt(settingsBoot, name);
  const hasTarget = [boot, settingsBoot].some(
    (one) => one !== undefined && Object.hasOwn(one, 'BootSourceOverrideTarget'),
  );
  if (listed.length === 0) return hasTarget ? ['pxe'] : [];
  return (['pxe', 'uefiHttp', 'cd'] as const).filter((target) =>
    TARGET_NAMES[target].some((one) => listed.includes(one)),
  );
}

export async function readWhole(
  context: BmcContext,
  deadline: Deadline,
  justRead: JustRead,
): Promise<Result<BmcWhole, BmcProblem>> {
  const known = justRead.get(context.system);
  const got = known === undefined ? await context.client.get(context.system, deadline) : ok({ json: known });
  if (!got.ok) return got;
  const system = got.value.json;
  const walk = createWalk(context.client, deadline, { justRead });
  const chassis = await walk.get(context.chassis[0]);
  const manager = await walk.get(context.managers[0]);
  const settings = await walk.get(linkAt(system, '@Redfish.Settings', 'SettingsObject'));
  const macs = await readMacs(context, walk, system);
  const identity = present<BmcIdentity>({
    ...namesOf(context, system, chassis),
    vendor: realName(textAt(system, 'Manufacturer')?.replace(/^https?:\S+$/i, '')) ?? context.vendor ?? 'unknown',
    firmwareVersion: realName(textAt(manager, 'FirmwareVersion')),
    biosVersion: realName(textAt(system, 'BiosVersion')),
    macs,
    processors: await readProcessors(walk, system),
    memoryGiB: numberAt(system, 'MemorySummary', 'TotalSystemMemoryGiB') || undefined,
    drives: await readDrives(walk, system),
    health: readHealth(system) ?? (chassis === undefined ? undefined : readHealth(chassis)),
    locate: ledOf(system) ?? (chassis === undefined ? undefined : ledOf(chassis)),
    bootTargets: bootTargetsOf(objectAt(system, 'Boot'), objectAt(settings, 'Boot')),
    canInsertMedia: (await findMediaSlots(context, walk, system)).length > 0,
    leftover: leftoverIn(system, settings),
  });
  const problem = walk.problem();
  // Half an identity is worse than none: a missing MAC looks like another machine.
  return problem === undefined
    ? ok(present<BmcWhole>({ identity, power: powerOf(system) }))
    : fail(bmcProblem(problem.code, problem.message, problem.advice, problem.fingerprint));
}

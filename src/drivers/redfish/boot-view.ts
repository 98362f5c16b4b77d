import type { BmcProblem, BootOverride, BootTarget } from '../../core/bmc.ts';
import { cleanText } from '../../core/clean-text.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import type { Deadline } from '../bmc-wait.ts';
import type { BmcContext } from './bmc-context.ts';
import type { Resource } from './client.ts';
import { type Json, linkAt, objectAt, textAt, textsAt } from './json.ts';

/** The boot properties as the system shows them, and as its settings resource does where the BMC shows one. */
export interface BootView {
  readonly system: Resource;
  readonly settings?: Resource;
  readonly targets: readonly string[];
  /** A BMC without the property refuses a PATCH that holds it (Supermicro X10, GB200). */
  readonly hasMode: boolean;
  readonly mode: string | undefined;
  /** An address that somebody left for HTTP boot: firmware would take it before the one that DHCP gives. */
  readonly httpBootUri: string | undefined;
}

const bootOf = (resource: Resource | undefined): Json | undefined => objectAt(resource?.json, 'Boot');

export async function readBootView(context: BmcContext, deadline: Deadline): Promise<Result<BootView, BmcProblem>> {
  const system = await context.client.get(context.system, deadline);
  if (!system.ok) return system;
  const link = linkAt(system.value.json, '@Redfish.Settings', 'SettingsObject');
  const settings = link === undefined ? undefined : await context.client.get(link, deadline);
  const shown = settings?.ok && bootOf(settings.value) !== undefined ? settings.value : undefined;
  const boot = bootOf(system.value);
  if (boot === undefined && shown === undefined) {
    return fail(
      bmcProblem(
        'unsupported',
        `${context.client.host} has no boot override for this machine.`,
        'Put the network first in the boot order of the firmware, or choose it at the machine.',
      ),
    );
  }
  // Where they disagree the list of the system is right (BlueField-3).
  const own = textsAt(boot, 'BootSourceOverrideTarget@Redfish.AllowableValues');
  const theirs = textsAt(bootOf(shown), 'BootSourceOverrideTarget@Redfish.AllowableValues');
  const holds = (name: string) => [boot, bootOf(shown)].some((one) => one !== undefined && Object.hasOwn(one, name));
  return ok({
    system: system.value,
    ...(shown === undefined ? {} : { settings: shown }),
    targets: own.length > 0 ? own : theirs,
    hasMode: holds('BootSourceOverrideMode') || holds('BootSourceOverrideMode@Redfish.AllowableValues'),
    httpBootUri: textAt(boot, 'HttpBootUri') ?? textAt(bootOf(shown), 'HttpBootUri'),
    mode: textAt(boot, 'BootSourceOverrideMode') ?? textAt(bootOf(shown), 'BootSourceOverrideMode'),
  });
}

/** What each target may be called, the usual name first. */
export const TARGET_NAMES: Readonly<Record<BootTarget, readonly string[]>> = {
  pxe: ['Pxe'],
  uefiHttp: ['UefiHttp'],
  cd: ['Cd', 'UsbCd', 'CD/DVD', 'UefiUsbCd', 'UefiCd'],
};

function targetOf(text: string | undefined): BootOverride['target'] {
  if (text === undefined || text.toLowerCase() === 'none') return 'none';
  for (const target of ['pxe', 'uefiHttp', 'cd'] as const) {
    if (TARGET_NAMES[target].some((name) => name.toLowerCase() === text.toLowerCase())) return target;
  }
  return 'other';
}

const ENABLED: Readonly<Record<string, BootOverride['enabled']>> = {
  disabled: 'disabled',
  once: 'once',
  continuous: 'continuous',
};

type RawOverride = BootOverride & { readonly rawTarget?: string };

function overrideOf(resource: Json | undefined): RawOverride | undefined {
  const boot = objectAt(resource, 'Boot');
  if (boot === undefined) return undefined;
  const rawTarget = textAt(boot, 'BootSourceOverrideTarget');
  const mode = textAt(boot, 'BootSourceOverrideMode')?.toLowerCase();
  const enabled = ENABLED[(textAt(boot, 'BootSourceOverrideEnabled') ?? '').toLowerCase()];
  return {
    target: targetOf(rawTarget),
    enabled: enabled ?? 'disabled',
    ...(enabled === undefined ? { unclear: true as const } : {}),
    ...(mode === 'uefi' || mode === 'legacy' ? { mode } : {}),
    ...(rawTarget === undefined ? {} : { rawTarget }),
  };
}

/** A setting that waits for the next reset counts before the one that is there: that reset is what it is for. */
export const currentOverride = ({ system, settings }: BootView): RawOverride => overrideIn(system.json, settings?.json);

function overrideIn(system: Json, settings: Json | undefined): RawOverride {
  const none: BootOverride = { target: 'none', enabled: 'disabled' };
  const here = overrideOf(system);
  const pending = overrideOf(settings);
  if (pending !== undefined && pending.enabled !== 'disabled' && pending.target !== 'none') {
    return { ...(here?.mode === undefined ? {} : { mode: here.mode }), ...pending };
  }
  return here ?? pending ?? none;
}

/** One for every boot, by its own words: `Continuous/Hdd`. */
export function leftoverIn(system: Json, settings: Json | undefined): string | undefined {
  const { enabled, target, rawTarget } = overrideIn(system, settings);
  return enabled === 'continuous' && target !== 'none' ? `Continuous/${cleanText(rawTarget ?? target, 40)}` : undefined;
}

import type { JobKind } from '../core/job.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Inventory, NodeSpec, ProfileSpec } from '../core/spec.ts';

export type OtherProfile = Extract<ProfileSpec, { readonly kind: 'linux' | 'efi' | 'script' }>;

/** What one job boots on one machine. */
export type Choice =
  | {
      readonly boots: 'talos';
      readonly profile: string;
      /** `ram`: the machine's own configuration, without what installs. */
      readonly config: 'install' | 'ram' | 'none';
    }
  | { readonly boots: 'other'; readonly profile: string; readonly spec: OtherProfile };

/** Which profile a job boots. What could write a disk by another way than the gate's own is refused here. */
export function chooseProfile(inventory: Inventory, spec: NodeSpec, kind: JobKind): Result<Choice> {
  if (kind === 'inspect') return ok({ boots: 'talos', profile: 'inspect', config: 'none' });
  const name = spec.profile;
  const own = inventory.profiles[name] ?? (name === 'talos' ? ({ kind: 'talos' } as const) : undefined);
  if (own === undefined) return fail(`there is no profile "${name}" in _profiles.yaml`);
  if (kind === 'rescue') return chooseRescue(inventory, name, own);
  if (own.kind === 'talos' && spec.boot === 'secureBoot' && kind !== 'install')
    return fail(
      `it boots a signed UKI (boot: secure-boot), which takes no argument: a ${kind} cannot be passed to it. Reset it with talosctl reset, then install`,
    );
  return own.kind === 'talos'
    ? ok({ boots: 'talos', profile: name, config: kind === 'wipe' ? 'none' : 'install' })
    : withoutInstall(name, own, kind);
}

/** What a machine of this profile is armed as in the end; undefined where there is nothing to arm. */
export function usualKind(
  { profiles }: Pick<Inventory, 'profiles'>,
  { profile }: Pick<NodeSpec, 'profile'>,
): JobKind | undefined {
  const own = profiles[profile];
  if (own?.kind === 'local' || (own === undefined && profile === 'local')) return undefined;
  if (own?.kind === 'inspect') return 'inspect';
  if (own?.kind === 'talos-ram') return 'rescue';
  if (own === undefined || !isOther(own)) return 'install';
  return own.writesDisk === false ? 'rescue' : 'reinstall';
}

function chooseRescue(inventory: Inventory, name: string, own: ProfileSpec): Result<Choice> {
  if (own.kind === 'talos-ram') return ok({ boots: 'talos', profile: name, config: 'ram' });
  if (isOther(own) && own.writesDisk === false) return ok({ boots: 'other', profile: name, spec: own });
  const rescue = inventory.profiles.rescue;
  if (rescue === undefined || !isOther(rescue)) return ok({ boots: 'talos', profile: 'rescue', config: 'none' });
  return rescue.writesDisk === false
    ? ok({ boots: 'other', profile: 'rescue', spec: rescue })
    : fail('profile rescue may write disks: write `writesDisk: false` if it does not');
}

/** Nothing but Talos halts on an installed disk, or wipes one at the gate's word. */
function withoutInstall(name: string, own: ProfileSpec, kind: JobKind): Result<Choice> {
  const shown = own.kind === name ? name : `${name} (${own.kind})`;
  if (own.kind === 'local')
    return fail(
      `its profile is ${shown}: it boots its own disk, there is nothing to ${kind === 'wipe' ? 'wipe' : 'install'}`,
    );
  if (kind === 'wipe') {
    return isOther(own)
      ? fail(`its profile is ${shown}: only Talos wipes a disk`)
      : ok({ boots: 'talos', profile: name, config: 'none' });
  }
  if (own.kind === 'inspect') return fail(`its profile is ${shown}: it writes no disk; arm it as inspect`);
  if (!isOther(own) || own.writesDisk === false)
    return fail(`its profile is ${shown}: it writes no disk; arm it as rescue`);
  if (own.writesDisk === undefined)
    return fail(
      `its profile is ${shown}, which does not say whether it writes disks: write \`writesDisk: true\`, and it takes a reinstall, or \`writesDisk: false\`, and it takes a rescue`,
    );
  return kind === 'install'
    ? fail(`its profile is ${shown}: nothing halts it on an installed disk, so it takes a reinstall`)
    : ok({ boots: 'other', profile: name, spec: own });
}

const isOther = (spec: ProfileSpec): spec is OtherProfile =>
  spec.kind === 'linux' || spec.kind === 'efi' || spec.kind === 'script';

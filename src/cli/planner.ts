import { type JobKind, type Plan, takesWipe } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import type { Rendered } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { NodeSpec } from '../core/spec.ts';
import type { Validation } from '../drivers/talos-api/validate-config.ts';
import type { DriftPort, Planned, PlannerPort } from '../engine/engine-ports.ts';
import { diskRuleNamesOne } from '../talos/disk-rule.ts';
import { renderKernelArgs } from '../talos/kernel-args.ts';
import type { RenderedConfig } from '../talos/render-config.ts';
import { type Choice, chooseProfile } from './choose-profile.ts';
import { installConfig, ramConfig } from './plan-config.ts';
import { planOther } from './plan-other.ts';
import type { Images, PlannerParts } from './planner-parts.ts';
import { sealPlan, showPlan } from './seal-plan.ts';
import { ukiWarnings } from './uki-warnings.ts';
import { wishedConfig } from './wished-config.ts';

/** What a Talos boot is made from. */
interface TalosParts {
  readonly kernel: Images['kernel'];
  readonly initrd?: Images['initrd'];
  readonly cmdline: string | undefined;
  readonly version: string;
  readonly schematic: string;
  readonly config: RenderedConfig | undefined;
  readonly warnings: readonly string[];
}

export type Planner = PlannerPort & Pick<DriftPort, 'configOf'>;

export function createPlanner(parts: PlannerParts): Planner {
  return {
    plan: (node, kind) => planNode(parts, node, kind),
    turn: async () => parts.turn?.(),
    configOf: (node) => wishedConfig(parts, node),
  };
}

async function planNode(parts: PlannerParts, node: NodeState, kind: JobKind): Promise<Result<Planned>> {
  const choice = chooseProfile(parts.inventory(), node.spec, kind);
  if (!choice.ok) return choice;
  if (choice.value.boots === 'other' && node.spec.boot === 'secureBoot')
    return fail(
      `profile ${choice.value.profile} is booted by iPXE, which no firmware with Secure Boot runs (boot: secure-boot)`,
    );
  if (choice.value.boots === 'other') return planOther(parts, node, kind, choice.value.profile, choice.value.spec);
  const talos = await talosParts(parts, node.spec, choice.value.config);
  return talos.ok ? planTalos(parts, node, kind, choice.value.profile, talos.value) : talos;
}

async function talosParts(
  parts: PlannerParts,
  spec: NodeSpec,
  wanted: Extract<Choice, { readonly boots: 'talos' }>['config'],
): Promise<Result<TalosParts>> {
  const version = spec.talos.version ?? parts.inventory().site.talos.version;
  if (version === undefined)
    return fail('no Talos version: write `talos: {version: v1.13.9}` in its file, _defaults.yaml or _site.yaml');
  const schematic = await parts.schematicOf(spec);
  if (!schematic.ok) return schematic;
  const images = await imagesFor(parts, spec, { schematic: schematic.value, version, arch: spec.arch });
  if (!images.ok) return images;
  const server = parts.serverFor(spec);
  if (!server.ok) return server;
  const secureBoot = spec.boot === 'secureBoot';
  const of = { spec, version, schematic: schematic.value, server: server.value, secureBoot };
  const made = { ...images.value, version, schematic: schematic.value };
  if (wanted === 'none') return ok({ ...made, config: undefined, warnings: [] });
  if (wanted === 'ram' && secureBoot) return ok({ ...made, config: undefined, warnings: [NO_RAM_CONFIG] });
  if (wanted === 'ram') {
    const ram = await ramConfig(parts, of);
    return ram.ok ? ok({ ...made, ...ram.value }) : ram;
  }
  const config = await installConfig(parts, of);
  return config.ok ? ok({ ...made, config: config.value, warnings: [] }) : config;
}

const NO_RAM_CONFIG = 'no configuration is served: a UKI cannot be told where it is; it will wait in maintenance mode';

async function imagesFor(
  parts: PlannerParts,
  spec: NodeSpec,
  want: Parameters<PlannerParts['images']>[0],
): Promise<Result<Omit<Images, 'initrd'> & Partial<Pick<Images, 'initrd'>>>> {
  if (spec.boot !== 'secureBoot') return parts.images(want);
  const uki = await parts.uki(want);
  return uki.ok ? ok({ kernel: uki.value, cmdline: undefined }) : uki;
}

async function planTalos(
  parts: PlannerParts,
  node: NodeState,
  kind: JobKind,
  profile: string,
  talos: TalosParts,
): Promise<Result<Planned>> {
  const { spec } = node;
  const { config, version, schematic } = talos;
  const uki = spec.boot === 'secureBoot';
  const args = uki ? ok([]) : argsOf(parts, spec, talos);
  if (!args.ok) return args;
  const checked = config === undefined ? undefined : await parts.validate(config.text, version);
  if (checked?.ok === false) return checked;
  const installs = kind === 'install' || kind === 'reinstall';
  const disk = installs
    ? diskRuleNamesOne(spec.talos.disk, node.seen.disks, parts.inventory().site.allowDiskPath)
    : ok('nothing is installed');
  const own = parts.inventory().profiles[profile];
  const resets = takesWipe({ kind }) && own?.kind === 'talos' && own.reset === true;
  const without =
    resets && parts.inventory().site.talosconfig === undefined
      ? [
          'its profile asks for a reset by Talos, and the site names no talosconfig: it is wiped by its network boot alone',
        ]
      : [];
  const plan: Plan = sealPlan({
    kind,
    profile,
    arch: spec.arch,
    version,
    schematic,
    kernel: talos.kernel,
    ...(talos.initrd === undefined ? {} : { initrd: talos.initrd }),
    ...(uki ? { uki } : {}),
    ...(config === undefined ? {} : { configHash: config.hash }),
    configChecked: config !== undefined,
    disk: disk.ok ? { sure: true, why: disk.value } : { sure: false, why: disk.error },
    kernelArgs: args.value,
    ...(resets ? { resetFirst: true } : {}),
  });
  const rendered: Rendered = {
    node: node.name,
    plan,
    artefactsProven: true,
    ...(config === undefined ? {} : { configText: config.text }),
  };
  const notes = {
    place: spec.file,
    image: `Talos ${version} ${schematic.slice(0, 8)}`,
    warnings: [
      ...(uki ? ukiWarnings(spec, config !== undefined) : []),
      ...without,
      ...talos.warnings,
      ...(config?.warnings ?? []).map((one) => one.message),
    ],
    ...(checked === undefined ? {} : { checked: saidOf(checked.value) }),
  };
  return showPlan(parts, node, rendered, notes);
}

/** `{server}` and `{token}` are filled in for each attempt; everything else is literal, so that iPXE expands nothing. */
function argsOf(parts: PlannerParts, spec: NodeSpec, talos: TalosParts): Result<readonly string[]> {
  const { http, events, kernelLog } = parts.inventory().site.ports;
  const served = talos.config !== undefined;
  return renderKernelArgs({
    spec,
    ...(talos.cmdline === undefined ? {} : { factoryCmdline: talos.cmdline }),
    version: talos.version,
    arch: spec.arch,
    urls: {
      ...(served ? { config: `http://{server}${http === 80 ? '' : `:${http}`}/t/{token}/config.yaml` } : {}),
      eventSink: `{server}:${events}`,
      kernelLog: `tcp://{server}:${kernelLog}/`,
    },
    haltIfInstalled: served,
  });
}

const saidOf = (said: Validation): string =>
  said.is === 'valid' ? `valid, says ${said.by}` : `not asked of talosctl: ${said.why}; checked by crashcart alone`;

import { createHash } from 'node:crypto';
import { type Artefact, type JobKind, type Plan, WRITES_DISK } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import type { Rendered } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { Arch, DocumentRef, Inventory, NodeSpec, ProfileSpec } from '../core/spec.ts';
import type { Validation } from '../drivers/talos-api/validate-config.ts';
import type { Planned, PlannerPort, PlanShown } from '../engine/engine-ports.ts';
import { installerImageOf } from '../talos/apply-install.ts';
import { diffConfig } from '../talos/diff-config.ts';
import { diskRuleNamesOne } from '../talos/disk-rule.ts';
import { renderKernelArgs } from '../talos/kernel-args.ts';
import { maskConfig } from '../talos/mask-config.ts';
import { type RenderedConfig, renderConfig } from '../talos/render-config.ts';
import { parseTalosVersion } from '../talos/talos-version.ts';
import type { ConfigMemory } from './config-memory.ts';

/** What the planner needs of vault and site; filled in by the world. */
export interface PlannerParts {
  readonly inventory: () => Inventory;
  /** Our own address as this machine reaches it. */
  readonly serverFor: (spec: NodeSpec) => Result<string>;
  readonly schematicOf: (spec: NodeSpec) => Promise<Result<string>>;
  readonly images: (want: {
    readonly schematic: string;
    readonly version: string;
    readonly arch: Arch;
  }) => Promise<Result<Images>>;
  /** A file that a `linux` or `efi` profile names. */
  readonly file: (path: string) => Promise<Result<Artefact>>;
  readonly document: (ref: DocumentRef) => Promise<Result<string>>;
  /** `talosctl validate`, where there is one. */
  readonly validate: (text: string, version: string) => Promise<Result<Validation>>;
  /** What was served last, for the difference on the blast-radius page; absent where nothing is remembered. */
  readonly configs?: Pick<ConfigMemory, 'mark' | 'recall'>;
  readonly script: (spec: NodeSpec, plan: Plan) => string;
}

export interface Images {
  readonly kernel: Artefact;
  readonly initrd: Artefact;
  readonly cmdline: string | undefined;
}

export function createPlanner(parts: PlannerParts): PlannerPort {
  return { plan: (node, kind) => planNode(parts, node, kind) };
}

async function planNode(parts: PlannerParts, node: NodeState, kind: JobKind): Promise<Result<Planned>> {
  const profile = profileFor(parts.inventory(), node.spec, kind);
  if (!profile.ok) return profile;
  const { name, spec } = profile.value;
  if (spec.kind === 'local') return fail('its profile is `local`: it boots its own disk, there is nothing to install');
  if (spec.kind === 'linux' || spec.kind === 'efi' || spec.kind === 'script')
    return planOther(parts, node, kind, name, spec);
  return planTalos(parts, node, kind, name);
}

function profileFor(
  inventory: Inventory,
  spec: NodeSpec,
  kind: JobKind,
): Result<{ readonly name: string; readonly spec: ProfileSpec }> {
  if (kind === 'inspect') return ok({ name: 'inspect', spec: { kind: 'inspect' } });
  if (kind === 'wipe') return ok({ name: 'talos', spec: { kind: 'talos' } });
  if (kind === 'rescue') return ok({ name: 'rescue', spec: inventory.profiles['rescue'] ?? { kind: 'talos-ram' } });
  const known = inventory.profiles[spec.profile];
  if (known !== undefined) return ok({ name: spec.profile, spec: known });
  return spec.profile === 'talos'
    ? ok({ name: 'talos', spec: { kind: 'talos' } })
    : fail(`there is no profile "${spec.profile}" in _profiles.yaml`);
}

/** `{server}` and `{token}` are filled in for each attempt; everything else is literal, so that iPXE expands nothing. */
async function planTalos(
  parts: PlannerParts,
  node: NodeState,
  kind: JobKind,
  profile: string,
): Promise<Result<Planned>> {
  const { spec } = node;
  const { site } = parts.inventory();
  const version = spec.talos.version ?? site.talos.version;
  if (version === undefined)
    return fail('no Talos version: write `talos: {version: v1.13.9}` in its file, _defaults.yaml or _site.yaml');
  const schematic = await parts.schematicOf(spec);
  if (!schematic.ok) return schematic;
  const images = await parts.images({ schematic: schematic.value, version, arch: spec.arch });
  if (!images.ok) return images;
  const server = parts.serverFor(spec);
  if (!server.ok) return server;
  const installs = kind === 'install' || kind === 'reinstall';
  const { events, kernelLog } = site.ports;
  const port = portOf(parts);
  const args = renderKernelArgs({
    spec,
    ...(images.value.cmdline === undefined ? {} : { factoryCmdline: images.value.cmdline }),
    version,
    arch: spec.arch,
    urls: {
      ...(installs ? { config: `http://{server}${port}/t/{token}/config.yaml` } : {}),
      eventSink: `{server}:${events}`,
      kernelLog: `tcp://{server}:${kernelLog}/`,
    },
    haltIfInstalled: installs,
  });
  if (!args.ok) return args;
  const config = installs ? await configFor(parts, node, version, schematic.value, server.value) : ok(undefined);
  if (!config.ok) return config;
  const checked =
    config.value === undefined
      ? ok({ is: 'skipped', why: '' } as const)
      : await parts.validate(config.value.text, version);
  if (!checked.ok) return checked;
  const disk = installs
    ? diskRuleNamesOne(spec.talos.disk, node.seen.disks, site.allowDiskPath)
    : ok('nothing is installed');
  const plan = sealPlan({
    kind,
    profile,
    arch: spec.arch,
    version,
    schematic: schematic.value,
    kernel: images.value.kernel,
    initrd: images.value.initrd,
    ...(config.value === undefined ? {} : { configHash: config.value.hash }),
    configChecked: config.value !== undefined,
    disk: disk.ok ? { sure: true, why: disk.value } : { sure: false, why: disk.error },
    kernelArgs: args.value,
  });
  return ok(seal(parts, node, plan, config.value, `Talos ${version} ${schematic.value.slice(0, 8)}`));
}

function portOf(parts: PlannerParts): string {
  const { http } = parts.inventory().site.ports;
  return http === 80 ? '' : `:${http}`;
}

async function configFor(
  parts: PlannerParts,
  node: NodeState,
  version: string,
  schematic: string,
  server: string,
): Promise<Result<RenderedConfig | undefined>> {
  const { spec } = node;
  const { site } = parts.inventory();
  if (spec.talos.config === undefined)
    return fail('it has no machine configuration: write `talos: {config: ../talos/worker.yaml}`');
  const base = await parts.document(spec.talos.config);
  if (!base.ok) return fail(`its machine configuration: ${base.error}`);
  const patches: string[] = [];
  for (const ref of spec.talos.patches) {
    const patch = await parts.document(ref);
    if (!patch.ok) return fail(`a configuration patch: ${patch.error}`);
    patches.push(patch.value);
  }
  const parsed = parseTalosVersion(version);
  if (!parsed.ok) return parsed;
  const rendered = renderConfig({
    base: base.value,
    patches,
    spec,
    version,
    endpoints: { eventSink: `${server}:${site.ports.events}`, kernelLog: `tcp://${server}:${site.ports.kernelLog}/` },
    installerImage: installerImageOf(site.talos.factory, schematic, parsed.value, false),
  });
  if (rendered.ok) return rendered;
  return fail(
    rendered.error
      .filter((problem) => problem.severity === 'error')
      .map(
        (problem) => `${problem.document}${problem.line === undefined ? '' : `:${problem.line}`}: ${problem.message}`,
      )
      .join('; '),
  );
}

async function planOther(
  parts: PlannerParts,
  node: NodeState,
  kind: JobKind,
  profile: string,
  spec: Extract<ProfileSpec, { readonly kind: 'linux' | 'efi' | 'script' }>,
): Promise<Result<Planned>> {
  if (spec.writesDisk !== WRITES_DISK[kind]) {
    return fail(
      spec.writesDisk
        ? `profile ${profile} writes disks: arm it as install or reinstall`
        : `profile ${profile} writes no disk: arm it as rescue`,
    );
  }
  const cloudInit = spec.kind === 'linux' ? await cloudInitFor(parts, spec) : ok({});
  if (!cloudInit.ok) return cloudInit;
  const kernel =
    spec.kind === 'script' ? ok(undefined) : await parts.file(spec.kind === 'linux' ? spec.kernel : spec.file);
  if (!kernel.ok) return kernel;
  const initrdName = spec.kind === 'linux' ? spec.initrds[0] : undefined;
  const initrd = initrdName === undefined ? ok(undefined) : await parts.file(initrdName);
  if (!initrd.ok) return initrd;
  const template = spec.kind === 'script' ? await parts.document(spec.template) : ok(undefined);
  if (!template.ok) return template;
  const seed =
    spec.kind === 'linux' && Object.keys(cloudInit.value).length > 0 ? ['ds=nocloud;s=http://{server}/t/{token}/'] : [];
  const plan = sealPlan({
    kind,
    profile,
    arch: node.spec.arch,
    ...(kernel.value === undefined ? {} : { kernel: kernel.value }),
    ...(initrd.value === undefined ? {} : { initrd: initrd.value }),
    ...(spec.writesDisk ? { configHash: hashOf(JSON.stringify(cloudInit.value)) } : {}),
    configChecked: spec.writesDisk,
    disk: { sure: true, why: `profile ${profile} names its own disk` },
    kernelArgs: spec.kind === 'script' ? [] : [...spec.args, ...seed],
  });
  const sealed = seal(parts, node, plan, undefined, `profile ${profile}`);
  const extra = { cloudInit: cloudInit.value, ...(template.value === undefined ? {} : { template: template.value }) };
  return ok({ ...sealed, rendered: { ...sealed.rendered, ...extra } });
}

async function cloudInitFor(
  parts: PlannerParts,
  spec: Extract<ProfileSpec, { readonly kind: 'linux' }>,
): Promise<Result<Record<string, string>>> {
  const files: Record<string, string> = {};
  const wanted = [
    ['user-data', spec.userData],
    ['meta-data', spec.metaData],
    ['network-config', spec.networkConfig],
    ['vendor-data', spec.vendorData],
  ] as const;
  for (const [name, ref] of wanted) {
    if (ref === undefined) continue;
    const text = await parts.document(ref);
    if (!text.ok) return fail(`${name}: ${text.error}`);
    files[name] = text.value;
  }
  return ok(files);
}

function seal(
  parts: PlannerParts,
  node: NodeState,
  plan: Plan,
  config: RenderedConfig | undefined,
  image: string,
): Planned {
  const rendered: Rendered = {
    node: node.name,
    plan,
    artefactsProven: true,
    ...(config === undefined ? {} : { configText: config.text }),
  };
  const masked = config === undefined ? '' : maskConfig(config.text);
  const before = parts.configs?.recall(node.name);
  const shown: PlanShown = {
    script: parts.script(node.spec, plan),
    kernelArgs: plan.kernelArgs,
    config: masked,
    diff:
      before === undefined || config === undefined || parts.configs === undefined
        ? []
        : differenceOf(before, parts.configs.mark(config.text)),
    warnings: [...(config?.warnings ?? []).map((one) => one.message), ...(plan.disk.sure ? [] : [plan.disk.why])],
    image,
  };
  return { rendered, shown };
}

function differenceOf(before: string, after: string): readonly string[] {
  const sign = { added: '+', removed: '-', same: ' ', skipped: '@' } as const;
  return diffConfig(before, after).map(
    (line) => `${sign[line.kind]}${line.kind === 'skipped' ? ` ${line.text} lines are the same` : line.text}`,
  );
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The hash over everything that was confirmed; two plans with one hash serve the same bytes. */
function sealPlan(plan: Omit<Plan, 'hash'>): Plan {
  return { ...plan, hash: hashOf(JSON.stringify(Object.entries(plan).sort(([a], [b]) => (a < b ? -1 : 1)))) };
}

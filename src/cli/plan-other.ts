import type { Artefact, JobKind } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import type { Rendered } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { DocumentRef, NodeSpec } from '../core/spec.ts';
import type { Planned } from '../engine/engine-ports.ts';
import type { OtherProfile } from './choose-profile.ts';
import { defaultMetaData, documentOf, emptyWord, fillWords } from './machine-words.ts';
import type { PlannerParts } from './planner-parts.ts';
import { hashOf, sealPlan, showPlan } from './seal-plan.ts';

/** What nobody can see of it, said before it is armed. */
const warningsOf = (profile: string): readonly string[] => [
  `profile ${profile} installs by itself: which disks it erases is its own choice, and not checked here`,
  'it reports nothing: its job is spent when it is handed over, and from then on the machine is sent to its own disk',
  'whether it succeeded is not known: if it failed, arm it again',
];

/** A plan for a system that is not Talos. */
export async function planOther(
  parts: PlannerParts,
  node: NodeState,
  kind: JobKind,
  profile: string,
  spec: OtherProfile,
): Promise<Result<Planned>> {
  const files = await filesOf(parts, node.spec, profile, spec);
  if (!files.ok) return files;
  const { kernel, initrd, cloudInit, template } = files.value;
  const writes = spec.writesDisk === true;
  const hasCloudInit = Object.keys(cloudInit).length > 0;
  const seed = hasCloudInit ? ['ds=nocloud;s=http://{server}/t/{token}/'] : [];
  const plan = sealPlan({
    kind,
    profile,
    arch: node.spec.arch,
    ...(kernel === undefined ? {} : { kernel }),
    ...(initrd === undefined ? {} : { initrd }),
    // As the gate hashes them again when they go out.
    ...(hasCloudInit ? { configHash: hashOf(JSON.stringify(cloudInit)) } : {}),
    ...(template === undefined ? {} : { templateHash: hashOf(template) }),
    configChecked: false,
    disk: { sure: true, why: writes ? 'the installer of the profile chooses the disk' : 'nothing is installed' },
    ...(writes ? { foreign: true as const } : {}),
    kernelArgs: spec.kind === 'script' ? [] : [...spec.args, ...seed],
  });
  const rendered: Rendered = {
    node: node.name,
    plan,
    artefactsProven: true,
    cloudInit,
    ...(template === undefined ? {} : { template }),
  };
  return showPlan(parts, node, rendered, {
    place: spec.kind === 'script' ? placeOf(documentOf(spec.template, node.spec)) : '_profiles.yaml',
    image: imageOf(spec),
    warnings: writes ? warningsOf(profile) : [],
  });
}

/** A command may hold a secret. */
const placeOf = (ref: DocumentRef): string => (ref.from === 'file' ? ref.path : 'made by its command');

function imageOf(spec: OtherProfile): string {
  if (spec.kind === 'linux') return spec.kernel;
  return spec.kind === 'efi' ? spec.file : 'an own iPXE script';
}

interface OtherFiles {
  readonly kernel?: Artefact | undefined;
  readonly initrd?: Artefact | undefined;
  readonly template?: string;
  readonly cloudInit: Readonly<Record<string, string>>;
}

async function filesOf(
  parts: PlannerParts,
  node: NodeSpec,
  profile: string,
  spec: OtherProfile,
): Promise<Result<OtherFiles>> {
  if (spec.kind === 'script') {
    const template = await parts.document(documentOf(spec.template, node));
    return template.ok ? ok({ cloudInit: {}, template: template.value }) : fail(`its template: ${template.error}`);
  }
  if (spec.kind === 'efi') {
    const kernel = await parts.file(spec.file);
    return kernel.ok ? ok({ kernel: kernel.value, cloudInit: {} }) : kernel;
  }
  const [initrdName, ...more] = spec.initrds;
  if (more.length > 0) {
    return fail(
      `profile ${profile} names ${spec.initrds.length} initrds, and one is served: join them (cat ${spec.initrds.join(' ')} > all.img)`,
    );
  }
  const cloudInit = await cloudInitFor(parts, node, spec);
  if (!cloudInit.ok) return cloudInit;
  const kernel = await parts.file(spec.kernel);
  if (!kernel.ok) return kernel;
  const initrd = initrdName === undefined ? ok(undefined) : await parts.file(initrdName);
  if (!initrd.ok) return initrd;
  return ok({ kernel: kernel.value, initrd: initrd.value, cloudInit: cloudInit.value });
}

async function cloudInitFor(
  parts: PlannerParts,
  node: NodeSpec,
  spec: Extract<OtherProfile, { readonly kind: 'linux' }>,
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
    const text = await parts.document(documentOf(ref, node));
    if (!text.ok) return fail(`${name}: ${text.error}`);
    const missing = emptyWord(text.value, node);
    if (missing !== undefined) return fail(`${name}: it says {{${missing}}}, and ${node.file} has no ${missing}`);
    files[name] = fillWords(text.value, node);
  }
  if (Object.keys(files).length === 0) return ok(files);
  // Without these two NoCloud passes for absent.
  return ok({ 'user-data': '#cloud-config\n{}\n', 'meta-data': defaultMetaData(node), ...files });
}

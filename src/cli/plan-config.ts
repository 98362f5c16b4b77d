import { fail, ok, type Result } from '../core/result.ts';
import type { DocumentRef, NodeSpec } from '../core/spec.ts';
import { installerImageOf } from '../talos/apply-install.ts';
import type { ConfigProblem } from '../talos/config-documents.ts';
import { type ConfigInput, type RenderedConfig, renderConfig } from '../talos/render-config.ts';
import { isAtLeast, parseTalosVersion } from '../talos/talos-version.ts';
import type { PlannerParts } from './planner-parts.ts';

export interface ConfigOf {
  readonly spec: NodeSpec;
  readonly version: string;
  readonly schematic: string;
  readonly server: string;
  /** Its installer must be the signed one. */
  readonly secureBoot?: boolean;
}

/** More do not help whoever reads them. */
const PROBLEMS_SHOWN = 10;

export async function installConfig(parts: PlannerParts, of: ConfigOf): Promise<Result<RenderedConfig>> {
  if (of.spec.talos.config === undefined)
    return fail('it has no machine configuration: write `talos: {config: ../talos/worker.yaml}`');
  return render(parts, of, 'install');
}

/** The configuration for a boot from RAM, or why there is none: without it the machine waits in maintenance mode. */
export async function ramConfig(
  parts: PlannerParts,
  of: ConfigOf,
): Promise<Result<{ readonly config: RenderedConfig | undefined; readonly warnings: readonly string[] }>> {
  const without = (why: string) => ok({ config: undefined, warnings: [`no configuration is served: ${why}`] });
  if (of.spec.talos.config === undefined) return without('it has none; it will wait in maintenance mode');
  const version = parseTalosVersion(of.version);
  if (!version.ok) return version;
  // Up to 1.13 Talos refuses a configuration that does not say where to install.
  if (!isAtLeast(version.value, 1, 14))
    return without(`Talos ${version.value.tag} takes none that installs nothing; it will wait in maintenance mode`);
  const config = await render(parts, of, 'ram');
  return config.ok ? ok({ config: config.value, warnings: [] }) : config;
}

async function render(
  parts: PlannerParts,
  { spec, version, schematic, server, secureBoot = false }: ConfigOf,
  purpose: NonNullable<ConfigInput['purpose']>,
): Promise<Result<RenderedConfig>> {
  const { site } = parts.inventory();
  if (spec.talos.config === undefined) return fail('it has no machine configuration');
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
  await parts.turn?.();
  const rendered = renderConfig({
    base: base.value,
    patches,
    spec,
    version,
    endpoints: { eventSink: `${server}:${site.ports.events}`, kernelLog: `tcp://${server}:${site.ports.kernelLog}/` },
    installerImage: installerImageOf(site.talos.factory, schematic, parsed.value, secureBoot),
    purpose,
  });
  return rendered.ok ? rendered : fail(problemsText(rendered.error, spec));
}

function problemsText(problems: readonly ConfigProblem[], spec: NodeSpec): string {
  const errors = problems.filter((one) => one.severity === 'error');
  const lines = errors.slice(0, PROBLEMS_SHOWN).map((one) => {
    const place = [fileOf(one.document, spec), one.line, one.column].filter((part) => part !== undefined).join(':');
    return `${place}: ${one.path === undefined || one.path === '' ? '' : `${one.path}: `}${one.message}`;
  });
  const left = errors.length - lines.length;
  return [...lines, ...(left > 0 ? [`and ${left} more`] : [])].join('; ');
}

/** `base` and `patch 2` as their files are called; a kind of document is in the merged whole. */
function fileOf(document: string, { talos }: NodeSpec): string {
  const patch = /^patch (\d+)$/.exec(document)?.[1];
  const ref = document === 'base' ? talos.config : patch === undefined ? undefined : talos.patches[Number(patch) - 1];
  return ref === undefined ? document : nameOf(ref);
}

const nameOf = (ref: DocumentRef): string => (ref.from === 'file' ? ref.path : 'the output of its command');

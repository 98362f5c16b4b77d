import { type JobKind, takesWipe } from '../core/job.ts';
import type { Rendered } from '../core/ports.ts';
import { ok, type Result } from '../core/result.ts';
import type { NodeSpec } from '../core/spec.ts';
import { argsFor, renderBootScript, renderTemplate, type ScriptStage } from '../netboot/boot-scripts.ts';

const STAGES: { readonly [K in JobKind]: ScriptStage } = {
  install: 'install',
  reinstall: 'install',
  wipe: 'wipe',
  inspect: 'inspect',
  rescue: 'rescue',
};

/** As long as a real one: a command line that fits must fit with it. */
const TOKEN_LENGTH = 32;

/** The boot script as the machine would get it, with the token of the attempt left out; or why there can be none. */
export function previewScript(
  spec: NodeSpec,
  rendered: Rendered,
  server: Result<string>,
  httpPort: number,
): Result<string> {
  if (!server.ok) return server;
  if (rendered.plan.uki === true) return ok(ukiPreview(server.value, httpPort));
  const base = `http://${server.value}${httpPort === 80 ? '' : `:${httpPort}`}`;
  const { kind } = rendered.plan;
  const wipesFirst = kind === 'reinstall' && takesWipe({ kind, plan: rendered.plan });
  for (const stage of wipesFirst ? (['wipe', STAGES[kind]] as const) : [STAGES[kind]]) {
    const real = render(spec, rendered, stage, { base, server: server.value, token: 't'.repeat(TOKEN_LENGTH) });
    if (!real.ok) return real;
  }
  const script = render(spec, rendered, STAGES[kind], { base, server: server.value, token: 'TOKEN' });
  if (!script.ok || !wipesFirst) return script;
  return ok(`# first boot: talos.experimental.wipe=system, once; then:\n${script.value}`);
}

function ukiPreview(server: string, httpPort: number): string {
  const url = `http://${server}${httpPort === 80 ? '' : `:${httpPort}`}/u/boot.efi`;
  return `# no script: UEFI HTTP boot loads the signed UKI as it is\n# ${url}\n`;
}

interface ScriptValues {
  readonly base: string;
  readonly server: string;
  readonly token: string;
}

function render(spec: NodeSpec, rendered: Rendered, stage: ScriptStage, values: ScriptValues): Result<string> {
  const { plan, template } = rendered;
  const { base, token } = values;
  if (template !== undefined) {
    const mac = spec.identity.macs[0] ?? '';
    return renderTemplate(template, { ...values, node: spec.name, mac });
  }
  const args = argsFor(stage, rendered, base, token);
  if (!args.ok) return args;
  const root = `${base}/t/${token}`;
  const images = {
    kernelUrl: `${root}/kernel`,
    ...(plan.initrd === undefined ? {} : { initrdUrl: `${root}/initrd` }),
    beaconUrl: `${root}/handoff`,
    args: args.value,
  };
  return renderBootScript(spec.name, stage, images, spec.firmware);
}

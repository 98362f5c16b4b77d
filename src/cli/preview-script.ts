import { type JobKind, takesWipe } from '../core/job.ts';
import type { Rendered } from '../core/ports.ts';
import type { Result } from '../core/result.ts';
import type { NodeSpec } from '../core/spec.ts';
import { argsFor, renderBootScript, renderTemplate, type ScriptStage } from '../netboot/boot-scripts.ts';

const STAGES: { readonly [K in JobKind]: ScriptStage } = {
  install: 'install',
  reinstall: 'install',
  wipe: 'wipe',
  inspect: 'inspect',
  rescue: 'rescue',
};

/** The boot script as the machine would get it, with the token of the attempt left out. */
export function previewScript(spec: NodeSpec, rendered: Rendered, server: Result<string>, httpPort: number): string {
  if (!server.ok) return `# ${server.error}`;
  if (rendered.plan.uki === true) return ukiPreview(server.value, httpPort);
  const base = `http://${server.value}${httpPort === 80 ? '' : `:${httpPort}`}`;
  const script = render(spec, rendered, base, server.value);
  if (!script.ok) return `# ${script.error}`;
  const { kind } = rendered.plan;
  return kind === 'reinstall' && takesWipe({ kind, plan: rendered.plan })
    ? `# first boot: talos.experimental.wipe=system, once; then:\n${script.value}`
    : script.value;
}

function ukiPreview(server: string, httpPort: number): string {
  const url = `http://${server}${httpPort === 80 ? '' : `:${httpPort}`}/u/boot.efi`;
  return `# no script: UEFI HTTP boot loads the signed UKI as it is\n# ${url}\n`;
}

function render(spec: NodeSpec, rendered: Rendered, base: string, server: string): Result<string> {
  const token = 'TOKEN';
  const { plan, template } = rendered;
  if (template !== undefined) {
    const mac = spec.identity.macs[0] ?? '';
    return renderTemplate(template, { base, token, node: spec.name, mac, server });
  }
  const args = argsFor(STAGES[plan.kind], rendered, base, token);
  if (!args.ok) return args;
  const root = `${base}/t/${token}`;
  const images = {
    kernelUrl: `${root}/kernel`,
    ...(plan.initrd === undefined ? {} : { initrdUrl: `${root}/initrd` }),
    beaconUrl: `${root}/handoff`,
    args: args.value,
  };
  return renderBootScript(spec.name, STAGES[plan.kind], images, spec.firmware);
}

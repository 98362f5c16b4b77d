import type { Plan } from '../core/job.ts';
import type { Result } from '../core/result.ts';
import type { NodeSpec } from '../core/spec.ts';
import { renderBootScript } from '../netboot/boot-scripts.ts';

/** The boot script as the machine would get it, with the token of the attempt left out. */
export function previewScript(spec: NodeSpec, plan: Plan, server: Result<string>): string {
  if (!server.ok) return `# ${server.error}`;
  const base = `http://${server.value}/t/TOKEN`;
  const fill = (arg: string) => arg.replaceAll('{server}', server.value).replaceAll('{token}', 'TOKEN');
  const halts = plan.kind === 'install' || plan.kind === 'reinstall' ? ['talos.halt_if_installed=1'] : [];
  const wipes =
    plan.kind === 'wipe' || plan.kind === 'reinstall'
      ? '# first boot: talos.experimental.wipe=system, once; then:\n'
      : '';
  const images = {
    kernelUrl: `${base}/kernel`,
    ...(plan.initrd === undefined ? {} : { initrdUrl: `${base}/initrd` }),
    beaconUrl: `${base}/handoff`,
    args: [...plan.kernelArgs.map(fill), ...(plan.kind === 'wipe' ? ['talos.experimental.wipe=system'] : halts)],
  };
  const script = renderBootScript(spec.name, plan.kind, images, spec.firmware);
  return script.ok ? `${wipes}${script.value}` : `# ${script.error}`;
}

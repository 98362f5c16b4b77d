import { nodeOf } from '../core/fleet.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { applyProblem } from './act-drift.ts';
import type { Engine } from './create-engine.ts';
import type { DriftPort } from './engine-ports.ts';
import type { Preview } from './preview.ts';

/** What would be sent to nodes that run: the configuration with its secrets masked, and the difference to the last one. */
export async function previewApply(
  engine: Pick<Engine, 'fleet'>,
  configOf: DriftPort['configOf'],
  names: readonly string[],
): Promise<Result<readonly Preview[]>> {
  const previews: Preview[] = [];
  for (const name of names) {
    const node = nodeOf(engine.fleet(), name);
    if (node === undefined) return fail(`there is no machine named ${name}`);
    const config = await configOf(node);
    const diff = config.ok ? config.value.diff() : undefined;
    const problem = applyProblem(engine.fleet(), node);
    const refusals = [...(config.ok ? [] : [config.error]), ...(problem === undefined ? [] : [problem])];
    const drift = (node.drift ?? []).map(({ field, desired, observed }) => `${field}: ${observed} -> ${desired}`);
    previews.push({
      node: name,
      planHash: config.ok ? config.value.hash : '',
      disks: (node.seen.disks ?? []).map((disk) => ({ ...disk, holds: disk.holds ?? [], erased: false })),
      now: [
        `${node.phase.is}${node.seen.talosVersion === undefined ? '' : `, Talos ${node.seen.talosVersion}`}`,
        ...drift,
      ],
      refusals,
      warnings: config.ok ? config.value.warnings : [],
      profile: node.spec.profile,
      script: '',
      kernelArgs: [],
      config: config.ok ? config.value.shown() : '',
      ...(diff === undefined ? {} : { diff }),
    });
  }
  return ok(previews);
}

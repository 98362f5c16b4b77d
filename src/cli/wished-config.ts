import type { NodeState } from '../core/node.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { WishedConfig } from '../engine/engine-ports.ts';
import { configPrint } from '../talos/config-print.ts';
import { type MaskedConfig, readMasks } from '../talos/mask-config.ts';
import { chooseProfile } from './choose-profile.ts';
import { installConfig } from './plan-config.ts';
import type { PlannerParts } from './planner-parts.ts';
import { differenceOf } from './seal-plan.ts';

/** The machine configuration that an install would serve now, made without images and without talosctl. */
export async function wishedConfig(parts: PlannerParts, { name, spec }: NodeState): Promise<Result<WishedConfig>> {
  const choice = chooseProfile(parts.inventory(), spec, 'install');
  if (!choice.ok) return choice;
  if (choice.value.boots !== 'talos') return fail(`its profile is ${spec.profile}: it has no machine configuration`);
  const version = spec.talos.version ?? parts.inventory().site.talos.version;
  if (version === undefined) return fail('no Talos version is named for it');
  const schematic = await parts.schematicOf(spec);
  if (!schematic.ok) return schematic;
  const server = parts.serverFor(spec);
  if (!server.ok) return server;
  const config = await installConfig(parts, {
    spec,
    version,
    schematic: schematic.value,
    server: server.value,
    secureBoot: spec.boot === 'secureBoot',
  });
  if (!config.ok) return config;
  const { text, hash, warnings } = config.value;
  // Only who looks at it pays for how it is shown: whether a machine still is as it should be is asked all the time.
  let masks: MaskedConfig | undefined;
  const masked = () => {
    masks ??= readMasks(text);
    return masks;
  };
  return ok({
    text,
    hash,
    print: configPrint(text),
    shown: () => masked()(),
    diff: () => differenceOf(parts, name, masked()).diff,
    warnings: warnings.map((one) => one.message),
    version,
    schematic: schematic.value,
  });
}

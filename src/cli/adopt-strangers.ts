import { fail, ok, type Result } from '../core/result.ts';
import { getIn } from '../core/shard-map.ts';
import { writeAdopted } from '../inventory/write-adopted.ts';
import type { World } from './world.ts';

/** Writes a file for each stranger, or completes the one that lacks its MAC; the watch then reads it like any change. */
export async function adoptStrangers(world: World, macs: readonly string[]): Promise<Result<string>> {
  const fleet = world.engine.fleet();
  const written: string[] = [];
  for (const mac of macs) {
    const stranger = getIn(fleet.strangers, mac);
    if (stranger === undefined) return fail(`${mac} was not seen`);
    const named = world.inventory
      .current()
      .nodes.find((node) => stranger.serial !== undefined && node.identity.serial === stranger.serial);
    const name = named?.name ?? `new-${mac.replaceAll(':', '').slice(-6)}`;
    const adopted = writeAdopted(
      world.inventory.folder,
      {
        name,
        macs: [mac],
        ...(stranger.uuid === undefined ? {} : { uuid: stranger.uuid }),
        ...(stranger.serial === undefined ? {} : { serial: stranger.serial }),
        ...(stranger.switchPort === undefined ? {} : { switchPort: stranger.switchPort }),
      },
      named === undefined ? 'discovered' : '',
    );
    if (!adopted.ok)
      return fail(written.length === 0 ? adopted.error : `${adopted.error} (written before: ${written.join(', ')})`);
    written.push(`${name} (${adopted.value.what} ${adopted.value.file})`);
  }
  await world.reload();
  return ok(`adopted ${written.join(', ')}; nothing is armed`);
}

import type { Fleet, Stranger } from '../core/fleet.ts';
import { canonicalUuid } from '../core/identity.ts';
import { describePosing, posingAdvice } from '../core/posing.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { getIn } from '../core/shard-map.ts';
import type { Inventory } from '../core/spec.ts';
import { isAnothersFile, writeAdopted } from '../inventory/write-adopted.ts';
import type { World } from './world.ts';

export interface FilesAndFleet extends Pick<World, 'reload'> {
  readonly inventory: Pick<World['inventory'], 'folder'> & { readonly current: () => Pick<Inventory, 'nodes'> };
  readonly engine: Pick<World['engine'], 'fleet'>;
}

/** What another machine has in its file says nothing of this one, and twice in the inventory it would be nobody's. */
function unowned(
  { index }: Fleet,
  name: string,
  { uuid, switchPort }: Stranger,
): Pick<Stranger, 'uuid' | 'switchPort'> {
  const isOthers = (owners: readonly string[] | undefined) => owners?.some((one) => one !== name) === true;
  const known = canonicalUuid(uuid);
  return {
    ...(uuid === undefined || (known !== undefined && isOthers(getIn(index.uuids, known))) ? {} : { uuid }),
    ...(switchPort === undefined || isOthers(getIn(index.switchPorts, switchPort)) ? {} : { switchPort }),
  };
}

/** The second one where two machines, of several makers, have the first. */
const namesFor = (mac: string): readonly string[] => {
  const digits = mac.replaceAll(':', '');
  return [`new-${digits.slice(-6)}`, `new-${digits}`];
};

const freeName = (folder: string, mac: string): string | undefined =>
  namesFor(mac).find((name) => !isAnothersFile(folder, name, mac));

/** Writes a file for each stranger, or completes the one that lacks its MAC; the watch then reads it like any change. */
export async function adoptStrangers(world: FilesAndFleet, macs: readonly string[]): Promise<Result<string>> {
  const fleet = world.engine.fleet();
  const written: string[] = [];
  for (const mac of macs) {
    const stranger = getIn(fleet.strangers, mac);
    if (stranger === undefined) return fail(`${mac} was not seen`);
    const named = world.inventory
      .current()
      .nodes.find((node) => stranger.serial !== undefined && node.identity.serial === stranger.serial);
    if (stranger.poses !== undefined && named?.name === stranger.poses)
      return fail(`${describePosing(stranger, stranger.poses)}. ${posingAdvice(stranger)}`);
    const name = named?.name ?? freeName(world.inventory.folder, mac);
    if (name === undefined)
      return fail(`${mac}: the files of its names (${namesFor(mac).join(', ')}) are another machine's`);
    const { uuid, switchPort } = unowned(fleet, name, stranger);
    const adopted = writeAdopted(
      world.inventory.folder,
      {
        name,
        macs: [mac],
        ...(uuid === undefined ? {} : { uuid }),
        ...(stranger.serial === undefined ? {} : { serial: stranger.serial }),
        ...(switchPort === undefined ? {} : { switchPort }),
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

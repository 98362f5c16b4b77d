import { fileOfStranger } from '../core/file-of-stranger.ts';
import { nodeOf, type Stranger } from '../core/fleet.ts';
import { normaliseUuid, realName, sameName, sameUuid } from '../core/identity.ts';
import { describePosing, posingAdvice } from '../core/posing.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { getIn, valuesOf } from '../core/shard-map.ts';
import type { IdentitySpec, Inventory, NodeSpec } from '../core/spec.ts';
import { isAnothersFile, writeAdopted } from '../inventory/write-adopted.ts';
import type { World } from './world.ts';

export interface FilesAndFleet extends Pick<World, 'reload'> {
  readonly inventory: Pick<World['inventory'], 'folder'> & { readonly current: () => Pick<Inventory, 'nodes'> };
  readonly engine: Pick<World['engine'], 'fleet'>;
}

type Filed = Pick<NodeSpec, 'name' | 'identity'>;

/**
 * What it says of itself, as its file may have it: no placeholder, and nothing that another machine has in its file, which
 * would be nobody's twice in the inventory. Boards that share a serial are told apart by those of their own.
 */
function identityOf(files: readonly Filed[], into: string | undefined, seen: Stranger): IdentitySpec {
  const { mac, switchPort } = seen;
  const isOthers = (has: (identity: IdentitySpec) => boolean) =>
    files.some(({ name, identity }) => name !== into && has(identity));
  const uuid = normaliseUuid(seen.uuid);
  const serial = realName(seen.serial);
  // A file that a person wrote says by itself what tells its machine.
  const board = into === undefined ? realName(seen.boardSerial) : undefined;
  const boardSerial = isOthers((other) => sameName(other.boardSerial, board)) ? undefined : board;
  const isShared = boardSerial === undefined && isOthers((other) => sameName(other.serial, serial));
  return {
    macs: [mac],
    ...(uuid === undefined || isOthers((other) => sameUuid(other.uuid, uuid)) ? {} : { uuid }),
    ...(serial === undefined || isShared ? {} : { serial }),
    ...(boardSerial === undefined ? {} : { boardSerial }),
    ...(switchPort === undefined || isOthers((other) => other.switchPort === switchPort) ? {} : { switchPort }),
  };
}

/** As it will be read: of several that are adopted together each is held against those before it. */
function withAdopted(files: readonly Filed[], name: string, adopted: IdentitySpec): readonly Filed[] {
  const before = files.find((one) => one.name === name)?.identity;
  const macs = [...new Set([...(before?.macs ?? []), ...adopted.macs])];
  return [...files.filter((one) => one.name !== name), { name, identity: { ...adopted, ...before, macs } }];
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
  // What was edited a moment ago counts already.
  await world.reload();
  const fleet = world.engine.fleet();
  const others = [...valuesOf(fleet.strangers)];
  const seenOf = (name: string) => nodeOf(fleet, name)?.seen;
  let files: readonly Filed[] = world.inventory.current().nodes;
  const written: string[] = [];
  const refused = (why: string) =>
    fail(written.length === 0 ? why : `${why} (written before: ${written.join(', ')}; nothing is armed)`);
  for (const mac of macs) {
    const stranger = getIn(fleet.strangers, mac);
    if (stranger === undefined) return refused(`${mac} was not seen`);
    const { poses } = stranger;
    const isPosed = files.some((one) => one.name === poses && sameName(one.identity.serial, stranger.serial));
    if (poses !== undefined && isPosed) return refused(`${describePosing(stranger, poses)}. ${posingAdvice(stranger)}`);
    const into = fileOfStranger(stranger, { files, others, seenOf });
    if (!into.ok) return refused(into.error);
    const name = into.value ?? freeName(world.inventory.folder, mac);
    if (name === undefined)
      return refused(`${mac}: the files of its names (${namesFor(mac).join(', ')}) are another machine's`);
    const identity = identityOf(files, into.value, stranger);
    const below = into.value === undefined ? 'discovered' : '';
    const adopted = writeAdopted(world.inventory.folder, { name, ...identity }, below);
    if (!adopted.ok) return refused(adopted.error);
    files = withAdopted(files, name, identity);
    written.push(`${name} (${adopted.value.what} ${adopted.value.file})`);
  }
  await world.reload();
  return ok(`adopted ${written.join(', ')}; nothing is armed`);
}

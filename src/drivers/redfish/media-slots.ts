import type { BmcContext } from './bmc-context.ts';
import { type Json, linkAt, linkOf, objectAt, textAt, textsAt } from './json.ts';
import type { Walk } from './walk.ts';

/** A place where an image can be put in. `patch` is Lenovo's way: no actions, the resource itself is written. */
export interface MediaSlot {
  readonly path: string;
  readonly json: Json;
  readonly insert: { readonly by: 'action'; readonly target: string } | { readonly by: 'patch' };
  readonly eject?: string;
}

/** CD before DVD before stick; a slot that does not say is taken by its name. */
function rank(json: Json): number {
  const types = textsAt(json, 'MediaTypes').join(' ') || `${textAt(json, 'Id') ?? ''} ${textAt(json, 'Name') ?? ''}`;
  if (/\bCD/i.test(types) || /CD\d*\b/i.test(types)) return 0;
  if (/DVD/i.test(types)) return 1;
  if (/USB/i.test(types)) return 2;
  return /floppy/i.test(types) ? 9 : 3;
}

function slotOf(json: Json): MediaSlot | undefined {
  const path = linkOf(json);
  if (path === undefined || rank(json) === 9) return undefined;
  const target = linkAt(objectAt(json, 'Actions', '#VirtualMedia.InsertMedia'), 'target');
  const eject = linkAt(objectAt(json, 'Actions', '#VirtualMedia.EjectMedia'), 'target');
  const rest = { path, json, ...(eject === undefined ? {} : { eject }) };
  if (target !== undefined) return { ...rest, insert: { by: 'action', target } };
  // Lenovo's RDOC and Remote slots are no places for a URL; EXT are.
  const external = /^EXT/i.test(textAt(json, 'Id') ?? '');
  return external && Object.hasOwn(json, 'Image') ? { ...rest, insert: { by: 'patch' } } : undefined;
}

/** The system's own slots where it links some (Dell 6.00 on), else those of its managers. */
export async function findMediaSlots(context: BmcContext, walk: Walk, system: Json): Promise<readonly MediaSlot[]> {
  let found = await walk.members(linkAt(system, 'VirtualMedia'));
  for (const manager of found.length > 0 ? [] : context.managers) {
    found = [...found, ...(await walk.members(linkAt(await walk.get(manager), 'VirtualMedia')))];
  }
  return found.flatMap((json) => slotOf(json) ?? []).sort((left, right) => rank(left.json) - rank(right.json));
}

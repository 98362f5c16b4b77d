import type { BmcProblem } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import type { BmcTimings } from '../bmc-timings.ts';
import type { Deadline } from '../bmc-wait.ts';
import { chooseSystem, type SystemCandidate } from './choose-system.ts';
import type { Client, Resource } from './client.ts';
import { type Json, linksAt, objectAt, textAt } from './json.ts';
import { listMembers } from './list-members.ts';
import { type QuirkTraits, traitsOf, vendorOf } from './quirks.ts';
import type { Root } from './read-root.ts';

/** What one BMC turned out to be: found once, used by every operation. */
export interface BmcContext {
  readonly client: Client;
  readonly timings: BmcTimings;
  readonly root: Root;
  readonly system: string;
  readonly chassis: readonly string[];
  readonly managers: readonly string[];
  readonly vendor: string | undefined;
  readonly traits: QuirkTraits;
  /** What was tried and how it went, for the operator of an odd BMC. */
  readonly note: (text: string) => void;
}

/** What was read to find it, by path: news for the operation right behind that, and old for any later one. */
export type JustRead = ReadonlyMap<string, Json>;

export interface FoundContext {
  readonly context: BmcContext;
  readonly justRead: JustRead;
}

interface Candidates {
  readonly candidates: readonly SystemCandidate[];
  /** Why a member of the collection could not be read, if any could not. */
  readonly lastProblem: BmcProblem | undefined;
}

/** The largest enclosures have some dozens. */
const MAX_SYSTEMS = 256;
const MAX_SYSTEM_BYTES = 16 * 1024 * 1024;

async function readCandidates(client: Client, root: Root, deadline: Deadline): Promise<Result<Candidates, BmcProblem>> {
  const listed = await listMembers(client, root.systems, deadline);
  if (!listed.ok) return listed;
  const candidates: SystemCandidate[] = [];
  let lastProblem: BmcProblem | undefined;
  let sizeBytes = 0;
  for (const member of listed.value.slice(0, MAX_SYSTEMS)) {
    const got = await client.get(member.path, deadline);
    sizeBytes += got.ok ? got.value.sizeBytes : 0;
    if (sizeBytes > MAX_SYSTEM_BYTES)
      return fail(
        bmcProblem(
          'tooLarge',
          `${client.host} describes its systems with more than ${MAX_SYSTEM_BYTES / 1_048_576} MiB.`,
        ),
      );
    if (got.ok) candidates.push({ path: member.path, json: got.value.json });
    else lastProblem = got.error;
  }
  return ok({ candidates, lastProblem });
}

/** Where the system names no manager, the only one there is will be it. */
async function readManagers(client: Client, root: Root, system: Resource['json'], deadline: Deadline) {
  const linked = linksAt(system, 'Links', 'ManagedBy');
  if (linked.length > 0) return linked;
  const listed = await listMembers(client, root.managers, deadline);
  return listed.ok && listed.value.length === 1 ? listed.value.map((member) => member.path) : [];
}

export async function findContext(
  client: Client,
  root: Root,
  wanted: string | undefined,
  timings: BmcTimings,
  note: (text: string) => void,
  deadline: Deadline,
): Promise<Result<FoundContext, BmcProblem>> {
  const read = await readCandidates(client, root, deadline);
  if (!read.ok) return read;
  const chosen = chooseSystem(read.value.candidates, wanted, client.host);
  // The one that is missing may be the one that could not be read: that reason is the better one.
  if (!chosen.ok)
    return chosen.error.code === 'noSystem' && read.value.lastProblem ? fail(read.value.lastProblem) : chosen;
  const { path, json } = chosen.value;
  const managers = await readManagers(client, root, json, deadline);
  const manager = managers[0] === undefined ? undefined : await client.get(managers[0], deadline);
  const managerModel = manager?.ok ? textAt(manager.value.json, 'Model') : undefined;
  const description = [
    textAt(root.json, 'Vendor'),
    Object.keys(objectAt(root.json, 'Oem') ?? {})[0],
    textAt(json, 'Manufacturer'),
    textAt(json, 'Model'),
    managerModel,
    textAt(root.json, 'Product'),
  ]
    .map((part) => part ?? '')
    .join('|');
  const context: BmcContext = {
    client,
    timings,
    root,
    system: path,
    chassis: linksAt(json, 'Links', 'Chassis'),
    managers,
    vendor: vendorOf(description),
    traits: traitsOf(description),
    note,
  };
  const justRead = new Map([[path, json]]);
  if (manager?.ok) justRead.set(manager.value.path, manager.value.json);
  return ok({ context, justRead });
}

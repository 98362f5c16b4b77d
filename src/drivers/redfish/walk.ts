import type { BmcFailure, BmcProblem } from '../../core/bmc.ts';
import { bmcProblem } from '../bmc-problem.ts';
import type { Deadline } from '../bmc-wait.ts';
import type { Client } from './client.ts';
import type { Json } from './json.ts';
import { listMembers } from './list-members.ts';

/**
 * Reading many resources where any of them may be missing: a link that answers 404 or rubbish is normal on a BMC.
 * A problem of the connection itself ends the walk, and its budget bounds what one BMC can cost.
 */
export interface Walk {
  get(path: string | undefined): Promise<Json | undefined>;
  members(path: string | undefined): Promise<readonly Json[]>;
  readonly problem: () => BmcProblem | undefined;
}

export interface WalkOptions {
  readonly maxRequests?: number;
  readonly justRead?: Iterable<readonly [string, Json]>;
}

const FATAL: ReadonlySet<BmcFailure> = new Set([
  'unreachable',
  'timeout',
  'tls',
  'pinMissing',
  'pinChanged',
  'credentials',
  'passwordChangeRequired',
  'sessionLimit',
  'stopped',
]);

/** What is read is kept for the length of the walk; no recorded BMC comes to a tenth of this. */
const MAX_BYTES = 32 * 1024 * 1024;

export function createWalk(client: Client, deadline: Deadline, options: WalkOptions = {}): Walk {
  const { maxRequests = 400, justRead = [] } = options;
  const known = new Map<string, Json>(justRead);
  let requests = 0;
  let sizeBytes = 0;
  let problem: BmcProblem | undefined;

  const mayGo = () => {
    if (problem !== undefined) return false;
    if (deadline.expired()) problem = bmcProblem('timeout', `${client.host} did not tell everything in time.`);
    requests += 1;
    return problem === undefined && requests <= maxRequests;
  };

  const get = async (path: string | undefined): Promise<Json | undefined> => {
    if (path === undefined) return undefined;
    const cached = known.get(path);
    if (cached !== undefined || !mayGo()) return cached;
    const got = await client.get(path, deadline);
    if (got.ok) {
      sizeBytes += got.value.sizeBytes;
      if (sizeBytes <= MAX_BYTES) {
        known.set(path, got.value.json);
        return got.value.json;
      }
      problem = bmcProblem('tooLarge', `${client.host} tells more than ${MAX_BYTES / 1_048_576} MiB of itself.`);
      return undefined;
    }
    if (FATAL.has(got.error.code) && !isRefusal(got.error)) problem = got.error;
    return undefined;
  };

  return {
    get,
    async members(path) {
      if (path === undefined || !mayGo()) return [];
      const listed = await listMembers(client, path, deadline);
      if (!listed.ok) {
        if (FATAL.has(listed.error.code) && !isRefusal(listed.error)) problem = listed.error;
        return [];
      }
      const found: Json[] = [];
      for (const member of listed.value) {
        const json = member.inline ?? (await get(member.path));
        if (json !== undefined) found.push(json);
      }
      return found;
    },
    problem: () => problem,
  };
}

/** One resource that this account may not read is no reason to leave the others. */
const isRefusal = (problem: BmcProblem): boolean =>
  problem.code === 'credentials' && / answered 403 /.test(problem.message);

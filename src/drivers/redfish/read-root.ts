import type { BmcProblem } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import type { BmcTimings } from '../bmc-timings.ts';
import type { Deadline } from '../bmc-wait.ts';
import { waitAfterCut } from './after-cut.ts';
import type { Connection } from './connection.ts';
import { type Json, linkAt, textAt } from './json.ts';

/** What the service root says. It needs no login, and is the only address that may be assumed. */
export interface Root {
  readonly systems: string;
  readonly managers: string;
  readonly sessions: string;
  readonly json: Json;
}

/** Some know it only with the slash at the end, some only without. */
const PATHS = ['/redfish/v1', '/redfish/v1/'] as const;

/** What comes before the login is as safe to repeat as what comes behind it, and a BMC cuts the one as the other. */
export async function readRoot(
  connection: Connection,
  timings: BmcTimings,
  deadline: Deadline,
): Promise<Result<Root, BmcProblem>> {
  const host = new URL(connection.origin).host;
  const answered = new Set<string>();
  let status = 0;
  let repeats = 0;
  for (let attempt = 0; answered.size < PATHS.length; attempt += 1) {
    const path = PATHS[attempt % 2 === 0 ? 0 : 1];
    const sent = await connection.send({ method: 'GET', path }, deadline.signal);
    if (!sent.ok) {
      if (!sent.error.reset || !(await waitAfterCut(repeats, timings, deadline))) return fail(sent.error.problem);
      repeats += 1;
      continue;
    }
    answered.add(path);
    status = sent.value.status;
    // A few BMCs want a login even for the root: they are Redfish, and the usual links are all that is left.
    if (status === 401) return ok(rootOf({}));
    if (status < 300 && sent.value.body.kind === 'json') return looksLikeRoot(sent.value.body.json, host);
    if (status >= 500) return fail(bmcProblem('busy', `${host} answered ${status} to GET ${path}.`));
  }
  const page = `${host} has no Redfish service (GET /redfish/v1 answered ${status} without a service root).`;
  return fail(bmcProblem('garbage', page, 'If this BMC knows only IPMI, write ipmi:// in bmc.url.'));
}

function looksLikeRoot(json: Json, host: string): Result<Root, BmcProblem> {
  const known = textAt(json, 'RedfishVersion') ?? textAt(json, '@odata.type') ?? linkAt(json, 'Systems');
  if (known === undefined)
    return fail(bmcProblem('garbage', `${host} answers /redfish/v1 with something else than a service root.`));
  return ok(rootOf(json));
}

function rootOf(json: Json): Root {
  return {
    systems: linkAt(json, 'Systems') ?? '/redfish/v1/Systems',
    managers: linkAt(json, 'Managers') ?? '/redfish/v1/Managers',
    sessions: linkAt(json, 'Links', 'Sessions') ?? '/redfish/v1/SessionService/Sessions',
    json,
  };
}

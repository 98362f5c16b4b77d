import type { BmcProblem } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import type { Deadline } from '../bmc-wait.ts';
import type { Client } from './client.ts';
import { asObject, type Json, linkAt, linkOf, listAt, parseLink, valueAt } from './json.ts';

/** A member of a collection: a link, and the whole resource where the BMC put it into the list. */
export interface Member {
  readonly path: string;
  readonly inline?: Json;
}

const MAX_PAGES = 50;
const MAX_MEMBERS = 5_000;
/** Of all pages together: members that stand in the pages themselves are kept until the last one is here. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Dell and OpenBMC name the next page with a text, old Intel BMCs at the top level. */
function nextPage(json: Json): string | undefined {
  for (const name of ['Members@odata.nextLink', '@odata.nextLink']) {
    const link = parseLink(valueAt(json, name)) ?? linkAt(json, name);
    if (link !== undefined) return link;
  }
  return undefined;
}

function memberOf(item: unknown): Member | undefined {
  const path = linkOf(item);
  const object = asObject(item);
  if (path === undefined) return undefined;
  // A reference holds its link alone; a resource has an Id as well.
  return object !== undefined && object.Id !== undefined ? { path, inline: object } : { path };
}

const natural = new Intl.Collator('en', { numeric: true });

/** All members over all pages: without doubles, in natural order, and with an end even where the BMC has none. */
export async function listMembers(
  client: Client,
  collection: string,
  deadline: Deadline,
): Promise<Result<readonly Member[], BmcProblem>> {
  const members = new Map<string, Member>();
  const seen = new Set<string>();
  let sizeBytes = 0;
  let page: string | undefined = collection;
  while (page !== undefined && !seen.has(page)) {
    if (seen.size >= MAX_PAGES || members.size > MAX_MEMBERS) {
      return fail(bmcProblem('garbage', `${client.host} lists ${collection} without an end (${seen.size} pages).`));
    }
    seen.add(page);
    const got: Awaited<ReturnType<Client['get']>> = await client.get(page, deadline);
    if (!got.ok) return got;
    sizeBytes += got.value.sizeBytes;
    if (sizeBytes > MAX_BYTES)
      return fail(
        bmcProblem('tooLarge', `${client.host} lists ${collection} with more than ${MAX_BYTES / 1_048_576} MiB.`),
      );
    for (const item of listAt(got.value.json, ['Members'], MAX_MEMBERS)) {
      const member = memberOf(item);
      const key = member?.path.replace(/\/+$/, '');
      if (member !== undefined && key !== undefined && !members.has(key)) members.set(key, member);
    }
    page = nextPage(got.value.json);
  }
  return ok([...members.values()].sort((left, right) => natural.compare(left.path, right.path)));
}

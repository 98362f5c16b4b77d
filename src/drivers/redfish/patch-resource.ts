import type { BmcProblem } from '../../core/bmc.ts';
import type { Result } from '../../core/result.ts';
import type { Deadline } from '../bmc-wait.ts';
import type { Client, Resource } from './client.ts';
import type { Reply } from './connection.ts';
import { textAt } from './json.ts';
import { hasKey, parseMessages } from './messages.ts';

/** PATCH with the ETag ladder: none, as received, strong for weak, without, `*`. BMCs disagree about every rung. */

function etagOf(resource: Resource): string | undefined {
  const raw = resource.etag ?? textAt(resource.json, '@odata.etag');
  if (raw === undefined || raw === '""' || raw === 'W/""') return undefined;
  // A proxy in front of the BMC that compresses marks the tag, and the BMC does not know it with the mark.
  return raw.replace(/-gzip"$/, '"');
}

const wantsTag = (reply: Reply): boolean =>
  reply.status === 428 ||
  (reply.status >= 400 &&
    hasKey(parseMessages(reply.body), /PreconditionRequired|PreconditionHeaderMissing|HeaderMissing/));

const refusesTag = (reply: Reply): boolean =>
  reply.status === 412 || (reply.status >= 400 && hasKey(parseMessages(reply.body), /PreconditionFailed/));

/** What to try after the first refusal, in order; doubles are left out. */
function ladder(first: string | undefined, fresh: string | undefined): readonly (string | undefined)[] {
  const rungs = [fresh, fresh?.replace(/^W\//, ''), undefined, '*'];
  return rungs.filter((rung, index) => rungs.indexOf(rung) === index && (rung !== first || rung === fresh));
}

export async function patchResource(
  client: Client,
  resource: Resource,
  body: unknown,
  deadline: Deadline,
): Promise<Result<Reply, BmcProblem>> {
  const send = (tag: string | undefined) =>
    client.request(
      { method: 'PATCH', path: resource.path, body, ...(tag === undefined ? {} : { headers: { 'if-match': tag } }) },
      deadline,
    );
  const first = etagOf(resource);
  let sent = await send(first);
  if (!sent.ok || (!refusesTag(sent.value) && !wantsTag(sent.value))) return sent;
  const again = await client.get(resource.path, deadline);
  const fresh = again.ok ? etagOf(again.value) : undefined;
  for (const tag of ladder(first, fresh)) {
    sent = await send(tag);
    if (!sent.ok || (!refusesTag(sent.value) && !wantsTag(sent.value))) return sent;
  }
  return sent;
}

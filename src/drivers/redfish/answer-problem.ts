import type { BmcFailure, BmcProblem } from '../../core/bmc.ts';
import { bmcProblem } from '../bmc-problem.ts';
import type { Reply } from './connection.ts';
import { hasKey, parseMessages, type RedfishMessage } from './messages.ts';

/** What the keys of the message registries mean for us. The first row that matches decides. */
const MEANINGS: readonly (readonly [RegExp, BmcFailure, string?])[] = [
  [/PasswordChangeRequired/, 'passwordChangeRequired'],
  [/SessionLimitExceeded|CreateLimitReachedForResource|RAC0218/, 'sessionLimit'],
  [
    /InsufficientPrivilege|AccessDenied|AccessForbidden/,
    'credentials',
    'The account needs the Operator or Administrator role on the BMC.',
  ],
  [/NoValidSession|AccessUnauthorized|ResourceAtUriUnauthorized|AuthenticationTokenRequired/, 'credentials'],
  [
    /LicenseRequired|ServiceDisabled/,
    'unsupported',
    'The BMC needs a licence for this, or the service is turned off in it.',
  ],
  // iDRAC: BIOS046 and RAC0207 a pending job, SYS408/SYS443/SYS518 one that runs, LC062/LC068 the lifecycle controller in use.
  [
    /BIOS046|RAC0207|SYS408|SYS443|SYS518|LC062|LC068/,
    'busy',
    'A configuration job is queued or runs in the BMC: look at its job queue, let it end or delete it there, then try again.',
  ],
  [
    /UnableToModifyDuringSystemPOST|InvalidOperationForSystemState|ResetInProgress|ServiceTemporarilyUnavailable|ServiceInUnknownState|ServiceShuttingDown|ResourceInStandby|ResourceInUse|OperationTimeout|ResourceExhaustion|NodeBusy/,
    'busy',
  ],
];

/** 409 means busy, unless the BMC says that the values themselves do not go together. */
const CONFLICT = /(?:PropertyValue|ActionParameterValue)Conflict/;

const BUSY_STATUS = new Set([408, 409, 423, 425, 429, 500, 502, 503, 504]);

/** It says itself that it did nothing yet. A plain 500, 502 or 504 may come after it was done. */
export function refusesAsBusy(reply: Reply): boolean {
  const messages = parseMessages(reply.body);
  const named = MEANINGS.find(([pattern]) => hasKey(messages, pattern));
  return named === undefined ? EXPLICIT_STATUS.has(reply.status) : named[1] === 'busy';
}

const EXPLICIT_STATUS = new Set([409, 429, 503]);

/** 403 is used for "no such session" too; for "may not" and "change your password" a new login would not help. */
export function wantsLogin(reply: Reply): boolean {
  if (reply.status !== 401 && reply.status !== 403) return false;
  return !hasKey(
    parseMessages(reply.body),
    /PasswordChangeRequired|InsufficientPrivilege|AccessDenied|AccessForbidden|LicenseRequired/,
  );
}

export const isBusyAnswer = (status: number, messages: readonly RedfishMessage[]): boolean =>
  meaningOf(status, messages)[0] === 'busy';

function meaningOf(status: number, messages: readonly RedfishMessage[]): readonly [BmcFailure, string?] {
  for (const [pattern, code, advice] of MEANINGS) {
    if (hasKey(messages, pattern)) return advice === undefined ? [code] : [code, advice];
  }
  if (status === 401) return ['credentials'];
  if (status === 403) return ['credentials', 'The account needs the Operator or Administrator role on the BMC.'];
  if (status === 409 && hasKey(messages, CONFLICT))
    return ['notTaken', 'The BMC says that the values do not go together; its own words are above.'];
  if (BUSY_STATUS.has(status)) return ['busy'];
  if (status === 404 || status === 405 || status === 501) return ['unsupported'];
  return ['notTaken', 'The BMC refused the request; its own words are above.'];
}

const WORDS: { readonly [F in BmcFailure]?: string } = {
  sessionLimit: 'all its sessions are taken',
  credentials: 'the account may not do that',
  passwordChangeRequired: 'its password must be changed first',
  unsupported: 'it cannot do that',
  busy: 'it is busy',
  notTaken: 'it refuses that',
};

/** HPE sends the key of a message and leaves the words to the reader: a key alone is no reason for a person. */
function wordsOf({ key, args, text }: RedfishMessage, code: BmcFailure): string {
  const words = WORDS[code];
  return words === undefined || text !== [key, ...args].join(' ').trim() ? text : `${words} (${text})`;
}

/** An answer that is no success, as a sentence: the BMC's own worst message when it has one. */
export function answerProblem(doing: string, host: string, reply: Reply): BmcProblem {
  const messages = parseMessages(reply.body);
  const [code, advice] = meaningOf(reply.status, messages);
  const own = messages[0] === undefined ? undefined : wordsOf(messages[0], code);
  const said =
    own ??
    (reply.body.kind === 'html'
      ? 'a page of HTML instead of a reason'
      : reply.body.kind === 'empty'
        ? 'no reason'
        : 'no reason that can be read');
  return bmcProblem(code, `${host} answered ${reply.status} to ${doing}: ${said}`, advice);
}

import { execFile } from 'node:child_process';
import type { BmcProblem } from '../../core/bmc.ts';
import { cleanText } from '../../core/clean-text.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';

export interface IpmitoolCall {
  readonly program: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly args: readonly string[];
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const MAX_OUTPUT_BYTES = 1024 * 1024;

/** What ipmitool 1.8.19 writes to stderr, and what it means. The first row that matches decides. */
const ERRORS: readonly (readonly [RegExp, BmcProblem['code'], string])[] = [
  [
    /RAKP 2 HMAC is invalid|RAKP 2 message indicates an error : (?:unauthorized name|invalid)/i,
    'credentials',
    'rejected the user name or password',
  ],
  [/invalid role|insufficient privilege/i, 'credentials', 'does not let this account do it'],
  [/password is longer|Incorrect password/i, 'credentials', 'takes no password of that length (20 characters at most)'],
  [/Insufficient resources for session|no more sessions/i, 'sessionLimit', 'has no free session'],
  [
    /invalid (?:integrity|authentication|confidentiality) algorithm|no matching cipher suite/i,
    'unsupported',
    'shares no cipher suite with ipmitool',
  ],
  [
    /Could not open socket|Address lookup.*failed|lookup.*failed|Name or service not known/i,
    'unreachable',
    'has no address that can be reached',
  ],
  [
    /Unable to establish IPMI v2|Unable to establish LAN session|Get Auth Capabilities error/i,
    'unreachable',
    'does not answer IPMI, or refuses the session',
  ],
  // Without a reason behind it: nothing came back.
  [/Unable to set Chassis Power Control/i, 'timeout', 'did not answer the order'],
  [/Command not supported in present state|present state/i, 'busy', 'cannot do it in its present state'],
  [
    /Invalid command|not supported|Parameter out of range|Invalid data field|Illegal/i,
    'unsupported',
    'does not know the command',
  ],
  [/Node busy|timeout|timed out/i, 'busy', 'is busy'],
];

function explain(call: IpmitoolCall, stderr: string): BmcProblem {
  // Verbose runs name what the BMC does not know, which is no reason: most know no VSO.
  const telling = stderr
    .replace(/^.*(?:completion code received|Channel Cipher Suites|IANA PEN|VSO Cap|IPMB address).*$/gm, '')
    .trim();
  const words = cleanText(telling.replaceAll(call.password === '' ? '\0' : call.password, '***'), 160);
  const command = call.args.slice(0, 3).join(' ');
  const [, code, what] = ERRORS.find(([pattern]) => pattern.test(telling)) ?? [
    undefined,
    'notTaken' as const,
    `refused "${command}"`,
  ];
  return bmcProblem(code, `${call.host} ${what} (ipmitool: ${words === '' ? 'no reason' : words}).`);
}

/** The password goes by the environment, where only this user can see it: `ps` shows arguments to everybody. */
export function runIpmitool(call: IpmitoolCall): Promise<Result<string, BmcProblem>> {
  const args = [
    '-I',
    'lanplus',
    '-H',
    call.host,
    '-p',
    String(call.port),
    '-U',
    call.username,
    '-E',
    '-N',
    '2',
    '-R',
    '3',
  ];
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'UTC', IPMI_PASSWORD: call.password };
  return new Promise((resolve) => {
    execFile(
      call.program,
      [...args, ...call.args],
      {
        env,
        timeout: call.timeoutMs,
        maxBuffer: MAX_OUTPUT_BYTES,
        signal: call.signal,
        encoding: 'utf8',
        windowsHide: true,
      },
      (error, stdout, stderr) => {
        if (error === null) return resolve(ok(stdout));
        if (call.signal.aborted)
          return resolve(fail(bmcProblem('stopped', `The command to ${call.host} was stopped.`)));
        if (error.code === 'ENOENT' || error.code === 'EACCES') {
          return resolve(
            fail(bmcProblem('missingProgram', `The program ${call.program} is not there; IPMI needs it.`)),
          );
        }
        if (error.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER') {
          return resolve(fail(bmcProblem('tooLarge', `${call.host} made ipmitool print more than 1 MiB.`)));
        }
        if (error.killed) {
          return resolve(
            fail(bmcProblem('timeout', `${call.host} did not answer ipmitool within ${call.timeoutMs / 1_000} s.`)),
          );
        }
        resolve(fail(explain(call, `${stderr}\n${stdout}`)));
      },
    ).stdin?.end();
  });
}

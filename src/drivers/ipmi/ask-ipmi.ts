import type { BmcProblem, BmcTarget } from '../../core/bmc.ts';
import { fail, type Result } from '../../core/result.ts';
import type { BmcLimiter } from '../bmc-limiter.ts';
import { bmcProblem } from '../bmc-problem.ts';
import type { RejectionMemory } from '../bmc-rejections.ts';
import type { BmcTimings } from '../bmc-timings.ts';
import { runIpmitool } from './run-ipmitool.ts';

export interface IpmiOptions {
  readonly timings: BmcTimings;
  readonly limiter: BmcLimiter;
  readonly program: string;
  readonly rejections: RejectionMemory;
  readonly onNote: (text: string) => void;
}

export interface IpmiAddress {
  readonly host: string;
  readonly port: number;
}

/** One call of ipmitool by its words; what it printed. */
export type AskIpmi = (...args: readonly string[]) => Promise<Result<string, BmcProblem>>;

export const ipmiCannot = (host: string, what: string, advice?: string) =>
  fail(bmcProblem('unsupported', `${host} is reached by IPMI, which cannot ${what}.`, advice));

/** Asks, and reads what came; what cannot be read is told as such. */
export async function readIpmi<T>(
  ask: AskIpmi,
  host: string,
  words: readonly string[],
  parse: (text: string) => Result<T>,
): Promise<Result<T, BmcProblem>> {
  const text = await ask(...words);
  if (!text.ok) return text;
  const read = parse(text.value);
  return read.ok ? read : fail(bmcProblem('garbage', `${host}: ${read.error}.`));
}

/** To one BMC: as many at a time as the limiter lets, and never again with a password that it rejected. */
export function createAskIpmi(
  target: BmcTarget,
  address: IpmiAddress,
  options: IpmiOptions,
  signal: AbortSignal,
): AskIpmi {
  const { host, port } = address;
  const { timings, limiter } = options;
  const key = `ipmi://${host}:${port} ${target.spec.username}`;
  let known = false;

  const send = async (args: readonly string[]): Promise<Result<string, BmcProblem>> => {
    const closed = fail(bmcProblem('stopped', `The connection to ${host} is closed.`));
    if (signal.aborted) return closed;
    // Accounts lock after three failures: once is a mistake, twice is the end.
    if (options.rejections.isRejected(key)) {
      return fail(bmcProblem('credentials', `${host} rejected the user name or password. It was not tried again.`));
    }
    const answer = await limiter.run(key, signal, () =>
      runIpmitool({
        program: options.program,
        host,
        port,
        username: target.spec.username,
        password: target.password,
        args,
        timeoutMs: timings.requestMs,
        signal,
      }),
    );
    if (answer === undefined) return closed;
    if (answer.ok) options.rejections.noteAccepted(key);
    else if (answer.error.code === 'credentials') options.rejections.noteRejected(key);
    return answer;
  };

  return async (...args) => {
    // Only a verbose ipmitool tells a wrong password from a BMC that is not there: one such question comes first.
    if (!known) {
      const first = await send(['-v', 'chassis', 'power', 'status']);
      if (!first.ok) return first;
      known = true;
    }
    const answer = await send(args);
    if (!/status|get|print|info|guid|list/.test(args.join(' '))) {
      options.onNote(`ipmitool ${args.join(' ')}: ${answer.ok ? 'ok' : answer.error.code}`);
    }
    return answer;
  };
}

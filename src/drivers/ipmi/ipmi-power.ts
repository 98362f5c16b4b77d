import type { BmcProblem, Power, PowerAction, Switched } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem, maybeDone } from '../bmc-problem.ts';
import type { BmcTimings } from '../bmc-timings.ts';
import { createDeadline, sleep } from '../bmc-wait.ts';
import { type AskIpmi, readIpmi } from './ask-ipmi.ts';
import { parsePowerStatus } from './parse-ipmitool.ts';

export interface IpmiSubject {
  readonly ask: AskIpmi;
  readonly host: string;
  readonly timings: BmcTimings;
  readonly signal: AbortSignal;
}

export const readIpmiPower = (ask: AskIpmi, host: string): Promise<Result<Power, BmcProblem>> =>
  readIpmi(ask, host, ['chassis', 'power', 'status'], parsePowerStatus);

/** No answer came: it may have been carried out nevertheless. */
const MAY_BE_DONE: ReadonlySet<BmcProblem['code']> = new Set(['unreachable', 'timeout']);

/** Where it is unreachable there was no session, and the order was not sent. A BMC's own timeout says nothing of its end. */
const wasOut = ({ code, message }: BmcProblem): boolean => code === 'timeout' || /timeout while/i.test(message);

async function powerTo(
  subject: IpmiSubject,
  goal: 'on' | 'off',
  word: string,
  waitMs: number,
): Promise<Result<Switched, BmcProblem>> {
  const { ask, host, timings, signal } = subject;
  const before = await readIpmiPower(ask, host);
  if (!before.ok) return before;
  if (before.value === goal) return ok({ power: goal, did: 'nothing' });
  const sent = await ask('chassis', 'power', word);
  const isRefused = !sent.ok && !MAY_BE_DONE.has(sent.error.code);
  // Whether it is switched on yet is no matter: whoever boots then boots anew.
  const failed = (problem: BmcProblem) =>
    fail(goal === 'off' && (sent.ok || wasOut(sent.error)) ? maybeDone(problem) : problem);
  const deadline = createDeadline(waitMs, signal);
  for (;;) {
    const now = await readIpmiPower(ask, host);
    if (now.ok && now.value === goal)
      return ok({ power: goal, did: isRefused ? 'nothing' : goal === 'on' ? 'on' : 'cut' });
    if (!sent.ok && sent.error.code !== 'busy') return failed(sent.error);
    if (deadline.expired()) {
      if (!now.ok) return failed(now.error);
      const message = `${host} took "power ${word}", but after ${Math.round(waitMs / 1_000)} s the machine is still ${now.value}.`;
      return fail(bmcProblem('notTaken', message, 'Look at the machine: its power supplies and its front panel.'));
    }
    await sleep(Math.min(timings.powerPollMs, deadline.remainingMs()), signal);
  }
}

export async function setIpmiPower(subject: IpmiSubject, action: PowerAction): Promise<Result<Switched, BmcProblem>> {
  const { ask, host, timings, signal } = subject;
  switch (action) {
    case 'on':
      return powerTo(subject, 'on', 'on', timings.powerWaitMs);
    case 'off':
      return powerTo(subject, 'off', 'soft', timings.shutdownWaitMs);
    case 'forceOff':
      return powerTo(subject, 'off', 'off', timings.powerWaitMs);
    case 'cycle': {
      // Off and on by ourselves: IPMI's own cycle is refused while off, and proves nothing while on.
      const off = await powerTo(subject, 'off', 'off', timings.powerWaitMs);
      if (!off.ok) return off;
      await sleep(timings.offToOnMs, signal);
      const on = await powerTo(subject, 'on', 'on', timings.powerWaitMs);
      return on.ok && off.value.did === 'cut' ? ok({ ...on.value, did: 'cut' }) : on;
    }
    case 'reset': {
      const now = await readIpmiPower(ask, host);
      if (!now.ok) return now;
      if (now.value === 'off') return powerTo(subject, 'on', 'on', timings.powerWaitMs);
      const sent = await ask('chassis', 'power', 'reset');
      if (!sent.ok) return fail(wasOut(sent.error) ? maybeDone(sent.error) : sent.error);
      const after = await readIpmiPower(ask, host);
      return after.ok ? ok({ power: after.value, did: 'cut' }) : fail(maybeDone(after.error));
    }
  }
}

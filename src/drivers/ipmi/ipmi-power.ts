import type { BmcProblem, Power, PowerAction } from '../../core/bmc.ts';
import { fail, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
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

async function powerTo(
  subject: IpmiSubject,
  goal: 'on' | 'off',
  word: string,
  waitMs: number,
): Promise<Result<Power, BmcProblem>> {
  const { ask, host, timings, signal } = subject;
  const before = await readIpmiPower(ask, host);
  if (!before.ok || before.value === goal) return before;
  const sent = await ask('chassis', 'power', word);
  const deadline = createDeadline(waitMs, signal);
  for (;;) {
    const now = await readIpmiPower(ask, host);
    if (now.ok && now.value === goal) return now;
    if (!sent.ok && sent.error.code !== 'busy') return sent;
    if (deadline.expired()) {
      if (!now.ok) return now;
      const message = `${host} took "power ${word}", but after ${Math.round(waitMs / 1_000)} s the machine is still ${now.value}.`;
      return fail(bmcProblem('notTaken', message, 'Look at the machine: its power supplies and its front panel.'));
    }
    await sleep(Math.min(timings.powerPollMs, deadline.remainingMs()), signal);
  }
}

export async function setIpmiPower(subject: IpmiSubject, action: PowerAction): Promise<Result<Power, BmcProblem>> {
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
      return powerTo(subject, 'on', 'on', timings.powerWaitMs);
    }
    case 'reset': {
      const now = await readIpmiPower(ask, host);
      if (!now.ok) return now;
      if (now.value === 'off') return powerTo(subject, 'on', 'on', timings.powerWaitMs);
      const sent = await ask('chassis', 'power', 'reset');
      return sent.ok ? readIpmiPower(ask, host) : sent;
    }
  }
}

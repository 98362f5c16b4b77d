import type {
  BmcPort,
  BmcProblem,
  BmcTarget,
  BootOverride,
  BootTarget,
  Located,
  Power,
  PowerAction,
} from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import type { BmcLimiter } from '../bmc-limiter.ts';
import { bmcProblem } from '../bmc-problem.ts';
import type { RejectionMemory } from '../bmc-rejections.ts';
import type { BmcTimings } from '../bmc-timings.ts';
import { createDeadline, sleep } from '../bmc-wait.ts';
import { readIpmiIdentity } from './ipmi-identity.ts';
import { parseBootFlags, parseIdentify, parsePowerStatus, parseSel } from './parse-ipmitool.ts';
import { runIpmitool } from './run-ipmitool.ts';

export interface IpmiOptions {
  readonly timings: BmcTimings;
  readonly limiter: BmcLimiter;
  readonly program: string;
  readonly rejections: RejectionMemory;
  readonly onNote: (text: string) => void;
}

type Ask = (...args: readonly string[]) => Promise<Result<string, BmcProblem>>;

/** Raw device codes for the EFI form, for firmware on which `options=efiboot` does nothing (Supermicro X11). */
const DEVICES: Readonly<Record<'pxe' | 'cd', { readonly word: string; readonly raw: string }>> = {
  pxe: { word: 'pxe', raw: '0x04' },
  cd: { word: 'cdrom', raw: '0x14' },
};

const cannot = (host: string, what: string, advice?: string) =>
  fail(bmcProblem('unsupported', `${host} is reached by IPMI, which cannot ${what}.`, advice));

const garbage = (host: string, why: string) => fail(bmcProblem('garbage', `${host}: ${why}.`));

async function readPower(ask: Ask, host: string): Promise<Result<Power, BmcProblem>> {
  const text = await ask('chassis', 'power', 'status');
  if (!text.ok) return text;
  const power = parsePowerStatus(text.value);
  return power.ok ? power : garbage(host, power.error);
}

async function readFlags(ask: Ask, host: string): Promise<Result<BootOverride, BmcProblem>> {
  const text = await ask('chassis', 'bootparam', 'get', '5');
  if (!text.ok) return text;
  const flags = parseBootFlags(text.value);
  return flags.ok ? flags : garbage(host, flags.error);
}

interface Subject {
  readonly ask: Ask;
  readonly host: string;
  readonly timings: BmcTimings;
  readonly signal: AbortSignal;
}

async function powerTo(
  subject: Subject,
  goal: 'on' | 'off',
  word: string,
  waitMs: number,
): Promise<Result<Power, BmcProblem>> {
  const { ask, host, timings, signal } = subject;
  const before = await readPower(ask, host);
  if (!before.ok || before.value === goal) return before;
  const sent = await ask('chassis', 'power', word);
  const deadline = createDeadline(waitMs, signal);
  for (;;) {
    const now = await readPower(ask, host);
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

async function setPower(subject: Subject, action: PowerAction): Promise<Result<Power, BmcProblem>> {
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
      const now = await readPower(ask, host);
      if (!now.ok) return now;
      if (now.value === 'off') return powerTo(subject, 'on', 'on', timings.powerWaitMs);
      const sent = await ask('chassis', 'power', 'reset');
      return sent.ok ? readPower(ask, host) : sent;
    }
  }
}

async function sendOverride(
  ask: Ask,
  target: 'pxe' | 'cd',
  uefi: boolean,
  raw: boolean,
): Promise<Result<string, BmcProblem>> {
  const device = DEVICES[target];
  if (!raw) return ask('chassis', 'bootdev', device.word, ...(uefi ? ['options=efiboot'] : []));
  // The flags are void 60 s after they were set unless that timer is turned off first (IPMI 2.0 table 28-14, parameter 3).
  const timer = await ask('raw', '0x00', '0x08', '0x03', '0x08');
  return timer.ok
    ? ask('raw', '0x00', '0x08', '0x05', uefi ? '0xa0' : '0x80', device.raw, '0x00', '0x00', '0x00')
    : timer;
}

async function overrideOnce(
  subject: Subject,
  target: BootTarget,
  mode: 'uefi' | 'legacy' | undefined,
  fullPayload: boolean,
): Promise<Result<BootOverride, BmcProblem>> {
  const { ask, host } = subject;
  if (target === 'uefiHttp') return cannot(host, 'ask for HTTP boot', 'Use PXE.');
  const before = await readFlags(ask, host);
  const left =
    before.ok && before.value.enabled === 'continuous' ? { replaced: `Continuous/${before.value.target}` } : {};
  let last = bmcProblem('notTaken', `${host} did not take the boot override.`);
  // ipmitool's own words first; the bytes by hand where they were asked for, or where the words did nothing.
  for (const raw of fullPayload ? [true] : [false, true]) {
    const sent = await sendOverride(ask, target, mode !== 'legacy', raw);
    if (!sent.ok) {
      last = sent.error;
      if (sent.error.code !== 'unsupported' && sent.error.code !== 'notTaken') return sent;
      continue;
    }
    const now = await readFlags(ask, host);
    if (!now.ok) return now;
    const taken =
      now.value.target === target && now.value.enabled === 'once' && (mode === undefined || now.value.mode === mode);
    if (taken) return ok({ ...now.value, ...left });
    last = bmcProblem(
      'notTaken',
      `${host} accepted the boot override, but reads back ${now.value.target}, ${now.value.enabled}.`,
    );
  }
  return fail(last);
}

async function clearOverride(ask: Ask, host: string): Promise<Result<BootOverride, BmcProblem>> {
  const before = await readFlags(ask, host);
  if (!before.ok || before.value.enabled === 'disabled') return before;
  const sent = await ask('chassis', 'bootdev', 'none');
  if (!sent.ok) return sent;
  const after = await readFlags(ask, host);
  if (!after.ok || after.value.enabled === 'disabled') return after;
  return fail(
    bmcProblem('notTaken', `${host} accepted the end of the boot override, but still shows ${after.value.target}.`),
  );
}

async function setLocate(ask: Ask, host: string, on: boolean): Promise<Result<Located, BmcProblem>> {
  let sent = await ask('chassis', 'identify', on ? 'force' : '0');
  // "force" came with IPMI 2.0; older BMCs take seconds, 255 at most.
  if (!sent.ok && sent.error.code === 'unsupported' && on) sent = await ask('chassis', 'identify', '255');
  if (!sent.ok) return sent;
  const wanted = on ? 'on' : 'off';
  const status = await ask('chassis', 'status');
  const seen = status.ok ? parseIdentify(status.value) : undefined;
  if (seen === undefined || seen === wanted) return ok({ light: wanted });
  return fail(bmcProblem('notTaken', `${host} accepted the locate light, but it is still ${seen}.`));
}

export function createIpmiPort(
  target: BmcTarget,
  address: { readonly host: string; readonly port: number },
  options: IpmiOptions,
): BmcPort {
  const { host, port } = address;
  const { timings, limiter } = options;
  const stop = new AbortController();
  const key = `ipmi://${host}:${port} ${target.spec.username}`;
  let known = false;

  const send = async (args: readonly string[]): Promise<Result<string, BmcProblem>> => {
    const closed = fail(bmcProblem('stopped', `The connection to ${host} is closed.`));
    if (stop.signal.aborted) return closed;
    // Accounts lock after three failures: once is a mistake, twice is the end.
    if (options.rejections.isRejected(key)) {
      return fail(bmcProblem('credentials', `${host} rejected the user name or password. It was not tried again.`));
    }
    const answer = await limiter.run(key, stop.signal, () =>
      runIpmitool({
        program: options.program,
        host,
        port,
        username: target.spec.username,
        password: target.password,
        args,
        timeoutMs: timings.requestMs,
        signal: stop.signal,
      }),
    );
    if (answer === undefined) return closed;
    if (answer.ok) options.rejections.noteAccepted(key);
    else if (answer.error.code === 'credentials') options.rejections.noteRejected(key);
    return answer;
  };

  const ask: Ask = async (...args) => {
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
  const subject: Subject = { ask, host, timings, signal: stop.signal };

  return {
    readPower: () => readPower(ask, host),
    setPower: (action) => setPower(subject, action),
    readOverride: () => readFlags(ask, host),
    overrideOnce: (boot, mode, fullPayload) => overrideOnce(subject, boot, mode, fullPayload),
    clearOverride: () => clearOverride(ask, host),
    readIdentity: () => readIpmiIdentity(ask, host),
    setLocate: (on) => setLocate(ask, host, on),
    insertMedia: () => Promise.resolve(cannot(host, 'insert virtual media')),
    ejectMedia: () => Promise.resolve(ok(undefined)),
    async readLog(newest) {
      const text = await ask('sel', 'elist', 'last', String(Math.max(1, Math.min(newest, 500))));
      if (!text.ok) return text;
      return ok([...parseSel(text.value)].reverse().slice(0, newest));
    },
    readBootProgress: () => Promise.resolve(ok(undefined)),
    close() {
      stop.abort();
      return Promise.resolve();
    },
  };
}

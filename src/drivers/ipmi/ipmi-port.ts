import type { BmcPort, BmcProblem, BmcTarget, Located } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import { type AskIpmi, createAskIpmi, type IpmiAddress, type IpmiOptions, ipmiCannot } from './ask-ipmi.ts';
import { readIpmiIdentity } from './ipmi-identity.ts';
import { clearIpmiOverride, overrideIpmiOnce, readIpmiOverride } from './ipmi-override.ts';
import { type IpmiSubject, readIpmiPower, setIpmiPower } from './ipmi-power.ts';
import { parseIdentify, parseSel } from './parse-ipmitool.ts';

async function setLocate(ask: AskIpmi, host: string, on: boolean): Promise<Result<Located, BmcProblem>> {
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

export function createIpmiPort(target: BmcTarget, address: IpmiAddress, options: IpmiOptions): BmcPort {
  const { host } = address;
  const stop = new AbortController();
  const ask = createAskIpmi(target, address, options, stop.signal);
  const subject: IpmiSubject = { ask, host, timings: options.timings, signal: stop.signal };

  return {
    readPower: () => readIpmiPower(ask, host),
    setPower: (action) => setIpmiPower(subject, action),
    readOverride: () => readIpmiOverride(ask, host),
    overrideOnce: (boot, mode, fullPayload) => overrideIpmiOnce(ask, host, boot, mode, fullPayload),
    clearOverride: () => clearIpmiOverride(ask, host),
    readIdentity: () => readIpmiIdentity(ask),
    setLocate: (on) => setLocate(ask, host, on),
    insertMedia: () => Promise.resolve(ipmiCannot(host, 'insert virtual media')),
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

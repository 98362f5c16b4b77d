import type { BmcProblem, BootOverride, BootTarget } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import { type AskIpmi, ipmiCannot, readIpmi } from './ask-ipmi.ts';
import { parseBootFlags } from './parse-ipmitool.ts';

/** Raw device codes for the EFI form, for firmware on which `options=efiboot` does nothing (Supermicro X11). */
const DEVICES: Readonly<Record<'pxe' | 'cd', { readonly word: string; readonly raw: string }>> = {
  pxe: { word: 'pxe', raw: '0x04' },
  cd: { word: 'cdrom', raw: '0x14' },
};

export const readIpmiOverride = (ask: AskIpmi, host: string): Promise<Result<BootOverride, BmcProblem>> =>
  readIpmi(ask, host, ['chassis', 'bootparam', 'get', '5'], parseBootFlags);

async function sendOverride(
  ask: AskIpmi,
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

export async function overrideIpmiOnce(
  ask: AskIpmi,
  host: string,
  target: BootTarget,
  mode: 'uefi' | 'legacy' | undefined,
  fullPayload: boolean,
): Promise<Result<BootOverride, BmcProblem>> {
  if (target === 'uefiHttp') return ipmiCannot(host, 'ask for HTTP boot', 'Use PXE.');
  const before = await readIpmiOverride(ask, host);
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
    const now = await readIpmiOverride(ask, host);
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

export async function clearIpmiOverride(ask: AskIpmi, host: string): Promise<Result<BootOverride, BmcProblem>> {
  const before = await readIpmiOverride(ask, host);
  if (!before.ok || before.value.enabled === 'disabled') return before;
  const sent = await ask('chassis', 'bootdev', 'none');
  if (!sent.ok) return sent;
  const after = await readIpmiOverride(ask, host);
  if (!after.ok || after.value.enabled === 'disabled') return after;
  return fail(
    bmcProblem('notTaken', `${host} accepted the end of the boot override, but still shows ${after.value.target}.`),
  );
}

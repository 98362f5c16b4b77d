import type { BmcIdentity, BmcProblem } from '../../core/bmc.ts';
import { normaliseUuid, realName } from '../../core/identity.ts';
import { ok, type Result } from '../../core/result.ts';
import type { AskIpmi } from './ask-ipmi.ts';
import { parseBootFlags, parseFields, parseIdentify } from './parse-ipmitool.ts';

/** IPMI knows the boards and the firmware of the BMC, and no network card of the host. */
export async function readIpmiIdentity(ask: AskIpmi): Promise<Result<BmcIdentity, BmcProblem>> {
  const controller = await ask('mc', 'info');
  if (!controller.ok) return controller;
  const info = parseFields(controller.value);
  // A missing FRU or GUID is a poor BMC, not a failure.
  const [fruText, guidText, statusText, flagsText] = [
    await ask('fru', 'print', '0'),
    await ask('mc', 'guid'),
    await ask('chassis', 'status'),
    await ask('chassis', 'bootparam', 'get', '5'),
  ];
  const flags = flagsText.ok ? parseBootFlags(flagsText.value) : flagsText;
  const leftover = flags.ok && flags.value.enabled === 'continuous' ? `Continuous/${flags.value.target}` : undefined;
  const fru = parseFields(fruText.ok ? fruText.value : '');
  const uuid = normaliseUuid(parseFields(guidText.ok ? guidText.value : '').get('System GUID'));
  const locate = statusText.ok ? parseIdentify(statusText.value) : undefined;
  const first = (...names: readonly string[]) =>
    names.map((name) => realName(fru.get(name))).find((value) => value !== undefined);
  const serial = first('Product Serial', 'Chassis Serial');
  const boardSerial = first('Board Serial');
  const model = first('Product Name', 'Board Product');
  const sku = first('Product Part Number');
  const asset = first('Product Asset Tag');
  const firmwareVersion = realName(info.get('Firmware Revision'));
  return ok({
    vendor: first('Product Manufacturer', 'Board Mfg') ?? realName(info.get('Manufacturer Name')) ?? 'unknown',
    macs: [],
    drives: [],
    bootTargets: ['pxe', 'cd'],
    canInsertMedia: false,
    ...(model === undefined ? {} : { model }),
    ...(serial === undefined ? {} : { serial }),
    ...(boardSerial === undefined ? {} : { boardSerial }),
    ...(sku === undefined ? {} : { sku }),
    ...(asset === undefined ? {} : { asset }),
    ...(uuid === undefined ? {} : { uuid }),
    ...(firmwareVersion === undefined ? {} : { firmwareVersion }),
    ...(locate === undefined ? {} : { locate }),
    ...(leftover === undefined ? {} : { leftover }),
  });
}

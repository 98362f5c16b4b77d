import type { BootOverride, Power } from '../../core/bmc.ts';
import { cleanText } from '../../core/clean-text.ts';
import { fail, ok, type Result } from '../../core/result.ts';

/** The texts that ipmitool 1.8.18 and 1.8.19 print. */

export function parsePowerStatus(text: string): Result<Power> {
  const state = /Chassis Power is (on|off)/i.exec(text)?.[1]?.toLowerCase();
  return state === 'on' || state === 'off' ? ok(state) : fail('ipmitool printed no power state');
}

/** `Name  : value` lines; the first of a name wins, so that a second FRU does not hide the first. */
export function parseFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split('\n').slice(0, 2_000)) {
    const match = /^\s*([^:]{1,60}?)\s*:\s?(.*)$/.exec(line);
    const name = match?.[1];
    const value = cleanText(match?.[2] ?? '');
    if (name !== undefined && value !== '' && !fields.has(name)) fields.set(name, value);
  }
  return fields;
}

const DEVICES: Readonly<Record<number, BootOverride['target']>> = { 0: 'none', 1: 'pxe', 5: 'cd' };

/** IPMI 2.0 table 28-14, parameter 5: byte 1 bit 7 valid, 6 persistent, 5 EFI; byte 2 bits 5..2 the device. */
export function parseBootFlags(text: string): Result<BootOverride> {
  const hex = /Boot parameter data:\s*([0-9a-f ]+)/i.exec(text)?.[1]?.replace(/\s/g, '') ?? '';
  if (!/^[0-9a-f]{4,}$/i.test(hex)) return fail('ipmitool printed no boot flags');
  const flags = Number.parseInt(hex.slice(0, 2), 16);
  const device = (Number.parseInt(hex.slice(2, 4), 16) >> 2) & 0x0f;
  const valid = (flags & 0x80) !== 0;
  const target = valid ? (DEVICES[device] ?? 'other') : 'none';
  if (target === 'none') return ok({ target, enabled: 'disabled' });
  return ok({
    target,
    enabled: (flags & 0x40) === 0 ? 'once' : 'continuous',
    mode: (flags & 0x20) === 0 ? 'legacy' : 'uefi',
  });
}

/** `Chassis Identify State : Off | Temporary | Indefinite`; left out by BMCs that cannot say. */
export function parseIdentify(text: string): 'on' | 'off' | undefined {
  const state = /Chassis Identify State\s*:\s*(.+)/i.exec(text)?.[1]?.trim().toLowerCase();
  if (state === undefined) return undefined;
  if (state.startsWith('off')) return 'off';
  return /temporary|indefinite|on/.test(state) ? 'on' : undefined;
}

export interface SelLine {
  readonly at?: string;
  readonly text: string;
}

/** `11/21/2026 | 09:00:00 UTC`, 1.8.18 without the zone, some with a two-digit year. */
function parseSelTime(date: string, time: string): string | undefined {
  const day = /^(\d\d)\/(\d\d)\/(\d{2}|\d{4})$/.exec(date);
  const clock = /^(\d\d:\d\d:\d\d)/.exec(time)?.[1];
  if (day === null || clock === undefined) return undefined;
  const year = day[3]?.length === 2 ? `20${day[3]}` : day[3];
  const at = Date.parse(`${year}-${day[1]}-${day[2]}T${clock}Z`);
  return Number.isNaN(at) || at < Date.UTC(2001, 0, 1) ? undefined : new Date(at).toISOString();
}

/** ` 1a | 11/21/2026 | 09:00:00 UTC | Power Supply PS1 Status | Presence detected | Asserted` */
export function parseSel(text: string): readonly SelLine[] {
  return text.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    if (cells.length < 4 || !/^[0-9a-f]+$/i.test(cells[0] ?? '')) return [];
    const words = cleanText(
      cells
        .slice(3)
        .filter((cell) => cell !== '')
        .join(': '),
    );
    const at = parseSelTime(cells[1] ?? '', cells[2] ?? '');
    return words === '' ? [] : [at === undefined ? { text: words } : { at, text: words }];
  });
}

import { normaliseMac, normaliseUuid, realName } from '../core/identity.ts';
import type { IdentitySpec, SiteSpec } from '../core/spec.ts';
import { given } from './given.ts';
import type { MachineShape } from './machine-shape.ts';
import type { Reading } from './read-shape.ts';
import { quote } from './report.ts';

type NameKey = 'serial' | 'boardSerial' | 'asset';

function parseMacs({ value, report, at }: Reading<MachineShape>): string[] {
  const macs: string[] = [];
  for (const [index, raw] of (value.macs ?? []).entries()) {
    const mac = normaliseMac(raw);
    const spot = at('macs', index);
    if (mac === undefined) {
      report.error(spot, `macs: ${quote(raw)} is no MAC address of a network card; expected 52:54:00:0a:21:01`);
      continue;
    }
    if (macs.includes(mac)) {
      report.error(spot, `macs: ${mac} stands here twice`);
      continue;
    }
    // Examples in documentation do (bb:bb:bb:bb:bb:bb); a switch never forwards a frame from it.
    if (Number.parseInt(mac.slice(0, 2), 16) % 2 === 1) {
      report.warn(spot, `macs: ${mac} is a multicast address, which no network card has`);
    }
    macs.push(mac);
  }
  return macs;
}

/** Vendors ship boards whose serial was never filled in; such a name would match every one of them. */
function parseName({ value, report, at }: Reading<MachineShape>, key: NameKey): string | undefined {
  const raw = value[key];
  if (raw === undefined) return undefined;
  const name = realName(raw);
  if (name === undefined) {
    report.error(at(key), `${key}: ${quote(raw)} is a placeholder that many machines share; leave the key out`);
  }
  return name;
}

function parseUuid({ value, report, at }: Reading<MachineShape>): string | undefined {
  const raw = value.uuid;
  if (raw === undefined) return undefined;
  const uuid = normaliseUuid(raw);
  if (uuid !== undefined) return uuid;
  const isHex = /^[0-9a-f]{32}$/i.test(raw.replace(/[{}-]/g, ''));
  const why = isHex
    ? 'is a placeholder that many machines share; leave the key out'
    : 'is no UUID; expected 4c4c4544-0056-3510-8052-b4c04f4b5131';
  report.error(at('uuid'), `uuid: ${quote(raw)} ${why}`);
  return undefined;
}

const KEYS = ['macs', 'uuid', 'serial', 'boardSerial', 'asset', 'switchPort'] as const;

export function parseIdentity(reading: Reading<MachineShape>, { networks }: SiteSpec): IdentitySpec {
  const { value, report, at } = reading;
  const macs = parseMacs(reading);
  const identity: IdentitySpec = given({
    macs,
    uuid: parseUuid(reading),
    serial: parseName(reading, 'serial'),
    boardSerial: parseName(reading, 'boardSerial'),
    asset: parseName(reading, 'asset'),
    switchPort: value.switchPort,
  });
  const written = (key: (typeof KEYS)[number]) => value[key] !== undefined || reading.isBroken(key);
  if (!KEYS.some(written)) {
    report.error(at(), 'no identity: write macs: [52:54:00:0a:21:01] and serial: (or uuid:, boardSerial:)');
    return identity;
  }
  const tellsPorts = networks.some(({ relay, snooping }) => relay !== undefined || snooping === true);
  if (value.switchPort !== undefined && !written('macs') && networks.length > 0 && !tellsPorts)
    report.warn(
      at('switchPort'),
      'switchPort: nobody is believed to tell it: there is no network behind a relay, and none with snooping: true',
    );
  // Rule 3 of "when a disk may be written": a MAC, and a UUID or a serial.
  if (!written('macs')) report.warn(at(), 'no macs: the machine cannot be armed until one is written or adopted');
  else if (!written('uuid') && !written('serial') && !written('boardSerial')) {
    report.warn(
      at('macs'),
      'a MAC alone is no sure identity: nothing is installed without serial, boardSerial or uuid',
    );
  }
  return identity;
}

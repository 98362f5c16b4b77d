import { cleanText } from '../core/clean-text.ts';
import type { EventOf } from '../core/event.ts';
import { normaliseMac, normaliseUuid, realName } from '../core/identity.ts';
import type { Arch, Firmware } from '../core/spec.ts';
import type { IpxeSetting } from '../protocols/ipxe/ipxe-setting.ts';
import type { IpxePart } from '../protocols/ipxe/ipxe-step.ts';
import type { Claims } from './identity.ts';

type Hardware = EventOf<'http.scriptAsked'>['hardware'];

/** What the query of a boot script says. */
export interface ScriptQuery {
  readonly claims: Claims;
  readonly hardware: Hardware;
  /** The first MAC that it names: the NIC that it boots from. */
  readonly mac?: string;
  readonly arch?: Arch;
  readonly firmware?: Firmware;
}

/**
 * Names in the query and the iPXE variable behind each. The order is that of the URL: a `&` or `#` in a text may end it, or
 * begin another name, and of two equal ones the first counts.
 */
const FIELDS: readonly (readonly [name: string, setting: IpxeSetting])[] = [
  ['mac', 'mac'],
  ['uuid', 'uuid'],
  ['buildarch', 'buildarch'],
  ['platform', 'platform'],
  ['net0', 'net0/mac'],
  ['net1', 'net1/mac'],
  ['net2', 'net2/mac'],
  ['net3', 'net3/mac'],
  ['net4', 'net4/mac'],
  ['net5', 'net5/mac'],
  ['net6', 'net6/mac'],
  ['net7', 'net7/mac'],
  ['serial', 'serial'],
  ['board-serial', 'board-serial'],
  ['asset', 'asset'],
  ['manufacturer', 'manufacturer'],
  ['product', 'product'],
];

/** MACs and UUIDs are printed, all text is encoded: `uristring` of the former comes as raw bytes and cuts the URL. */
const BINARY: ReadonlySet<IpxeSetting> = new Set(
  FIELDS.map(([, setting]) => setting).filter((one) => /mac$|^uuid$/.test(one)),
);

/** The URL of the script with every name that the firmware knows of itself. */
export function scriptUrl(base: string): readonly IpxePart[] {
  return FIELDS.flatMap(([name, setting], i): IpxePart[] => [
    `${i === 0 ? `${base}/s?` : '&'}${name}=`,
    BINARY.has(setting) ? { setting } : { setting, format: 'uristring' },
  ]);
}

export function parseScriptQuery(query: ReadonlyMap<string, string>): ScriptQuery {
  const text = (name: string, max = 80) => realName(cleanText(query.get(name) ?? '', max));
  const macs = FIELDS.filter(([, setting]) => setting.endsWith('mac'))
    .map(([name]) => normaliseMac(query.get(name)))
    .filter((mac) => mac !== undefined);
  const uuid = normaliseUuid(query.get('uuid'));
  const serial = text('serial');
  const boardSerial = text('board-serial');
  const asset = text('asset');
  const manufacturer = text('manufacturer');
  const product = text('product');
  const buildArch = text('buildarch', 16);
  const platform = text('platform', 16);
  const named = {
    ...(uuid === undefined ? {} : { uuid }),
    ...(serial === undefined ? {} : { serial }),
    ...(boardSerial === undefined ? {} : { boardSerial }),
    ...(asset === undefined ? {} : { asset }),
  };
  const hardware = {
    ...named,
    ...(manufacturer === undefined ? {} : { manufacturer }),
    ...(product === undefined ? {} : { product }),
    ...(buildArch === undefined ? {} : { buildArch }),
    ...(platform === undefined ? {} : { platform }),
  };
  const arch = ARCH_OF[buildArch ?? ''];
  const firmware = FIRMWARE_OF[platform ?? ''];
  const [mac] = macs;
  return {
    claims: { macs: [...new Set(macs)], ...named },
    hardware,
    ...(mac === undefined ? {} : { mac }),
    ...(arch === undefined ? {} : { arch }),
    ...(firmware === undefined ? {} : { firmware }),
  };
}

/** BIOS builds say i386 on 64-bit machines too: that says nothing. */
const ARCH_OF: Readonly<Record<string, Arch | undefined>> = { x86_64: 'amd64', arm64: 'arm64' };
const FIRMWARE_OF: Readonly<Record<string, Firmware | undefined>> = { pcbios: 'bios', efi: 'uefi' };

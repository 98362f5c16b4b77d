import { parse } from 'yaml';
import { cleanText } from '../core/clean-text.ts';
import type { TalosStage } from '../core/event.ts';
import { normaliseMac, normaliseUuid, realName } from '../core/identity.ts';
import type { SeenDisk } from '../core/seen.ts';
import type { SeenLink, SeenMachine } from '../core/seen-talos.ts';
import { STAGES } from './talos-event.ts';

/** What Talos tells of the machine that it runs on: COSI resources, read from the YAML that the API sends with each. */
export interface TalosHardware extends SeenMachine {
  readonly serial?: string;
  readonly uuid?: string;
  readonly disks: readonly SeenDisk[];
}

export interface ResourceText {
  readonly id: string;
  readonly yaml: string;
}

/** By the names under which `HARDWARE_TYPES` of the driver asks for them. */
export interface HardwareResources {
  readonly system: readonly ResourceText[];
  readonly processors: readonly ResourceText[];
  readonly memory: readonly ResourceText[];
  readonly disks: readonly ResourceText[];
  readonly volumes: readonly ResourceText[];
  readonly systemDisk: readonly ResourceText[];
  readonly links: readonly ResourceText[];
}

export function hardwareOf(resources: HardwareResources): TalosHardware {
  const system = fieldsOf(resources.system[0]);
  const systemDisk = systemDiskIn(resources.systemDisk);
  const holds = labelsByDisk(resources.volumes);
  const optional = (key: string, value: string | undefined) => (value === undefined ? {} : { [key]: value });
  return {
    ...optional('manufacturer', realName(textIn(system, 'manufacturer'))),
    ...optional('product', realName(textIn(system, 'productName'))),
    ...optional('serial', realName(textIn(system, 'serialnumber'))),
    ...optional('uuid', normaliseUuid(textIn(system, 'uuid'))),
    processors: resources.processors.flatMap((one) => {
      const fields = fieldsOf(one);
      const cores = numberIn(fields, 'coreCount');
      // Empty sockets are listed too.
      if (cores === 0) return [];
      return [{ model: textIn(fields, 'productName') ?? '', cores, threads: numberIn(fields, 'threadCount') }];
    }),
    memoryMiB: resources.memory.reduce((sum, one) => sum + numberIn(fieldsOf(one), 'sizeMiB'), 0),
    disks: resources.disks.flatMap((one) => diskOf(one, holds)),
    links: resources.links.flatMap(linkOf),
    ...optional('systemDisk', systemDisk),
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** CD drives, loop and read-only devices can hold no installation; Talos leaves them out of its own selectors too. */
function diskOf(resource: ResourceText, holds: ReadonlyMap<string, readonly string[]>): SeenDisk[] {
  const fields = fieldsOf(resource);
  const transport = textIn(fields, 'transport');
  if (transport === undefined || fields.readonly === true || fields.cdrom === true) return [];
  const [model, serial, wwid, busPath] = ['model', 'serial', 'wwid', 'bus_path'].map((name) => textIn(fields, name));
  const links = Array.isArray(fields.symlinks) ? fields.symlinks.map((one) => cleanText(String(one), 200)) : undefined;
  const labels = holds.get(resource.id);
  return [
    {
      name: cleanText(resource.id, 40),
      sizeBytes: numberIn(fields, 'size'),
      type: diskType(transport, fields.rotational === true),
      ...(model === undefined ? {} : { model }),
      ...(serial === undefined ? {} : { serial }),
      ...(wwid === undefined ? {} : { wwid }),
      ...(busPath === undefined ? {} : { busPath }),
      ...(links === undefined ? {} : { byId: links.filter((link) => link.startsWith('/dev/disk/by-id/')) }),
      ...(labels === undefined ? {} : { holds: labels }),
    },
  ];
}

/** The four words of a selector. A rotating disk behind NVMe or MMC would match two of them, so it gets none. */
function diskType(transport: string, rotational: boolean): NonNullable<SeenDisk['type']> {
  if (transport !== 'nvme' && transport !== 'mmc') return rotational ? 'hdd' : 'ssd';
  if (rotational) return 'unknown';
  return transport === 'nvme' ? 'nvme' : 'sd';
}

function labelsByDisk(volumes: readonly ResourceText[]): ReadonlyMap<string, readonly string[]> {
  const labels = new Map<string, string[]>();
  for (const volume of volumes) {
    const fields = fieldsOf(volume);
    const disk = (textIn(fields, 'parent') ?? textIn(fields, 'parent_dev_path'))?.replace(/^\/dev\//, '');
    const label = textIn(fields, 'partition_label') ?? textIn(fields, 'label') ?? textIn(fields, 'name');
    if (disk === undefined || label === undefined) continue;
    labels.set(disk, [...(labels.get(disk) ?? []), label]);
  }
  return labels;
}

/** A physical NIC is of type ether and has no kind; bonds, VLANs and bridges have one. */
function linkOf(resource: ResourceText): SeenLink[] {
  const fields = fieldsOf(resource);
  const mac = normaliseMac(textIn(fields, 'permanentAddr') ?? textIn(fields, 'hardwareAddr'));
  if (fields.type !== 'ether' || textIn(fields, 'kind') !== undefined || mac === undefined) return [];
  const speedMbit = numberIn(fields, 'speedMbit');
  const driver = textIn(fields, 'driver');
  return [
    {
      name: cleanText(resource.id, 40),
      mac,
      up: fields.linkState === true,
      // 4294967295 is the kernel's "unknown".
      ...(speedMbit > 0 && speedMbit < 4_000_000 ? { speedMbit } : {}),
      ...(driver === undefined ? {} : { driver }),
    },
  ];
}

export interface MachineStatus {
  readonly stage: TalosStage;
  readonly ready: boolean;
  readonly unmet: readonly string[];
}

/** `MachineStatuses.runtime.talos.dev/machine`. */
export function machineStatusOf(yaml: string): MachineStatus {
  const fields = fieldsOf({ id: '', yaml });
  const status = isFields(fields.status) ? fields.status : {};
  const stage = (textIn(fields, 'stage') ?? '').replace(/ (\w)/g, (_all, letter: string) => letter.toUpperCase());
  const unmet = Array.isArray(status.unmetConditions) ? status.unmetConditions.filter(isFields) : [];
  return {
    stage: STAGES.find((one) => one === stage) ?? 'unknown',
    ready: status.ready === true,
    unmet: unmet.slice(0, 32).map((one) => [textIn(one, 'name'), textIn(one, 'reason')].filter(Boolean).join(': ')),
  };
}

/** `Versions.runtime.talos.dev/version`, for Talos up to 1.12, where the Version call is denied in maintenance. */
export function versionOf(yaml: string): string | undefined {
  return textIn(fieldsOf({ id: '', yaml }), 'version');
}

/** `SystemDisks.block.talos.dev/system-disk`. */
export const systemDiskIn = (resources: readonly ResourceText[]): string | undefined =>
  textIn(fieldsOf(resources[0]), 'diskID');

/** The image factory puts an extension of this name into every image, whose version is the id of the schematic. */
export function schematicIn(extensions: readonly ResourceText[]): string | undefined {
  for (const extension of extensions) {
    const { metadata } = fieldsOf(extension);
    if (!isFields(metadata) || metadata.name !== 'schematic') continue;
    const id = textIn(metadata, 'version');
    if (id !== undefined && /^[0-9a-f]{64}$/.test(id)) return id;
  }
  return undefined;
}

/** The configuration stands in the resource as it was given, or as one text inside of YAML. */
export function configTextOf(yaml: string): string {
  if (!/^(?:\||>|"|')/.test(yaml.trimStart())) return yaml;
  try {
    const text: unknown = parse(yaml, { ...QUIET, schema: 'failsafe' });
    return typeof text === 'string' ? text : yaml;
  } catch {
    return yaml;
  }
}

/** The YAML library would write its warnings, and the line that they are about, on the screen. */
const QUIET = { logLevel: 'error', prettyErrors: false } as const;

function fieldsOf(resource: ResourceText | undefined): Fields {
  if (resource === undefined || resource.yaml.length > 256 * 1024) return {};
  try {
    // Serial numbers like `0123` or `1e5` must stay text; numbers are read where they are wanted.
    const value: unknown = parse(resource.yaml, { ...QUIET, schema: 'core' });
    const raw: unknown = parse(resource.yaml, { ...QUIET, schema: 'failsafe' });
    if (!isFields(value) || !isFields(raw)) return {};
    const keep = (key: string, one: unknown) => (typeof one === 'number' ? raw[key] : one);
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, keep(key, one)]));
  } catch {
    return {};
  }
}

function textIn(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  const text = typeof value === 'string' ? cleanText(value, 200) : '';
  return text === '' ? undefined : text;
}

function numberIn(fields: Fields, name: string): number {
  const value = Number(fields[name] ?? 0);
  return Number.isFinite(value) && value >= 0 ? value : 0;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

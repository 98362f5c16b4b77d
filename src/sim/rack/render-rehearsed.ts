import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { DocumentRef, NodeSpec, ProfileSpec } from '../../core/spec.ts';
import { BMC_PASSWORD_ENV, BMC_USER, type BmcAt } from './render-site-files.ts';

/** Extensions would be asked of an image factory on the Internet; here their list is its own schematic. */
export function schematicOf({ talos }: NodeSpec): string | undefined {
  const { extensions = [], customization, schematic } = talos;
  if (extensions.length === 0 && customization === undefined) return schematic;
  const wish = customization === undefined ? extensions : { extensions, customization };
  return createHash('sha256').update(JSON.stringify(wish)).digest('hex');
}

function refText(ref: DocumentRef, folder: string): string {
  if (ref.from === 'file') return ref.path.startsWith('~/') ? ref.path : resolve(folder, ref.path);
  // The command was written to run beside the inventory, not beside its copy.
  return `exec:cd '${resolve(folder).replaceAll("'", "'\\''")}' && ${ref.command}`;
}

/** JSON is YAML, and quotes whatever must be quoted. */
export function renderRehearsedNode(
  node: NodeSpec,
  { ip, below }: { readonly ip: string | undefined; readonly below: string | undefined },
  folder: string,
  bmc: BmcAt | undefined,
): string {
  const { place, identity, network, talos } = node;
  const schematic = schematicOf(node);
  const own = talos.config === undefined ? undefined : refText(talos.config, folder);
  // A patch is merged into what stands below it, and wins.
  const patches = [
    ...(below === undefined || own === undefined ? [] : [own]),
    ...talos.patches.map((ref) => refText(ref, folder)),
  ];
  const values = {
    rack: place.rack,
    unit: place.unit,
    height: place.height,
    slot: place.slot,
    role: node.role,
    cluster: node.cluster,
    profile: node.profile,
    macs: identity.macs.length === 0 ? undefined : identity.macs,
    uuid: identity.uuid,
    serial: identity.serial,
    boardSerial: identity.boardSerial,
    asset: identity.asset,
    switchPort: identity.switchPort,
    bmc:
      bmc === undefined
        ? undefined
        : { url: bmc.url, username: BMC_USER, password: `env:${BMC_PASSWORD_ENV}`, fingerprint: bmc.fingerprint },
    ip,
    arch: node.arch,
    firmware: node.firmware,
    loader: node.loader,
    localBoot: node.localBoot,
    protected: node.protected,
    firmwareReboot: node.firmwareReboot,
    labels: node.labels,
    talos: {
      version: talos.version,
      schematic,
      kernelArgs: talos.kernelArgs.length === 0 ? undefined : talos.kernelArgs,
      kernelArgsReplace: talos.kernelArgsReplace || undefined,
      disk: talos.disk,
      config: below ?? own,
      patches: patches.length === 0 ? undefined : patches,
    },
    domain: network.domain,
  };
  return `${JSON.stringify(values, null, 2)}\n`;
}

const BUILT_IN: ReadonlySet<string> = new Set(['talos', 'talos-ram', 'inspect', 'local']);

export function renderRehearsedProfiles(profiles: Readonly<Record<string, ProfileSpec>>, folder: string): string {
  const own = Object.entries(profiles).filter(([name]) => !BUILT_IN.has(name));
  const written = own.map(([name, profile]) => {
    const entries = Object.entries(profile).map(([key, value]) => {
      const isRef = typeof value === 'object' && value !== null && 'from' in value;
      return [key, isRef ? refText(value as DocumentRef, folder) : value];
    });
    return [name, Object.fromEntries(entries)];
  });
  return `${JSON.stringify(Object.fromEntries(written), null, 2)}\n`;
}

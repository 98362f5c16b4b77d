import type { BmcSpec, Inventory, NodeSpec } from '../core/spec.ts';
import { given } from './given.ts';
import { type MachineShape, machineShape } from './machine-shape.ts';
import { nearestName } from './nearest-name.ts';
import { parseBmc } from './parse-bmc.ts';
import { parseIdentity } from './parse-identity.ts';
import { parseNetwork } from './parse-network.ts';
import { parseTalos } from './parse-talos.ts';
import { type Reading, readShape } from './read-shape.ts';
import { quote, type Report } from './report.ts';
import { type MapTree, startOf } from './yaml-tree.ts';

/** A machine with the means to point into its files, for the checks that compare machines. */
export interface ParsedNode {
  readonly node: NodeSpec;
  readonly reading: Reading<MachineShape>;
}

const ROLES = ['controlplane', 'worker'];

export const nodeName = (file: string): string => file.replace(/^.*\//, '').replace(/\.ya?ml$/, '');

export function explainHostName(name: string): string | undefined {
  if (name.length > 63) return `the file's name is the host name, and ${name.length} characters are more than 63`;
  if (/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(name)) return undefined;
  if (/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(name)) {
    const [host = '', ...domain] = name.split('.');
    return `the file's name is the host name; name it ${host}.yaml and write domain: ${domain.join('.')}`;
  }
  return `the file's name is the host name, and ${quote(name)} is none: letters, digits and dashes (RFC 1123)`;
}

/** DNS does not tell case apart, Kubernetes refuses upper case: the machine would boot and never join. */
function checkName(name: string, file: string, report: Report): void {
  const trouble = explainHostName(name);
  if (trouble !== undefined) report.error(startOf(file), trouble);
  else if (name !== name.toLowerCase()) {
    report.warn(startOf(file), `Kubernetes knows only lower-case host names; name the file ${name.toLowerCase()}.yaml`);
  }
}

/** Other roles boot as well: a `linux` profile may have its own. Talos knows these two. */
function parseRole({ value, report, at }: Reading<MachineShape>): string {
  const role = value.role ?? 'worker';
  if (ROLES.includes(role)) return role;
  const nearest = nearestName(role, ROLES);
  const advice = nearest === undefined ? `expected ${ROLES.join(' or ')}` : `did you mean "${nearest}"?`;
  report.warn(at('role'), `role: ${quote(role)} is not known to Talos; ${advice}`);
  return role;
}

function parseProfileName({ value, report, at }: Reading<MachineShape>, profiles: Inventory['profiles']): string {
  const name = value.profile ?? 'talos';
  if (Object.hasOwn(profiles, name)) return name;
  const known = Object.keys(profiles);
  const nearest = nearestName(name, known);
  const advice = nearest === undefined ? `known: ${known.join(', ')}` : `did you mean "${nearest}"?`;
  report.error(at('profile'), `profile: ${quote(name)} is neither built in nor in _profiles.yaml; ${advice}`);
  return name;
}

/** Only a BMC puts a medium in, and IPMI knows none. */
function parseBoot({ value, report, at }: Reading<MachineShape>, bmc: BmcSpec | undefined): NodeSpec['boot'] {
  if (value.boot === 'secure-boot') {
    if (value.firmware === 'bios')
      report.error(at('firmware'), "firmware: Secure Boot is UEFI's; write firmware: http");
    return 'secureBoot';
  }
  if (value.boot !== 'virtual-media') return undefined;
  if (bmc === undefined)
    report.error(at('boot'), 'boot: virtual-media needs a bmc; write bmc: { url: https://10.21.7.33, … }');
  if (bmc?.url.startsWith('ipmi:') === true)
    report.error(at('boot'), 'boot: virtual-media needs Redfish; IPMI inserts no medium. Write https:// in bmc.url');
  return 'virtualMedia';
}

/** `tree` is the machine's file with the defaults of its folders already merged in. */
export function parseNode(
  file: string,
  tree: MapTree,
  { site, profiles }: Pick<Inventory, 'site' | 'profiles'>,
  report: Report,
): ParsedNode {
  const reading = readShape(machineShape, tree, report);
  const { value } = reading;
  const name = nodeName(file);
  checkName(name, file, report);
  const place = given({ rack: value.rack, unit: value.unit, height: value.height ?? 1, slot: value.slot });
  const bmc = parseBmc(reading);
  const node: NodeSpec = given({
    name,
    file,
    place,
    role: parseRole(reading),
    cluster: value.cluster,
    profile: parseProfileName(reading, profiles),
    identity: parseIdentity(reading, site),
    bmc,
    network: parseNetwork(reading, site),
    talos: parseTalos(reading, site),
    arch: value.arch ?? 'amd64',
    firmware: value.firmware,
    boot: parseBoot(reading, bmc),
    loader: value.loader,
    localBoot: value.localBoot ?? 'auto',
    protected: value.protected ?? false,
    firmwareReboot: value.firmwareReboot ?? false,
    labels: value.labels ?? {},
  });
  return { node, reading };
}

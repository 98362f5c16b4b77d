import { normaliseMac } from '../core/identity.ts';
import { given } from './given.ts';
import { cidrAround, parseIpv4, renderCidr } from './ipv4.ts';
import { splitArguments } from './parse-reference.ts';
import { parseTalosVersion } from './parse-talos.ts';
import { parseYamlStream } from './parse-yaml.ts';
import { hostNameFrom, type Imported, type NewFile, renderYaml } from './render-machine.ts';
import { createReport, quote, type Report } from './report.ts';
import { findTree, listAt, type MapTree, spotOf, startOf, wordAt, type YamlTree } from './yaml-tree.ts';

const SECTIONS = [
  ['controlPlane', 'controlplane'],
  ['worker', 'worker'],
] as const;

/** `pxeServerSpec` knows an address but no subnet: the usual size is taken, and said. */
const ASSUMED_PREFIX = 24;

function toSite(cluster: MapTree, name: string, report: Report): NewFile | undefined {
  const address = wordAt(cluster, 'spec', 'pxeServerSpec', 'address');
  const at = spotOf(cluster, ['spec', 'pxeServerSpec', 'address']);
  if (findTree(cluster, ['spec', 'pxeServerSpec']) === undefined) {
    report.warn(startOf(cluster.spot.file), 'no pxeServerSpec: no _site.yaml is written');
    return undefined;
  }
  const parsed = parseIpv4(address ?? '');
  if (parsed === undefined) {
    report.error(at, `pxeServerSpec.address ${quote(address ?? '')} is no IPv4 address; expected 10.0.0.1`);
    return undefined;
  }
  const subnet = renderCidr(cidrAround(parsed, ASSUMED_PREFIX));
  report.warn(
    at,
    `the subnet is taken to be ${subnet}; correct it in _site.yaml, and add pool: where DHCP is to hand out addresses`,
  );
  const network = given({ interface: wordAt(cluster, 'spec', 'pxeServerSpec', 'interface'), address, subnet });
  const versions = SECTIONS.map(([section]) => parseTalosVersion(wordAt(cluster, 'spec', section, 'version') ?? ''));
  const version = versions.find((one) => one !== undefined);
  const values = { site: name, networks: [network], talos: version === undefined ? undefined : { version } };
  return { path: '_site.yaml', text: renderYaml(values) };
}

function toTalos(cluster: MapTree, section: string, machine: YamlTree, report: Report): Record<string, unknown> {
  const written = wordAt(cluster, 'spec', section, 'version');
  const version = parseTalosVersion(written ?? '');
  if (written !== undefined && version === undefined) {
    report.error(
      spotOf(cluster, ['spec', section, 'version']),
      `version ${quote(written)} is no Talos version such as v1.13.0`,
    );
  }
  const disk =
    wordAt(machine, 'installDisk') ?? wordAt(cluster, 'spec', section, 'metalSpec', 'machineSpec', 'installDisk');
  const args = splitArguments(wordAt(machine, 'pxeClientSpec', 'kernelCmdlineArgs') ?? '');
  return given({
    version,
    disk: disk === undefined ? undefined : disk.includes('/by-id/') ? { byId: disk } : { path: disk },
    kernelArgs: args.length === 0 ? undefined : args,
  });
}

interface Member {
  readonly section: string;
  readonly role: string;
  readonly number: number;
  readonly tree: YamlTree;
}

/** The resource knows no host names: role and number within the cluster make one. */
function toMachine(cluster: MapTree, name: string, member: Member, report: Report): NewFile | undefined {
  const { section, role, number, tree } = member;
  const address = tree.kind === 'word' ? String(tree.value) : wordAt(tree, 'address');
  const mac = wordAt(tree, 'pxeClientSpec', 'macAddress');
  const known = normaliseMac(mac);
  if (mac === undefined) {
    report.error(
      tree.spot,
      `machine ${address ?? number} has no pxeClientSpec.macAddress: nothing to know it by; not imported`,
    );
    return undefined;
  }
  if (known === undefined) {
    report.error(
      spotOf(tree, ['pxeClientSpec', 'macAddress']),
      `macAddress ${quote(mac)} is no MAC address; not imported`,
    );
    return undefined;
  }
  if (address !== undefined && parseIpv4(address) === undefined) {
    report.error(spotOf(tree, ['address']), `address ${quote(address)} is no IPv4 address`);
  }
  const arch = wordAt(tree, 'pxeClientSpec', 'cpuArchitecture');
  if (arch !== undefined && arch !== 'amd64' && arch !== 'arm64') {
    report.error(
      spotOf(tree, ['pxeClientSpec', 'cpuArchitecture']),
      `cpuArchitecture ${quote(arch)}; expected amd64 or arm64`,
    );
  }
  const talos = toTalos(cluster, section, tree, report);
  const values = {
    role,
    cluster: name,
    arch: arch === 'arm64' || arch === 'amd64' ? arch : undefined,
    macs: [known],
    ip: address,
    talos: Object.keys(talos).length === 0 ? undefined : talos,
  };
  return { path: `${name}/${name.slice(0, 40)}-${role}-${number}.yaml`, text: renderYaml(values) };
}

/** Only `metal` sections have machines; clouds and containers make their own. */
function membersOf(cluster: MapTree, report: Report): Member[] {
  return SECTIONS.flatMap(([section, role]) => {
    const mode = wordAt(cluster, 'spec', section, 'mode');
    if (mode !== undefined && mode !== 'metal') {
      report.warn(
        spotOf(cluster, ['spec', section, 'mode']),
        `${section} has mode ${quote(mode)}: no machines to import`,
      );
      return [];
    }
    if (wordAt(cluster, 'spec', section, 'metalSpec', 'machineSpec', 'wipe') === 'true') {
      const at = spotOf(cluster, ['spec', section, 'metalSpec', 'machineSpec', 'wipe']);
      report.warn(at, 'wipe: true is left out: no file arms a machine');
    }
    return listAt(cluster, 'spec', section, 'metalSpec', 'machines').map((tree, index) => {
      return { section, role, number: index + 1, tree };
    });
  });
}

function checkTwins(members: readonly Member[], report: Report): void {
  const seen = new Set<string>();
  for (const { tree } of members) {
    for (const path of [['address'], ['pxeClientSpec', 'macAddress']]) {
      const value = wordAt(tree, ...path)?.toLowerCase();
      if (value === undefined) continue;
      if (seen.has(value)) report.error(spotOf(tree, path), `${value} belongs to two machines`);
      seen.add(value);
    }
  }
}

/** A `TalosCluster` of talos-operator: its PXE server as the site's network, its metal machines as files. */
export function parseTalosCluster(text: string, file = 'cluster.yaml'): Imported {
  const report = createReport();
  const clusters = parseYamlStream(file, text, report).filter((tree) => wordAt(tree, 'kind') === 'TalosCluster');
  if (clusters.length === 0) report.error(startOf(file), 'no document of kind TalosCluster here');
  if (clusters.length > 1)
    report.error(clusters[1]?.spot ?? startOf(file), 'more than one TalosCluster; import one at a time');
  const files: NewFile[] = [];
  for (const cluster of clusters.slice(0, 1)) {
    const name = hostNameFrom(wordAt(cluster, 'metadata', 'name') ?? '') ?? 'cluster';
    const members = membersOf(cluster, report);
    if (members.length === 0) report.error(startOf(file), 'no metalSpec.machines in controlPlane or worker');
    checkTwins(members, report);
    const site = toSite(cluster, name, report);
    const machines = members.map((member) => toMachine(cluster, name, member, report));
    files.push(...[site, ...machines].filter((one) => one !== undefined));
  }
  return { files, problems: report.problems };
}

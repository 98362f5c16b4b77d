import { normaliseMac, realName } from '../core/identity.ts';
import { given } from './given.ts';
import { parseYamlStream } from './parse-yaml.ts';
import { hostNameFrom, type Imported, type NewFile, renderYaml } from './render-machine.ts';
import { createReport, quote, type Report } from './report.ts';
import { listAt, type MapTree, spotOf, startOf, wordAt, type YamlTree } from './yaml-tree.ts';

/** Metal3's names of a BMC's driver. Those with WS-Man or iLO's own protocol reach a BMC that speaks Redfish as well. */
const REDFISH =
  /^(redfish(-virtualmedia|-uefihttp)?|idrac(-redfish|-virtualmedia)?|ilo[45]?(-redfish|-virtualmedia)?)$/;
const ARCH: Readonly<Record<string, string>> = { x86_64: 'amd64', amd64: 'amd64', aarch64: 'arm64', arm64: 'arm64' };
const FIRMWARE: Readonly<Record<string, string>> = { uefi: 'uefi', uefisecureboot: 'uefi', legacy: 'bios' };

/** A bare address is IPMI to Metal3. The path tells which system, where one BMC serves several. */
function parseBmcAddress(address: string): { url: string; system?: string } | undefined {
  const match = /^(?:([a-z0-9-]+)(?:\+(https?))?:\/\/)?(\[[0-9a-f:]+\]|[^/:@?#]+)(:\d+)?(\/[^?#]*)?$/i.exec(address);
  const [, driver = 'ipmi', scheme = 'https', host = '', port = '', path = ''] = match ?? [];
  if (host === '') return undefined;
  if (driver === 'ipmi') return { url: `ipmi://${host}${port}` };
  if (!REDFISH.test(driver)) return undefined;
  const system = path.replace(/\/+$/, '');
  return { url: `${scheme}://${host}${port}`, ...(system.includes('/Systems/') ? { system } : {}) };
}

/** The user of each `Secret` in the same text. Its password is never looked at. */
function usersOf(trees: readonly MapTree[]): ReadonlyMap<string, string> {
  const users = new Map<string, string>();
  for (const tree of trees) {
    const name = wordAt(tree, 'metadata', 'name');
    if (wordAt(tree, 'kind') !== 'Secret' || name === undefined) continue;
    const coded = wordAt(tree, 'data', 'username');
    const user =
      wordAt(tree, 'stringData', 'username') ?? (coded && Buffer.from(coded, 'base64').toString('utf8').trim());
    if (user) users.set(name, user);
  }
  return users;
}

function toBmc(host: MapTree, users: ReadonlyMap<string, string>, report: Report): Record<string, unknown> | undefined {
  const address = wordAt(host, 'spec', 'bmc', 'address');
  if (address === undefined) return undefined;
  const parsed = parseBmcAddress(address);
  const at = spotOf(host, ['spec', 'bmc', 'address']);
  if (parsed === undefined) {
    report.error(
      at,
      `bmc.address ${quote(address)} is not supported; expected redfish://10.21.7.33/redfish/v1/Systems/1`,
    );
    return undefined;
  }
  const secret = wordAt(host, 'spec', 'bmc', 'credentialsName');
  const user = secret === undefined ? undefined : users.get(secret);
  const stem = (secret ?? 'bmc').toUpperCase().replace(/[^A-Z0-9]+/g, '_');
  const name = `${/^\d/.test(stem) ? 'BMC_' : ''}${stem}_PASSWORD`;
  const what = user === undefined ? 'username and password are' : 'the password is';
  const where = secret === undefined ? 'not named here' : `in the Secret ${quote(secret)}`;
  report.warn(at, `${what} ${where}; check bmc.username and set ${name}, or write another reference`);
  return { ...parsed, username: user ?? 'admin', password: `env:${name}` };
}

/** WWNs are `0x5000…` for Metal3 and `naa.5000…` for Talos. */
const toWwid = (wwn: string): string => wwn.replace(/^0x/i, 'naa.').toLowerCase();

/** Root device hints, as far as Talos has a selector for them. What has none is said, never guessed. */
function toDisk(host: MapTree, report: Report): Record<string, string> | undefined {
  const hint = (key: string) => wordAt(host, 'spec', 'rootDeviceHints', key);
  const wwn = hint('wwnWithExtension') ?? hint('wwn');
  const device = hint('deviceName');
  const isById = device?.startsWith('/dev/disk/by-id/') ?? false;
  const minimum = hint('minSizeGigabytes');
  const model = hint('model');
  for (const key of [
    'hctl',
    'vendor',
    'wwnVendorExtension',
    ...(hint('rotational') === 'false' ? ['rotational'] : []),
  ]) {
    if (hint(key) === undefined) continue;
    report.warn(
      spotOf(host, ['spec', 'rootDeviceHints', key]),
      `rootDeviceHints.${key} has no match in Talos; left out`,
    );
  }
  const disk = given({
    serial: hint('serialNumber'),
    wwid: wwn === undefined ? undefined : toWwid(wwn),
    byId: isById ? device : undefined,
    path: isById ? undefined : device?.startsWith('/dev/disk/by-path/') ? undefined : device,
    // Metal3 looks for the words anywhere in the model, Talos matches a pattern.
    model: model === undefined ? undefined : `*${model}*`,
    size: minimum === undefined ? undefined : `>= ${minimum}GiB`,
    type: hint('rotational') === 'true' ? 'hdd' : undefined,
  });
  if (device?.startsWith('/dev/disk/by-path/')) {
    report.warn(
      spotOf(host, ['spec', 'rootDeviceHints', 'deviceName']),
      'a by-path link is not kept; write busPath or serial',
    );
  }
  return Object.keys(disk).length === 0 ? undefined : disk;
}

/** The MAC to boot from first, then those that Metal3's inspection found. */
function macsOf(host: MapTree, report: Report): string[] {
  const boot = wordAt(host, 'spec', 'bootMACAddress');
  const at = spotOf(host, ['spec', 'bootMACAddress']);
  const first = normaliseMac(boot);
  if (boot !== undefined && first === undefined) report.error(at, `bootMACAddress ${quote(boot)} is no MAC address`);
  const found = listAt(host, 'status', 'hardware', 'nics').map((nic) => normaliseMac(wordAt(nic, 'mac')));
  return [...new Set([first, ...found])].filter((mac) => mac !== undefined);
}

function toFile(host: MapTree, users: ReadonlyMap<string, string>, report: Report): NewFile | undefined {
  const name = hostNameFrom(wordAt(host, 'metadata', 'name') ?? '');
  if (name === undefined) {
    report.error(spotOf(host, ['metadata']), 'this BareMetalHost has no metadata.name');
    return undefined;
  }
  const macs = macsOf(host, report);
  const serial = realName(wordAt(host, 'status', 'hardware', 'systemVendor', 'serialNumber'));
  if (macs.length === 0 && serial === undefined) {
    report.error(
      spotOf(host, ['spec']),
      `${name}: neither bootMACAddress nor inspected hardware: nothing to know it by`,
    );
  }
  const cpu = wordAt(host, 'spec', 'architecture') ?? wordAt(host, 'status', 'hardware', 'cpu', 'arch') ?? '';
  const disk = toDisk(host, report);
  const values = {
    arch: ARCH[cpu] === 'arm64' ? 'arm64' : undefined,
    firmware: FIRMWARE[(wordAt(host, 'spec', 'bootMode') ?? '').toLowerCase()],
    macs,
    serial,
    bmc: toBmc(host, users, report),
    talos: disk === undefined ? undefined : { disk },
  };
  return { path: `${name}.yaml`, text: renderYaml(values) };
}

const isMapTree = (tree: YamlTree): tree is MapTree => tree.kind === 'map';

/** Metal3 `BareMetalHost` documents, a `List` of them, and the `Secret`s that name their users. */
export function parseBareMetalHosts(text: string, file = 'hosts.yaml'): Imported {
  const report = createReport();
  const trees = parseYamlStream(file, text, report).flatMap((tree) =>
    /List$/.test(wordAt(tree, 'kind') ?? '') ? listAt(tree, 'items').filter(isMapTree) : [tree],
  );
  const users = usersOf(trees);
  const hosts = trees.filter((tree) => wordAt(tree, 'kind') === 'BareMetalHost');
  if (hosts.length === 0) report.error(startOf(file), 'no document of kind BareMetalHost here');
  const files = new Map<string, NewFile>();
  for (const host of hosts) {
    const made = toFile(host, users, report);
    if (made === undefined) continue;
    if (files.has(made.path)) report.error(spotOf(host, ['metadata', 'name']), `${made.path} would be written twice`);
    else files.set(made.path, made);
  }
  return { files: [...files.values()], problems: report.problems };
}

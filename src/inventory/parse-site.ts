import type { SiteSpec } from '../core/spec.ts';
import { checkKeys } from './check-keys.ts';
import { liftFlatKeys } from './flat-keys.ts';
import { given } from './given.ts';
import { mergeLayers } from './merge-layers.ts';
import { isHost } from './parse-network.ts';
import { parseDocumentRef } from './parse-reference.ts';
import { explainSchematic, parseSchematicId } from './parse-schematic.ts';
import { checkNetworks, parseSubnet } from './parse-subnet.ts';
import { explainVersion, parseTalosVersion } from './parse-talos.ts';
import { parseUplink } from './parse-uplink.ts';
import { type Reading, readShape } from './read-shape.ts';
import { quote, type Report } from './report.ts';
import { type SiteShape, siteShape } from './site-shape.ts';
import { emptyMap, type MapTree } from './yaml-tree.ts';

const PORTS = { dhcp: 67, proxy: 4011, tftp: 69, http: 80, events: 4002, kernelLog: 4001 } as const;
/** Debian 12's ipxe.efi hangs on `exit` under OVMF: a machine that is sent to its disk would never get there. */
const LOADERS = { bios: 'undionly.kpxe', uefi: 'snponly.efi', arm64: 'ipxe-arm64.efi' } as const;
const FACTORY = 'https://factory.talos.dev';
/** The schematic without extensions: the SHA-256 of `customization: {}`. */
const VANILLA = '376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba';

const UDP = ['dhcp', 'proxy', 'tftp'] as const;
const TCP = ['http', 'events', 'kernelLog'] as const;

const HABITS: Readonly<Record<string, string>> = {
  interface: 'write it as one of the networks: networks: [{ interface: eth1, subnet: 10.77.0.0/24 }]',
  subnet: 'write it as one of the networks: networks: [{ interface: eth1, subnet: 10.77.0.0/24 }]',
  range: 'did you mean "pool"?',
  router: 'did you mean "gateway"?',
  name: 'did you mean "site"?',
  bandwidth: 'did you mean "uplink"? uplink: 10G, or uplink: { site: 10G, rack: 1G }',
};

/** A number may serve once for UDP and once for TCP, never two servers of one kind. */
function parsePorts({ value, report, at }: Reading<SiteShape>): SiteSpec['ports'] {
  const ports = { ...PORTS, ...given(value.ports ?? {}) };
  for (const group of [UDP, TCP] as const) {
    for (const [index, name] of group.entries()) {
      const twin = group.slice(0, index).find((other) => ports[other] === ports[name]);
      if (twin === undefined) continue;
      const which = value.ports?.[name] === undefined ? twin : name;
      report.error(at('ports', which), `ports: ${twin} and ${name} are both ${ports[name]}`);
    }
  }
  return ports;
}

function parseSiteTalos({ value, report, at }: Reading<SiteShape>): SiteSpec['talos'] {
  const talos = value.talos ?? {};
  const version = talos.version === undefined ? undefined : parseTalosVersion(talos.version);
  if (talos.version !== undefined && version === undefined) {
    report.error(at('talos', 'version'), `talos.version: ${explainVersion(talos.version)}`);
  }
  const schematic = parseSchematicId(talos.schematic ?? VANILLA);
  if (schematic === undefined) {
    report.error(
      at('talos', 'schematic'),
      `talos.schematic: ${explainSchematic(talos.schematic ?? '')}; extensions are written in _defaults.yaml`,
    );
  }
  const factory = talos.factory ?? FACTORY;
  if (!URL.canParse(factory) || !/^https?:$/.test(new URL(factory).protocol)) {
    report.error(at('talos', 'factory'), `talos.factory: ${quote(factory)} is no URL; expected ${FACTORY}`);
  }
  return given({ version, schematic, factory: factory.replace(/\/+$/, '') });
}

/** IPv6 addresses stand in brackets, as in a URL. */
function checkMetrics({ value, report, at }: Reading<SiteShape>): void {
  if (value.metrics === undefined) return;
  const match = /^(.*):(\d{1,5})$/.exec(value.metrics);
  const host = (match?.[1] ?? '').replace(/^\[(.*)\]$/, '$1');
  if (match !== null && isHost(host) && Number(match[2]) > 0 && Number(match[2]) < 65536) return;
  report.error(
    at('metrics'),
    `metrics: ${quote(value.metrics)}; expected an address and a port, such as 127.0.0.1:9470`,
  );
}

const WITHOUT_SITE =
  'no _site.yaml: nothing is served on any network; to serve DHCP write networks: [{ interface: eth1, ' +
  'address: 10.77.0.1, dhcp: authoritative, subnet: 10.77.0.0/24, pool: 10.77.0.100-10.77.0.199 }]';

/** `tree` is undefined where there is no `_site.yaml`: a site with all defaults, and a warning that says what to write. */
export function parseSite(tree: MapTree | undefined, report: Report, file = '_site.yaml'): SiteSpec {
  const lifted = liftFlatKeys(tree ?? emptyMap(file), report);
  checkKeys(lifted, siteShape, report, { habits: HABITS });
  const reading = readShape(siteShape, mergeLayers(emptyMap(file), lifted), report);
  const { value, at } = reading;
  const written = value.networks ?? [];
  if (tree === undefined) report.warn(at(), WITHOUT_SITE);
  else if (written.length === 0 && !reading.isBroken('networks')) {
    const lacks = tree.entries.size === 0 ? 'the file is empty' : 'no networks';
    report.warn(at('networks'), WITHOUT_SITE.replace('no _site.yaml', lacks));
  }
  const networks = written.map((_, index) => parseSubnet(reading, index));
  checkNetworks(reading, networks);
  checkMetrics(reading);
  if (value.unknown === 'discover' && value.talos?.version === undefined && !reading.isBroken('talos'))
    report.warn(at('unknown'), 'discover boots Talos, and no version is named: write talos: { version: v1.13.9 }');
  const talosconfig = value.talosconfig === undefined ? undefined : parseDocumentRef(value.talosconfig);
  if (talosconfig?.ok === false) report.error(at('talosconfig'), `talosconfig: ${talosconfig.error}`);
  return given({
    site: value.site ?? 'site',
    networks: networks.filter((network) => network !== undefined),
    ports: parsePorts(reading),
    uplink: parseUplink(reading),
    metrics: value.metrics,
    threads: value.threads,
    stateDir: value.stateDir,
    assetsDir: value.assetsDir,
    loaders: { ...LOADERS, ...given(value.loaders ?? {}) },
    talos: parseSiteTalos(reading),
    unknown: value.unknown ?? 'note',
    allowDiskPath: value.allowDiskPath ?? false,
    talosconfig: talosconfig?.ok ? talosconfig.value : undefined,
  });
}

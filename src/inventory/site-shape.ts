import * as v from 'valibot';
import { choice, dhcpOptions, flag, longText, map, text, textList, whole } from './shape-words.ts';

const routeShape = map(
  { to: v.optional(text('10.80.0.0/16')), via: v.optional(text('10.77.0.1')) },
  '{ to: 10.80.0.0/16, via: 10.77.0.1 }',
);

const subnetShape = map(
  {
    interface: v.optional(text('eth1')),
    relay: v.optional(text('10.20.0.1')),
    address: v.optional(text('10.77.0.1')),
    dhcp: v.optional(choice(['authoritative', 'proxy', 'off'])),
    subnet: v.optional(text('10.77.0.0/24')),
    pool: v.optional(text('10.77.0.100-10.77.0.199')),
    gateway: v.optional(text('10.77.0.1')),
    dns: v.optional(textList('10.77.0.1')),
    ntp: v.optional(textList('10.77.0.1')),
    domain: v.optional(text('lab.example')),
    routes: v.optional(v.array(routeShape, 'expected a list, such as [{ to: 10.80.0.0/16, via: 10.77.0.1 }]')),
    lease: v.optional(text('12h')),
    options: v.optional(dhcpOptions),
    answerAfter: v.optional(whole(0, 255, 4)),
    dedicated: v.optional(flag),
    snooping: v.optional(flag),
  },
  '{ interface: eth1, subnet: 10.77.0.0/24 }',
);

export type SubnetShape = v.InferOutput<typeof subnetShape>;

const port = (example: number) => v.optional(whole(1, 65535, example));

const isMap = (input: unknown): boolean => typeof input === 'object' && input !== null && !Array.isArray(input);

const uplinkShape = map(
  {
    site: v.optional(text('10G')),
    rack: v.optional(text('1G')),
    racks: v.optional(v.record(v.string(), text('2.5G'), 'expected a map, such as { r07: 2.5G }')),
  },
  '{ site: 10G, rack: 1G }',
);

export const siteShape = map(
  {
    site: v.optional(text('lab')),
    networks: v.optional(
      v.array(subnetShape, 'expected a list of networks, such as [{ interface: eth1, subnet: 10.77.0.0/24 }]'),
    ),
    ports: v.optional(
      map(
        {
          dhcp: port(67),
          proxy: port(4011),
          tftp: port(69),
          http: port(80),
          events: port(4002),
          kernelLog: port(4001),
        },
        '{ http: 8080 }',
      ),
    ),
    uplink: v.optional(v.lazy((input) => (isMap(input) ? uplinkShape : text('10G')))),
    metrics: v.optional(text('127.0.0.1:9470')),
    threads: v.optional(whole(0, 64, 2)),
    stateDir: v.optional(text('../state')),
    assetsDir: v.optional(text('../assets')),
    loaders: v.optional(
      map(
        {
          bios: v.optional(text('undionly.kpxe')),
          uefi: v.optional(text('ipxe.efi')),
          arm64: v.optional(text('ipxe-arm64.efi')),
        },
        '{ uefi: snponly.efi }',
      ),
    ),
    talos: v.optional(
      map(
        {
          version: v.optional(text('v1.13.9')),
          schematic: v.optional(text('376567988ad3… (64 hex digits)')),
          factory: v.optional(text('https://factory.talos.dev')),
        },
        '{ version: v1.13.9 }',
      ),
    ),
    unknown: v.optional(choice(['note', 'discover'])),
    allowDiskPath: v.optional(flag),
    talosconfig: v.optional(longText('file:~/.talos/config')),
  },
  '{ site: lab }',
);

export type SiteShape = v.InferOutput<typeof siteShape>;

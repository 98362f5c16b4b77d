import * as v from 'valibot';
import { choice, dhcpOptions, flag, longText, map, phraseList, text, textList, whole } from './shape-words.ts';

/** Every key that a machine's file or `_defaults.yaml` may hold, after the article's flat keys found their place. */

const diskShape = map(
  {
    serial: v.optional(text('S6CKNE0T')),
    wwid: v.optional(text('eui.0025388b01b2b3c4')),
    byId: v.optional(text('/dev/disk/by-id/nvme-eui.0025388b01b2b3c4')),
    path: v.optional(text('/dev/nvme0n1')),
    model: v.optional(text('"SAMSUNG MZ*"')),
    type: v.optional(choice(['ssd', 'hdd', 'nvme', 'sd'])),
    size: v.optional(text('">= 900GB"')),
    busPath: v.optional(text('/pci0000:00/0000:00:17.0/ata1')),
  },
  '{ serial: S6CKNE0T }',
);

/** The shorthand `disk: /dev/…`; a by-id link names one disk, any other path may not. */
const diskPath = v.pipe(
  text('/dev/disk/by-id/…'),
  v.transform((path): v.InferOutput<typeof diskShape> => (path.includes('/by-id/') ? { byId: path } : { path })),
);

const overlayShape = map(
  {
    image: v.optional(text('siderolabs/sbc-raspberrypi')),
    name: v.optional(text('rpi_generic')),
    options: v.optional(
      v.record(v.string(), v.union([v.string(), v.number(), v.boolean()]), 'expected a map, such as { configTxt: … }'),
    ),
  },
  '{ name: rpi_generic, image: siderolabs/sbc-raspberrypi }',
);

const META_KEY = 'expected a whole number from 0 to 255, such as 10 or 0x0a';
/** The documentation of Talos writes META keys in hex. */
const metaKey = v.pipe(
  v.union([v.number(), v.pipe(v.string(), v.regex(/^(0x[0-9a-f]{1,2}|[0-9]{1,3})$/i), v.transform(Number))], META_KEY),
  v.integer(META_KEY),
  v.minValue(0, META_KEY),
  v.maxValue(255, META_KEY),
);

const metaShape = map({ key: v.optional(metaKey), value: v.optional(longText('…')) }, '{ key: 10, value: … }');

const customizedShape = map(
  {
    extensions: v.optional(textList('siderolabs/iscsi-tools')),
    kernelArgs: v.optional(phraseList('console=ttyS1')),
    meta: v.optional(v.array(metaShape, 'expected a list, such as [{ key: 10, value: … }]')),
    overlay: v.optional(overlayShape),
  },
  '{ extensions: [siderolabs/iscsi-tools], kernelArgs: [console=ttyS1] }',
);

/** An id, a list of extensions, or a map of everything that the image factory adds. */
const schematicShape = v.lazy(
  (input): v.GenericSchema<unknown, string | string[] | v.InferOutput<typeof customizedShape>> => {
    if (Array.isArray(input)) return v.array(text('siderolabs/iscsi-tools'));
    return input !== null && typeof input === 'object' ? customizedShape : text('376567988ad3… (64 hex digits)');
  },
);

const talosShape = map(
  {
    version: v.optional(text('v1.13.9')),
    schematic: v.optional(schematicShape),
    extensions: v.optional(textList('siderolabs/iscsi-tools')),
    kernelArgs: v.optional(phraseList('console=ttyS0')),
    kernelArgsReplace: v.optional(flag),
    disk: v.optional(v.lazy((input) => (input !== null && typeof input === 'object' ? diskShape : diskPath))),
    config: v.optional(longText('_talos/worker.yaml')),
    patches: v.optional(phraseList('_talos/patch.yaml')),
    install: v.optional(flag),
  },
  '{ version: v1.13.9 }',
);

const bmcTlsShape = map(
  { ca: v.optional(longText('_bmc-ca.pem')), name: v.optional(text('bmc-33.mgmt.example')) },
  '{ ca: _bmc-ca.pem }',
);

const bmcShape = map(
  {
    url: v.optional(text('https://10.21.7.33')),
    username: v.optional(text('admin')),
    password: v.optional(longText('env:BMC_PASSWORD')),
    fingerprint: v.optional(text('AA:BB:… (SHA-256)')),
    system: v.optional(text('/redfish/v1/Systems/1')),
    tlsMinVersion: v.optional(choice(['TLSv1', 'TLSv1.1', 'TLSv1.2'])),
    tls: v.optional(bmcTlsShape),
  },
  '{ url: https://10.21.7.33, username: admin, password: env:BMC_PASSWORD }',
);

const bondShape = map(
  {
    name: v.optional(text('bond0')),
    links: v.optional(textList('eth0, eth1')),
    mode: v.optional(text('802.3ad')),
    options: v.optional(v.record(v.string(), text('802.3ad'), 'expected a map, such as { mode: 802.3ad }')),
    mtu: v.optional(whole(576, 9216, 9000)),
  },
  '{ links: [eth0, eth1], mode: 802.3ad }',
);

export const machineShape = map(
  {
    rack: v.optional(text('r07')),
    unit: v.optional(whole(1, 100, 33)),
    height: v.optional(whole(1, 60, 1)),
    slot: v.optional(text('A')),
    role: v.optional(text('worker')),
    cluster: v.optional(text('prod')),
    profile: v.optional(text('talos')),
    macs: v.optional(textList('52:54:00:0a:21:01')),
    uuid: v.optional(text('4c4c4544-0056-3510-8052-b4c04f4b5131')),
    serial: v.optional(text('CZJ2140K9P')),
    boardSerial: v.optional(text('OM23AS004711')),
    asset: v.optional(text('A-10023')),
    switchPort: v.optional(text('Ethernet1/7')),
    bmc: v.optional(bmcShape),
    ip: v.optional(text('10.77.0.33')),
    netmask: v.optional(text('255.255.255.0')),
    prefix: v.optional(whole(1, 32, 24)),
    gateway: v.optional(text('10.77.0.1')),
    vlan: v.optional(whole(1, 4094, 120)),
    bond: v.optional(bondShape),
    interface: v.optional(text('eth0')),
    dns: v.optional(textList('10.77.0.1')),
    dns0: v.optional(text('10.77.0.1')),
    dns1: v.optional(text('10.77.0.2')),
    ntp: v.optional(textList('10.77.0.1')),
    domain: v.optional(text('lab.example')),
    options: v.optional(dhcpOptions),
    talos: v.optional(talosShape),
    arch: v.optional(choice(['amd64', 'arm64'])),
    firmware: v.optional(choice(['bios', 'uefi', 'http'])),
    boot: v.optional(choice(['network', 'virtual-media', 'secure-boot'])),
    loader: v.optional(text('ipxe.efi')),
    localBoot: v.optional(choice(['auto', 'exit', 'sanboot', 'notFound', 'silence'])),
    protected: v.optional(flag),
    firmwareReboot: v.optional(flag),
    labels: v.optional(v.record(v.string(), text('room-2'), 'expected a map, such as { room: room-2 }')),
  },
  '{ serial: CZJ2140K9P }',
);

export type MachineShape = v.InferOutput<typeof machineShape>;

/** Keys that exist only to be read as another one; they are as well known as the rest. */
export const FLAT_KEYS = ['schematicID', 'talosVersion', 'kernelArgs', 'install'] as const;

import { expect, test } from 'vitest';
import { bootWay, wayText } from '../../src/cli/boot-way.ts';
import type { BmcIdentity } from '../../src/core/bmc.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { nodeWith, phaseOf, specOf, withoutBmc } from '../core/kit.ts';

const BMC = specOf('node-01').bmc;
const at = (url: string): Partial<NodeSpec> => (BMC === undefined ? {} : { bmc: { ...BMC, url } });
const told = (changes: Partial<BmcIdentity>): BmcIdentity => ({
  vendor: 'Dell',
  macs: [],
  drives: [],
  bootTargets: ['pxe', 'uefiHttp'],
  canInsertMedia: true,
  ...changes,
});

const wayOf = (spec: NodeSpec, bmc?: BmcIdentity) =>
  bootWay(nodeWith(phaseOf('idle', {}), bmc === undefined ? {} : { seen: { bmc } }, spec));

test.each([
  ['by PXE', { firmware: 'uefi' }, told({}), 'PXE, by its BMC', { target: 'Pxe', enabled: 'Once', mode: 'UEFI' }, []],
  [
    'by PXE of a BIOS',
    { firmware: 'bios' },
    told({}),
    'PXE, by its BMC',
    { target: 'Pxe', enabled: 'Once', mode: 'Legacy' },
    [],
  ],
  ['as its firmware stands', {}, told({}), 'PXE, by its BMC', { target: 'Pxe', enabled: 'Once' }, []],
  [
    'by HTTP',
    { firmware: 'http' },
    told({}),
    'UEFI HTTP boot, by its BMC',
    { target: 'UefiHttp', enabled: 'Once', mode: 'UEFI' },
    [],
  ],
  [
    'by PXE where its BMC knows no HTTP',
    { firmware: 'http' },
    told({ bootTargets: ['pxe'] }),
    'PXE, by its BMC',
    { target: 'Pxe', enabled: 'Once', mode: 'UEFI' },
    ['its BMC offers no UEFI HTTP boot: it would boot by PXE'],
  ],
  [
    'by a virtual medium',
    { firmware: 'uefi', boot: 'virtualMedia' },
    told({}),
    'iPXE as a virtual medium, by its BMC',
    { target: 'Cd', enabled: 'Once', mode: 'UEFI' },
    [],
  ],
  [
    'by a medium that its BMC does not take',
    { firmware: 'uefi', boot: 'virtualMedia' },
    told({ canInsertMedia: false }),
    'iPXE as a virtual medium, by its BMC',
    { target: 'Cd', enabled: 'Once', mode: 'UEFI' },
    ['its BMC says that it takes no image (often for want of a licence)'],
  ],
  [
    'by a medium over IPMI, which has none',
    { boot: 'virtualMedia', ...at('ipmi://10.0.0.9') },
    undefined,
    'iPXE as a virtual medium, by its BMC',
    { target: 'Cd', enabled: 'Once' },
    ['IPMI inserts no medium: write an https:// address in bmc.url'],
  ],
  [
    'by a BMC of which nothing was read',
    { firmware: 'uefi' },
    undefined,
    'PXE, by its BMC',
    { target: 'Pxe', enabled: 'Once', mode: 'UEFI' },
    ['nothing was read of its BMC yet: what it offers is not known'],
  ],
] as const satisfies readonly (readonly [
  string,
  Partial<NodeSpec>,
  BmcIdentity | undefined,
  string,
  object,
  readonly string[],
])[])('a machine is booted %s', (_, changes, bmc, text, override, warnings) => {
  const way = wayOf(specOf('node-01', changes), bmc);
  expect(wayText(way)).toBe(text);
  expect(way.override).toEqual(override);
  expect(way.warnings).toEqual(warnings);
});

test('a medium is inserted before the override and ejected after it', () => {
  const { steps } = wayOf(specOf('node-01', { firmware: 'uefi', boot: 'virtualMedia' }), told({}));
  expect(steps).toEqual([
    'iPXE is inserted as a virtual medium, once the gate lets this job boot',
    'boot override Cd, Once, UEFI: set and read back',
    'power cycle, or on where it is off; read back',
    'medium ejected when the job ends',
    'override cleared when the job ends',
  ]);
});

test('without a BMC a person is asked, after a wake-up packet where there is a MAC', () => {
  const bare = withoutBmc(specOf('node-01'));
  expect(wayText(wayOf(bare))).toBe('PXE, woken by LAN or by hand');
  expect(wayOf(bare).steps).toEqual([
    'a wake-up packet is sent to 52:54:00:00:00:01, which helps where it is off',
    'a person power-cycles r7 U1 (node-01) and chooses network boot (often F12); the wire is the proof',
  ]);
  const nameless = wayOf({ ...bare, identity: { macs: [], serial: 'X' }, boot: 'virtualMedia' });
  expect([nameless.by, nameless.steps.length, nameless.warnings.length]).toEqual(['person', 1, 1]);
});

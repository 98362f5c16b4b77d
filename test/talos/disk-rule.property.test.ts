import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SeenDisk } from '../../src/core/seen.ts';
import type { DiskRule } from '../../src/core/spec.ts';
import { type DiskFacts, matchesExpression } from '../../src/sim/talos/match-expression.ts';
import { selectorExpression } from '../../src/sim/talos/selector-expression.ts';
import { diskRuleNamesOne, matchesDisk } from '../../src/talos/disk-rule.ts';
import { hardwareOf } from '../../src/talos/hardware.ts';
import { diskMatchExpression, machineInstallFields } from '../../src/talos/install-disk.ts';

/**
 * What an operator confirms is what the check says; what is erased is what Talos makes of the served text. Both are run
 * here over the same disks: the check over what an inspection records of them, Talos' side over all that Talos knows.
 */

const SERIALS = ['', 'S1', 'S2', 'S1-2', '0000000000'];
const WWIDS = ['', 'naa.5001', 'naa.5002', 'eui.1'];
const MODELS = ['', 'MZ7L3', 'MZQL2', 'ST4000', 'CARD/READER "x" && y'];
const PATHS = ['', '/pci0000:00/ata1', '/pci0000:00/ata2', '/pci0000:01/nvme'];
const SIZES = [32e9, 480_103_981_056, 960e9, 4e12];
const link = (at: number) => `/dev/disk/by-id/disk-${at}`;

const aDisk = fc.record({
  serial: fc.constantFrom(...SERIALS),
  wwid: fc.constantFrom(...WWIDS),
  model: fc.constantFrom(...MODELS),
  bus_path: fc.constantFrom(...PATHS),
  size: fc.constantFrom(...SIZES),
  transport: fc.constantFrom('sata', 'sata', 'sas', 'nvme', 'nvme', 'mmc', 'usb', 'virtio', ''),
  rotational: fc.boolean(),
  readonly: fc.constantFrom(false, false, false, true),
  cdrom: fc.constantFrom(false, false, false, true),
  hasLink: fc.boolean(),
});

type WireDisk = Omit<typeof aDisk extends fc.Arbitrary<infer D> ? D : never, 'hasLink'>;

const patternOf = (texts: readonly string[]) =>
  fc.constantFrom(...texts.flatMap((text) => [text, `${text}*`, `*${text}`, `${text.slice(0, 2)}*${text.slice(-1)}`]));

const KEYS = ['serial', 'wwid', 'model', 'busPath', 'type', 'type', 'size', 'path', 'byId'] as const;

/** One field to three of them: more would match nothing. */
const aRule = fc
  .tuple(
    fc.subarray([...KEYS], { minLength: 1, maxLength: 3 }),
    fc.record({
      serial: patternOf(SERIALS),
      wwid: patternOf(WWIDS),
      model: patternOf(MODELS),
      busPath: patternOf(PATHS),
      type: fc.constantFrom('ssd' as const, 'hdd' as const, 'nvme' as const, 'sd' as const),
      size: fc.constantFrom('>= 900GB', '<= 1TB', '> 480gb', '< 4TB', '== 4TB', '960 GB', '>=1.5 TiB', '== 4TiB'),
      path: fc.constantFrom('/dev/disk0', '/dev/disk2'),
      byId: fc.constantFrom(link(0), link(1), link(9)),
    }),
  )
  .map(([keys, all]): DiskRule => Object.fromEntries(keys.map((key) => [key, all[key]])));

interface Found {
  readonly name: string;
  readonly facts: DiskFacts;
}

/** The names of the disks for which the served text holds; `undefined` where nothing would be served. */
function servedTo(rule: DiskRule, disks: readonly Found[], form: '1.13' | '1.14'): readonly string[] | undefined {
  const fields = form === '1.13' ? machineInstallFields(rule) : undefined;
  if (fields?.ok === false) return undefined;
  if (fields?.ok === true && 'disk' in fields.value) {
    const { disk } = fields.value;
    return disks.filter(({ facts }) => facts.texts.dev_path === disk || facts.symlinks.includes(disk)).map(nameOf);
  }
  const text = fields?.ok === true ? selectorExpression(selectorIn(fields.value)) : diskMatchExpression(rule);
  if (!text.ok) throw new Error(text.error);
  return disks.filter((disk) => holds(text.value, disk.facts)).map(nameOf);
}

const nameOf = (disk: Found) => disk.name;
const selectorIn = (fields: object): Readonly<Record<string, string>> =>
  'diskSelector' in fields ? (fields.diskSelector as Readonly<Record<string, string>>) : {};

function holds(text: string, facts: DiskFacts): boolean {
  const held = matchesExpression(text, facts);
  if (!held.ok) throw new Error(held.error);
  return held.value;
}

const NOTHING = { system: [], processors: [], memory: [], volumes: [], systemDisk: [], links: [] };

/** What an inspection records of a disk. The decoder reads each sort of disk once: thousands of YAML texts take minutes. */
function createRecorder() {
  const sorts = new Map<string, readonly SeenDisk[]>();
  return (id: string, disk: WireDisk, symlinks: readonly string[]): SeenDisk[] => {
    const { transport, rotational, readonly, cdrom, serial, wwid, model, bus_path, size } = disk;
    const yaml = JSON.stringify({ transport, rotational, readonly, cdrom });
    const sort = sorts.get(yaml) ?? hardwareOf({ ...NOTHING, disks: [{ id, yaml }] }).disks;
    sorts.set(yaml, sort);
    const texts = Object.entries({ serial, wwid, model, busPath: bus_path }).filter(([, text]) => text !== '');
    const byId = symlinks.filter((one) => one.startsWith('/dev/disk/by-id/'));
    return sort.map((one) => ({ ...one, name: id, sizeBytes: size, byId, ...Object.fromEntries(texts) }));
  };
}

test.each(['1.13', '1.14'] as const)(
  'what %s is served never matches a disk that was not confirmed',
  (form) => {
    const recorded = createRecorder();
    let sure = 0;
    const types = new Set<string>();
    fc.assert(
      fc.property(fc.array(aDisk, { minLength: 1, maxLength: 5 }), aRule, fc.boolean(), (made, rule, allowPath) => {
        const disks = made.map(({ hasLink, ...disk }, at) => ({
          id: `disk${at}`,
          disk,
          symlinks: hasLink ? [link(at), '/dev/disk/by-path/x'] : [],
        }));
        const seen = disks.flatMap(({ id, disk, symlinks }) => recorded(id, disk, symlinks));
        fc.pre(seen.length > 0);
        const verdict = diskRuleNamesOne(rule, seen, allowPath);
        if (!verdict.ok) return;
        const found = disks.map(({ id, disk, symlinks }): Found => {
          const { serial, wwid, model, bus_path, transport, size, rotational, readonly, cdrom } = disk;
          const texts = { serial, wwid, model, bus_path, transport, dev_path: `/dev/${id}` };
          return { name: id, facts: { texts, flags: { rotational, readonly, cdrom }, sizeBytes: size, symlinks } };
        });
        const [named] = seen.filter((disk) => matchesDisk(rule, disk));
        expect(verdict.value).toContain(`: ${named?.name}`);
        const served = servedTo(rule, found, form);
        if (served === undefined) return;
        sure++;
        if (rule.type !== undefined) types.add(rule.type);
        // Of a type that is none of the four it may be none at all, and then Talos says that it found no disk.
        if (named?.type === 'unknown' && served.length === 0) return;
        expect(served).toEqual([named?.name]);
      }),
      { numRuns: 1500 },
    );
    expect([...types].sort()).toEqual(['hdd', 'nvme', 'sd', 'ssd']);
    expect(sure).toBeGreaterThan(50);
  },
  60_000,
);

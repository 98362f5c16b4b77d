import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { diskFacts, matchesExpression } from '../../../src/sim/talos/match-expression.ts';
import { parseCmdline } from '../../../src/sim/talos/parse-cmdline.ts';
import { parseSimConfig } from '../../../src/sim/talos/sim-config.ts';

const disk = {
  name: 'nvme0n1',
  serial: 'S6CKNE0T',
  sizeBytes: 480e9,
  model: 'SAMSUNG MZQ',
  type: 'nvme' as const,
  wwid: 'eui.1',
  byId: ['/dev/disk/by-id/nvme-eui.1'],
};

describe('disk expressions', () => {
  test.each([
    ['a serial', 'disk.serial == "S6CKNE0T"', true],
    ['another serial', 'disk.serial == "S6CKNE0X"', false],
    ['what it is not', 'disk.serial != "S6CKNE0X"', true],
    ['a size in bytes', 'disk.size >= 400000000000u', true],
    ['a size with a unit', 'disk.size > 1u * TiB', false],
    ['a pattern', 'glob("SAMSUNG*", disk.model)', true],
    ['a pattern with signs of regular expressions', 'glob("S.M*", disk.model)', false],
    ['a link', '"/dev/disk/by-id/nvme-eui.1" in disk.symlinks', true],
    ['a flag, negated', '!disk.rotational', true],
    ['all of several', 'disk.serial == "S6CKNE0T" && disk.transport != "" && !disk.readonly && !disk.cdrom', true],
    ['two signs inside of a text', 'disk.model != "a && b" && disk.serial == "S6CKNE0T"', true],
    ['a text with its escapes', 'glob("SAMSUNG\\u0020MZ*", disk.model)', true],
    ['one of several that fails', 'disk.serial == "S6CKNE0T" && disk.rotational', false],
  ])('%s', (_, text, expected) => {
    expect(matchesExpression(text, diskFacts(disk))).toEqual({ ok: true, value: expected });
  });

  test.each([['disk.colour == "red"'], ['disk.size >= 4'], ['system_disk'], [''], ['disk.serial == "a" || true']])(
    'refuses %s, as what does not compile',
    (text) => {
      const result = matchesExpression(text, diskFacts(disk));
      expect(result.ok ? '' : result.error).toContain('failed to compile');
    },
  );
});

describe('a kernel command line', () => {
  test('is read as Talos reads it: the first of several counts', () => {
    const line =
      'talos.platform=metal slab_nomerge pti=on talos.config=http://a/1 talos.config=http://a/2 talos.events.sink=127.0.0.1:4002';
    expect(parseCmdline(line)).toMatchObject({
      config: 'http://a/1',
      eventSink: { address: '127.0.0.1', port: 4002 },
      missing: [],
      haltIfInstalled: false,
    });
  });

  test.each([
    ['a sink that is not on this computer', 'talos.events.sink=10.0.0.1:4002', { eventSink: undefined }],
    ['no configuration', 'talos.config=none', { config: undefined }],
    [
      'a static address of this computer',
      'ip=127.77.1.9::127.77.0.1:255.255.0.0:n1:eth0',
      { address: '127.77.1.9', hostName: 'n1' },
    ],
    ['a static address elsewhere', 'ip=10.0.0.9::10.0.0.1:255.255.0.0:n1:eth0', { address: undefined }],
    ['a NoCloud seed', 'ds=nocloud-net;s=http://127.0.0.1:8/c/ x', { cloudInit: 'http://127.0.0.1:8/c/' }],
    ['nothing that is enforced', 'quiet', { missing: ['talos.platform', 'slab_nomerge', 'pti'] }],
  ])('%s', (_, line, expected) => {
    expect(parseCmdline(line)).toMatchObject(expected);
  });
});

describe('a machine configuration', () => {
  const golden = (name: string) => readFileSync(new URL(`../../talos/golden/${name}`, import.meta.url));

  test.each([
    ['1.13', 'machine.install', 'v1.13.9'],
    ['1.14', 'UnattendedInstallConfig', 'v1.14.0'],
  ])('of %s installs by %s', (version, shape, tag) => {
    const config = parseSimConfig(golden(`config-${version}.yaml`));
    if (!config.ok) throw new Error(config.error);
    expect(config.value.install).toMatchObject({ shape, version: tag, reboots: true });
    expect(config.value.install?.choose([{ ...disk, serial: 'OTHER' }, disk])).toEqual({ ok: true, value: disk });
    expect(config.value.install?.choose([]).ok).toBe(false);
    // The golden configuration is of a machine whose kexec is switched off, and of a sink that is elsewhere.
    expect(config.value).toMatchObject({ kexecDisabled: true, hostName: 'node-01', eventSink: undefined });
  });

  test('may come as gzip', () => {
    const config = parseSimConfig(gzipSync(golden('config-1.13.yaml')));
    expect(config.ok && config.value.isComplete).toBe(true);
  });

  test('with both ways to install is refused', () => {
    const both = `${golden('config-1.13.yaml')}---\napiVersion: v1alpha1\nkind: UnattendedInstallConfig\nprovisioning: { diskSelector: { match: "!disk.cdrom" } }\n`;
    const config = parseSimConfig(Buffer.from(both));
    expect(config.ok ? '' : config.error).toContain('exclusive');
  });

  test('that unpacks to more than any configuration has is refused', () => {
    const config = parseSimConfig(gzipSync(Buffer.alloc(20_000_000)));
    expect(config.ok ? '' : config.error).toContain('gzip');
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../src/talos/check-config.ts';
import { diffConfig } from '../../src/talos/diff-config.ts';
import { parseDiskSize } from '../../src/talos/disk-rule.ts';
import { hardwareOf, machineStatusOf, versionOf } from '../../src/talos/hardware.ts';
import { maskConfig } from '../../src/talos/mask-config.ts';
import { meaningOfLog } from '../../src/talos/meaning-of-log.ts';
import { parseTalosconfig } from '../../src/talos/parse-talosconfig.ts';
import { renderConfig } from '../../src/talos/render-config.ts';
import { parseTalosVersion } from '../../src/talos/talos-version.ts';
import { createNoise, damaged } from './noise.ts';
import { specOf } from './specs.ts';

const BASE = readFileSync(new URL('fixtures/base-1.14.yaml', import.meta.url));
const PATCH = Buffer.from(
  'machine: {certSANs: [a], features: {kubePrism: {$patch: delete}}}\n---\napiVersion: v1alpha1\nkind: LinkConfig\nname: x\n',
);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

describe('damaged and random text never throws', () => {
  test('a configuration, its patch, its mask and its difference', () => {
    const noise = createNoise(21);
    const spec = specOf({ role: 'controlplane', talos: { disk: { serial: 'S1' } } });
    let rendered = 0;
    for (let round = 0; round < 200; round += 1) {
      const base = text(round % 5 === 0 ? noise.bytes(300) : damaged(BASE, noise));
      const patch = text(round % 2 === 0 ? PATCH : damaged(PATCH, noise));
      const result = renderConfig({
        base,
        patches: [patch],
        spec,
        version: 'v1.14.0',
        endpoints: { eventSink: 'a:1' },
      });
      if (result.ok) {
        rendered += 1;
        expect(checkConfig(result.value.text, 'v1.14.0', spec).some((one) => one.severity === 'error')).toBe(false);
        diffConfig(BASE.toString(), result.value.text);
      } else expect(result.error.length).toBeGreaterThan(0);
      maskConfig(base);
    }
    expect(rendered).toBeGreaterThan(2);
  });

  test('versions, sizes, log texts, resources and talosconfigs', () => {
    const noise = createNoise(22);
    const resource = Buffer.from(
      'size: 480103981056\nmodel: MZ7L3480\ntransport: sata\nsymlinks: [/dev/disk/by-id/x]\n',
    );
    const config = Buffer.from('context: a\ncontexts:\n  a: {ca: QUJD, crt: QUJD, key: QUJD, endpoints: [1.1.1.1]}\n');
    for (let round = 0; round < 200; round += 1) {
      const yaml = text(damaged(resource, noise));
      const one = [{ id: 'sda', yaml }];
      const { disks } = hardwareOf({
        system: one,
        processors: one,
        memory: one,
        disks: one,
        volumes: one,
        systemDisk: one,
        links: one,
      });
      expect(disks.every((disk) => Number.isFinite(disk.sizeBytes))).toBe(true);
      machineStatusOf(yaml);
      versionOf(yaml);
      const raw = text(noise.bytes(noise.below(60)));
      parseTalosVersion(raw);
      parseDiskSize(raw);
      meaningOfLog(`[talos] ${raw}`);
      expect(parseTalosconfig(text(damaged(config, noise))).ok).toBe(false);
    }
  });
});

test('texts made to exhaust a pattern are read at once', () => {
  const before = performance.now();
  for (const one of [
    '[talos] pulling image ',
    '[talos] server certificate issued ',
    '[talos] created EFI (',
    'Oops - ',
  ]) {
    meaningOfLog(one + 'a'.repeat(100_000));
    meaningOfLog(one + '/installer'.repeat(2000));
  }
  maskConfig(`a: ${'KEY'.repeat(50_000)}\nb: ${'x://'.repeat(20_000)}\n# ${'key '.repeat(20_000)}\n`);
  expect(performance.now() - before).toBeLessThan(5000);
});

import { describe, expect, test } from 'vitest';
import { evidenceOfLog } from '../../src/talos/evidence-of.ts';
import { type LogFact, meaningOfLog } from '../../src/talos/meaning-of-log.ts';
import { KERNEL_LOG_LINE_MAX_BYTES, parseKernelLog, renderKernelLog } from '../../src/talos/parse-kernel-log.ts';
import { createNoise, damaged } from './noise.ts';

const LINE =
  '{"clock":8312021,"facility":"user","msg":"[talos] phase config (5/5): starting\\n","priority":"warning","seq":812,"talos-level":"warn","talos-time":"2026-08-21T10:30:15.123456789Z"}';

describe('a log line', () => {
  test('is read with its place in the ring', () => {
    expect(parseKernelLog(LINE)).toEqual({
      ok: true,
      value: {
        seq: 812,
        clockUs: 8312021,
        level: 'warn',
        facility: 'user',
        text: '[talos] phase config (5/5): starting',
        atMs: Date.parse('2026-08-21T10:30:15.123Z'),
      },
    });
  });

  test('comes back from our own rendering', () => {
    const line = { seq: 1, clockUs: 2, level: 'error', facility: 'kern', text: 'x', atMs: 1000 } as const;
    expect(parseKernelLog(renderKernelLog(line))).toEqual({ ok: true, value: line });
  });

  test.each<[string, string, RegExp]>([
    ['no JSON', '<6>hello', /not a JSON log line: <6>hello/],
    ['an array', '[]', /not a JSON/],
    ['no text', '{"seq":1}', /without msg/],
    ['no number', '{"msg":"x","seq":"1"}', /without seq/],
    ['a negative number', '{"msg":"x","seq":-1}', /without seq/],
    ['more than 1 MiB', 'x'.repeat(KERNEL_LOG_LINE_MAX_BYTES + 1), /too long/],
    ['a tower of brackets', '['.repeat(500_000), /not a JSON/],
  ])('with %s is refused', (_name, line, reason) => {
    const result = parseKernelLog(line);
    expect(result.ok ? 'accepted' : result.error).toMatch(reason);
  });

  test('of nearly 1 MB is cut to what a screen can use, and quickly', () => {
    const line = JSON.stringify({ msg: `\u001b[31m${'x'.repeat(1_000_000)}`, seq: 1 });
    const before = performance.now();
    const result = parseKernelLog(line);
    expect(performance.now() - before).toBeLessThan(2000);
    expect(result.ok && result.value.text.length).toBe(1000);
  });

  test('cannot bring a prototype along', () => {
    const result = parseKernelLog('{"__proto__":{"msg":"x"},"seq":1}');
    expect(result.ok).toBe(false);
  });

  test('seeded noise never throws', () => {
    const noise = createNoise(11);
    const good = Buffer.from(LINE);
    let refused = 0;
    for (let round = 0; round < 5000; round += 1) {
      const text = Buffer.from(damaged(good, noise)).toString('utf8');
      const result = parseKernelLog(text);
      if (result.ok) meaningOfLog(result.value.text);
      else refused += 1;
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

describe('what a line means', () => {
  test.each<[string, LogFact | undefined]>([
    ['[talos] installing Talos to disk /dev/nvme0n1', { kind: 'installing', disk: '/dev/nvme0n1' }],
    [
      '[talos] pulling image factory.talos.dev/metal-installer/3765:v1.13.9: downloading 3 layers (61.0 MiB/201.5 MiB) (30.27%)...',
      { kind: 'pulling', percent: 30.27, step: 'pulling the installer' },
    ],
    [
      '[talos] pulling image factory.talos.dev/metal-installer/3765:v1.13.9: starting...',
      { kind: 'pulling', step: 'pulling the installer' },
    ],
    ['[talos] pulling "ghcr.io/siderolabs/installer:v1.12.11"', { kind: 'pulling', step: 'pulling the installer' }],
    ['[talos] pulling "registry.k8s.io/pause:3.10"', undefined],
    [
      '[talos] created META (88A5DD1C-6D25-4C50-86E5-6E2D29A6B4A2) size 1048576 bytes',
      { kind: 'installStep', step: 'partition META' },
    ],
    ['[talos] install successful', { kind: 'installed', text: 'install successful' }],
    [
      '[talos] requesting reboot after successful install {"component": "controller-runtime"}',
      { kind: 'installed', text: 'requesting reboot after successful install' },
    ],
    [
      '[talos] controller failed {"component": "controller-runtime", "controller": "config.AcquireController", "error": "unknown keys"}',
      { kind: 'configFailed', message: 'unknown keys' },
    ],
    [
      '[talos] task install (1/1): failed: no disk',
      { kind: 'installFailed', message: '[talos] task install (1/1): failed: no disk' },
    ],
    ['[talos] kexec skipped as SecureBoot is enabled', { kind: 'kexecSkipped', why: 'SecureBoot is enabled' }],
    ['[talos] prepared kexec environment kernel=/boot/vmlinuz', { kind: 'kexecPrepared' }],
    [
      '[talos] Talos is already installed to disk but booted from another media and talos.halt_if_installed kernel parameter is set.',
      { kind: 'alreadyInstalled' },
    ],
    ['[talos] this machine is reachable at:', { kind: 'maintenanceReachable' }],
    [
      '[talos] server certificate issued {"component": "controller-runtime", "fingerprint": "c2hhMjU2c2hhMjU2c2hhMjU2c2hhMjU2c2hhMjU2MTI="}',
      { kind: 'fingerprint', value: 'c2hhMjU2c2hhMjU2c2hhMjU2c2hhMjU2c2hhMjU2MTI=' },
    ],
    ['[talos] machine is running and ready', { kind: 'ready' }],
    [
      'Kernel panic - not syncing: VFS: Unable to mount root fs',
      { kind: 'panicked', message: 'Kernel panic - not syncing: VFS: Unable to mount root fs' },
    ],
    ['Oops: 0000 [#1] SMP NOPTI', { kind: 'panicked', message: 'Oops: 0000 [#1] SMP NOPTI' }],
    ['[talos] user said: Kernel panic - not syncing', undefined],
    ['installing Talos to disk /dev/sda', undefined],
    ['e1000e 0000:00:19.0 eth0: NIC Link is Up', undefined],
  ])('%s', (text, expected) => {
    expect(meaningOfLog(text)).toEqual(expected);
  });

  test('an install is evidence, a kexec note is not', () => {
    expect(evidenceOfLog('n', { kind: 'installing', disk: '/dev/sda' })).toEqual({
      type: 'talos.installing',
      node: 'n',
      disk: '/dev/sda',
    });
    expect(evidenceOfLog('n', { kind: 'kexecPrepared' })).toBeUndefined();
  });
});

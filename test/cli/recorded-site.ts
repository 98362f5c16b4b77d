import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openState } from '../../src/cli/open-state.ts';
import type { EventBody } from '../../src/core/event.ts';
import type { Fleet } from '../../src/core/fleet.ts';
import { renderFleet } from '../../src/core/fleet-json.ts';
import type { NodeSpec } from '../../src/core/spec.ts';
import { createEngine, type Engine } from '../../src/engine/create-engine.ts';
import type { EffectPort } from '../../src/engine/engine-ports.ts';
import type { Audit } from '../../src/store/open-audit.ts';
import { ACTOR, macOf, planOf, specOf, T0 } from '../core/kit.ts';

/** A site whose journal a real engine wrote, over the real store: what replay and export read. */

export interface LiveRun {
  readonly engine: Engine;
  readonly audit: Audit;
  /** Seconds of the site's clock. */
  readonly wait: (seconds: number) => void;
  readonly saveSnapshot: () => Promise<void>;
  /** `kill -9` would leave the same files: everything appended is synced before. */
  readonly end: () => Promise<Fleet>;
}

export interface RecordedSite {
  readonly dir: string;
  readonly run: (what?: string, effects?: EffectPort) => Promise<LiveRun>;
  readonly remove: () => void;
}

export function createRecordedSite(): RecordedSite {
  const dir = mkdtempSync(join(tmpdir(), 'crashcart-site-'));
  const clock = { nowMs: T0 };
  return {
    dir,
    remove: () => rmSync(dir, { recursive: true, force: true }),
    async run(what = 'crashcart', effects = { run: () => undefined }) {
      const found = await openState(dir, what, []);
      if (!found.ok) throw new Error(found.error);
      const { fleet, state } = found.value;
      const { journal, snapshot, audit, reserve, lock } = state;
      const engine = createEngine({ fleet, journal, effects, now: () => clock.nowMs });
      engine.emit({ type: 'engine.started', version: '1.2.3', simulated: false });
      return {
        engine,
        audit,
        wait: (seconds) => {
          clock.nowMs += seconds * 1000;
        },
        async saveSnapshot() {
          const saved = await snapshot.save(journal.lastSeq(), renderFleet(engine.fleet()));
          if (!saved.ok) throw new Error(saved.error);
        },
        async end() {
          await journal.durable(journal.lastSeq());
          await journal.close();
          await audit.close();
          await reserve.close();
          lock.release();
          clock.nowMs += 60_000;
          return engine.fleet();
        },
      };
    },
  };
}

export const load = (...nodes: readonly NodeSpec[]): EventBody => ({
  type: 'inventory.loaded',
  nodes,
  site: 'lab',
  hash: 'h1',
  warnings: [],
});

export function arm(live: LiveRun, spec: NodeSpec, job = `job-${spec.name}`): void {
  const plan = planOf('install', { configHash: `${spec.name}-config-hash-0123456789` });
  const expiresAt = live.engine.now() + 1_800_000;
  live.engine.emit({ type: 'operator.armed', node: spec.name, job, kind: 'install', plan, expiresAt, by: ACTOR });
  live.engine.emit({ type: 'job.stored', node: spec.name, job });
}

/** Power, firmware, loader, script, images, configuration, install, reboot, ready; seconds between the steps as given. */
export function boot(live: LiveRun, spec: NodeSpec, upTo: 'firmware' | 'initrd' | 'ready' = 'ready', slow = 1): void {
  const node = spec.name;
  const job = `job-${node}`;
  const steps = bootSteps(spec, job);
  const last = steps.findIndex(([name]) => name === upTo);
  for (const [, seconds, ...bodies] of steps.slice(0, last + 1)) {
    live.wait(seconds * slow);
    for (const body of bodies) live.engine.emit(body);
  }
}

type Step = readonly [name: string, seconds: number, ...bodies: EventBody[]];

function bootSteps(spec: NodeSpec, job: string): readonly Step[] {
  const node = spec.name;
  const mac = macOf(spec);
  const address = spec.network.ip ?? '10.77.0.99';
  const hardware = { ...spec.identity, manufacturer: 'Acme', product: 'PowerBox 740', buildArch: 'x86_64' };
  const { macs: _macs, switchPort: _port, ...names } = hardware;
  const image = (which: 'kernel' | 'initrd', totalBytes: number): EventBody[] => [
    { type: 'image.requested', node, image: which, totalBytes },
    { type: 'image.progressed', node, image: which, sentBytes: totalBytes / 2, totalBytes, bytesPerSecond: 50e6 },
    { type: 'image.sent', node, image: which, totalBytes },
  ];
  return [
    [
      'power',
      2,
      { type: 'bmc.overrideSet', node, job, read: { target: 'pxe', enabled: 'once', mode: 'uefi' } },
      { type: 'bmc.resetDone', node, job, action: 'cycle', power: 'on', askedAt: T0 },
    ],
    [
      'firmware',
      40,
      {
        type: 'dhcp.firmwareAsked',
        node,
        mac,
        arch: 7,
        firmware: 'uefi',
        xid: 4711,
        secs: 0,
        offered: 'ipxe.efi',
        variant: 0,
        reason: 'armed',
      },
    ],
    ['took', 4, { type: 'dhcp.firmwareTook', node, mac, address, firmware: 'uefi', bootFile: 'ipxe.efi', via: 'dhcp' }],
    [
      'loader',
      1,
      { type: 'loader.requested', node, file: 'ipxe.efi', totalBytes: 1_104_384, by: 'tftp' },
      { type: 'loader.sent', node, file: 'ipxe.efi', totalBytes: 1_104_384 },
    ],
    [
      'script',
      3,
      { type: 'dhcp.ipxeAsked', node, mac, address, xid: 4712 },
      { type: 'http.scriptAsked', node, mac, address, answer: 'install', job, reason: 'armed', hardware: names },
    ],
    ['kernel', 1, ...image('kernel', 14_600_000)],
    ['initrd', 2, ...image('initrd', 82_000_000)],
    ['handoff', 1, { type: 'http.handedOff', node }],
    ['up', 20, { type: 'talos.connected', node, address, by: 'events' }],
    ['config', 2, { type: 'http.configServed', node, job, configHash: `${node}-config-hash-0123456789` }],
    ['installing', 4, { type: 'talos.installing', node, disk: '/dev/nvme0n1', percent: 10, step: 'partition' }],
    ['installed', 45, { type: 'talos.installed', node, text: 'install successful' }],
    ['kexec', 1, { type: 'talos.restarting', node, how: 'kexec' }],
    ['diskBoot', 15, { type: 'talos.sequenceStarted', node, sequence: 'boot' }],
    [
      'ready',
      20,
      { type: 'talos.stageChanged', node, stage: 'running', ready: true, unmet: [] },
      { type: 'clock.ticked' },
    ],
  ];
}

export const NODES: readonly NodeSpec[] = [1, 2, 3].map((index) => specOf(`r07-u0${index}`));

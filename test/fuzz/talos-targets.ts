import { cleanText } from '../../src/core/clean-text.ts';
import type { LogLine } from '../../src/core/ports.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import { createEventDesk } from '../../src/servers/event-desk.ts';
import { createKernelLogDesk } from '../../src/servers/kernel-log-desk.ts';
import { createLineSplitter } from '../../src/servers/line-splitter.ts';
import { encodeEvent } from '../../src/talos/encode-event.ts';
import { renderKernelLog } from '../../src/talos/parse-kernel-log.ts';
import type { TalosEventBody } from '../../src/talos/talos-event.ts';
import { renderXid } from '../../src/talos/xid.ts';
import { arm, createTestEngine, nodeSpec } from '../netboot/boot-fixture.ts';
import { type FuzzTarget, must } from './fuzz-target.ts';

const MACS = ['52:54:00:00:00:01', '52:54:00:00:00:02', '52:54:00:00:00:03'] as const;
/** The first machine has an address of its own, two share one behind a NAT, and nobody knows the last. */
const ADDRESSES = ['10.77.0.51', '10.77.0.52', '10.77.0.52', '192.0.2.9'] as const;
const LONGEST_TEXT = 2_000;

/** Machines that are installed just now, and what is logged of them. */
function openStand() {
  const nodes = MACS.map((mac, at) =>
    nodeSpec(`n${at + 1}`, mac, { network: { ip: ADDRESSES[at] ?? '', dns: [], ntp: [] } }),
  );
  const engine = createTestEngine(nodes);
  arm(engine, 'n1', 'install');
  const onLog = (line: LogLine) => {
    must(line.text.length <= LONGEST_TEXT, `a line of ${line.text.length} characters`);
    must(line.text.trim() === cleanText(line.text, LONGEST_TEXT), `not clean: ${JSON.stringify(line.text)}`);
  };
  const options = {
    engine,
    addresses: createAddressBook(engine.fleet()),
    tokens: createTokenBook(new Uint8Array(32)),
    onLog,
    // Nothing is told while it runs: the clock of this run is not the one of the timers.
    tellDropsMs: 2 ** 31 - 1,
  };
  /** Time goes by, so that the gates let through; and what happened so far is not kept. */
  const goOn = (fed: number) => {
    engine.advance(50);
    engine.events.length = 0;
    if (fed % 20_000 === 0) engine.load(nodes);
  };
  return { engine, options, goOn };
}

const BODIES: readonly TalosEventBody[] = [
  { type: 'sequence', sequence: 'install', action: 'start' },
  { type: 'sequence', sequence: 'boot', action: 'noop', error: { code: 'fatal', message: 'no disk matched' } },
  { type: 'phase', phase: 'install', action: 'start' },
  { type: 'phase', phase: 'userDisks', action: 'stop' },
  { type: 'task', task: 'mountState', action: 'stop' },
  {
    type: 'service',
    service: 'kubelet',
    action: 'running',
    message: 'Started',
    health: { unknown: false, healthy: true, lastMessage: '' },
  },
  { type: 'restart', cmd: 0x1234567 },
  { type: 'configLoadError', message: 'yaml: line 3' },
  { type: 'configValidationError', message: 'unknown keys' },
  { type: 'address', hostName: 'n2', addresses: ['10.77.0.52/24', 'fe80::1/64'] },
  { type: 'machineStatus', stage: 'running', ready: false, unmet: [{ name: 'services', reason: 'etcd' }] },
  { type: 'other', typeUrl: 'type.googleapis.com/machine.OfTomorrow' },
];

/** The last byte says who speaks, and now and then that he hangs up. */
const talosEvent: FuzzTarget = {
  name: 'talos-event',
  seeds: () =>
    BODIES.map((body, at) => {
      const id = renderXid(1_700_000_000_000 + at * 1_000, Uint8Array.of(1, 2, 3, 4, 5), at);
      return Buffer.concat([encodeEvent({ id, actorId: 'a', body }), Buffer.of(at)]);
    }),
  open: () => {
    const { options, goOn } = openStand();
    const desk = createEventDesk(options);
    const flows = ADDRESSES.map((address) => desk.open(address));
    let fed = 0;
    return (bytes) => {
      goOn(++fed);
      const who = (bytes.at(-1) ?? 0) % flows.length;
      const flow = flows[who];
      if (flow === undefined) return;
      desk.take(flow, Buffer.from(bytes.subarray(0, -1)));
      if ((bytes.at(-1) ?? 0) < 240) return;
      desk.close(flow, fed % 2 === 0);
      flows[who] = desk.open(ADDRESSES[who] ?? '');
    };
  },
};

const LINES = [
  'Linux version 6.18.1-talos (builder@talos)',
  'Command line: talos.platform=metal talos.config=http://10.77.0.1/t/0123456789abcdef/config.yaml',
  '[talos] phase install (8/9): 1 tasks(s)',
  '[talos] created EFI (/dev/nvme0n1p1) size 105 MB',
  '[talos] pulling image "ghcr.io/siderolabs/installer:v1.13.9"',
  '[talos] machine is running and ready',
  '[talos] this machine is reachable at: 10.77.0.52',
  'Kernel panic - not syncing: VFS: Unable to mount root fs',
  'Out of memory: Killed process 1 (init)',
  '[talos] controller failed {"error": "unattended install: no disk", "token": "abc.def"}',
];

/** Bytes as they come over TCP, in two pieces. */
const kernelLog: FuzzTarget = {
  name: 'kernel-log',
  seeds: () =>
    LINES.map((text, seq) =>
      Buffer.from(
        `${renderKernelLog({ seq, clockUs: 1_000_000 + seq, level: seq % 2 === 0 ? 'info' : 'warn', text, atMs: 1_700_000_000_000 })}\n`,
      ),
    ),
  open: () => {
    const { options, goOn } = openStand();
    const desk = createKernelLogDesk(options);
    const flows = ADDRESSES.map((address) => desk.open(address));
    let fed = 0;
    return (bytes) => {
      goOn(++fed);
      const buffer = Buffer.from(bytes);
      const whole = createLineSplitter(LONGEST_LINE).push(Buffer.concat([buffer, Buffer.of(10)]));
      const pieces = createLineSplitter(LONGEST_LINE);
      const at = buffer.length >> 1;
      const lines = [buffer.subarray(0, at), buffer.subarray(at), Buffer.of(10)].flatMap((piece) => pieces.push(piece));
      must(JSON.stringify(lines) === JSON.stringify(whole), 'other lines in pieces');
      const who = fed % flows.length;
      const flow = flows[who];
      if (flow === undefined) return;
      desk.connected(flow);
      for (const line of lines) desk.take(flow, line);
      if (fed % 64 !== 0) return;
      desk.close(flow);
      flows[who] = desk.open(ADDRESSES[who] ?? '');
    };
  },
};

const LONGEST_LINE = 4_000;

export const TALOS_TARGETS: readonly FuzzTarget[] = [talosEvent, kernelLog];

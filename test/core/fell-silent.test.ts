import { describe, expect, test } from 'vitest';
import { passTime } from '../../src/core/deadline.ts';
import type { EventBody } from '../../src/core/event.ts';
import { bodiesOf } from './bodies.ts';
import {
  apply,
  armed,
  at,
  fleetOf,
  jobOf,
  nodeWith,
  phaseOf,
  planOf,
  specOf,
  stateOf,
  stored,
  type Timed,
} from './kit.ts';

/** Machines that asked for one thing, got it, and never asked for what comes next. */

const node = 'node-01';
const mac = '52:54:00:00:00:01';
const e = bodiesOf(node);
const url = 'http://10.77.0.254/boot.ipxe';
const inIpxe = (address?: string): EventBody =>
  address === undefined
    ? { type: 'dhcp.ipxeAsked', node, mac, xid: 5, offered: url }
    : { type: 'dhcp.ipxeAsked', node, mac, xid: 5, address };
const bootstrap: EventBody = { type: 'http.bootstrapAsked', node };
const file = { path: 'k', sha256: 's', sizeBytes: 100 };
const withImages = planOf('install', { kernel: file, initrd: file });
const ARMED: readonly Timed[] = [
  [0, armed('install', { plan: withImages })],
  [0, stored()],
];
const live = (...events: readonly Timed[]) => apply(fleetOf(specOf(node)), ...ARMED, ...events);
const told = (...events: readonly Timed[]) => stateOf(live(...events)).health;
const OK = { is: 'ok' };

describe('who asks for an address once or twice, and no more', () => {
  test('is told of after a minute of silence, with what was asked and offered', () => {
    expect(told([10, e.discover(7)], [69, e.tick()])).toEqual(OK);
    expect(told([10, e.discover(7)], [70, e.tick()])).toMatchObject({
      is: 'stalled',
      code: 'STOPPED_ASKING',
      detail: '1 request, offered ipxe.efi; silent for 60 s',
    });
    const twice = [
      [10, e.discover(7)],
      [14, e.discover(7)],
    ] as const;
    expect(told(...twice, [73, e.tick()])).toEqual(OK);
    expect(told(...twice, [75, e.tick()])).toMatchObject({
      code: 'STOPPED_ASKING',
      detail: '2 requests in 4 s, offered ipxe.efi; silent for 61 s',
    });
  });

  test('is told of in iPXE as well', () => {
    const hung = [
      [10, e.loader()],
      [11, e.loaded()],
      [14, inIpxe()],
      [74, e.tick()],
    ] as const;
    expect(told(...hung)).toMatchObject({
      code: 'STOPPED_ASKING',
      detail: `1 request, offered ${url}; silent for 60 s`,
    });
    expect(told(...hung, [80, inIpxe()])).toEqual(OK);
    expect(told(...hung, [80, inIpxe('10.77.0.1')])).toEqual(OK);
  });

  test('is silent no more when it asks, takes the offer, or boots its disk', () => {
    const silent = [
      [10, e.discover(7)],
      [70, e.tick()],
    ] as const;
    expect(told(...silent, [80, e.discover(7)])).toEqual(OK);
    expect(told(...silent, [80, e.discover(8)])).toEqual(OK);
    expect(told(...silent, [80, e.took()])).toEqual(OK);
    expect(told(...silent, [80, e.os()])).toEqual(OK);
    // What it asks from then on has its own time.
    const again = [...silent, [80, e.discover(7)], [84, e.discover(7)], [92, e.discover(7)]] as const;
    expect(told(...again, [100, e.tick()])).toEqual(OK);
    expect(told(...again, [120, e.tick()])).toMatchObject({
      code: 'OFFER_IGNORED',
      detail: expect.stringMatching(/^4 requests in 110 s/),
    });
  });

  test('is not told of without a job that waits for it, nor where it was offered nothing', () => {
    const unarmed = apply(fleetOf(specOf(node)), [10, e.discover(7)], [500, e.tick()]);
    expect(stateOf(unarmed).health).toEqual(OK);
    const rom = apply(fleetOf(specOf(node)), [10, inIpxe()], [500, e.tick()]);
    expect(stateOf(rom).health).toEqual(OK);
    const { offered: _none, ...nothing } = { offered: '', ...e.discover(7) };
    expect(told([10, nothing], [500, e.tick()])).toEqual(OK);
    const spent = jobOf('install', { spentAt: at(0), plan: withImages });
    const asked = { arch: 7, firmware: 'uefi', xid: 7, asks: 1, offered: 'ipxe.efi' } as const;
    expect(passTime(nodeWith(phaseOf('firmware', asked), { job: spent }), at(500)).node.health).toEqual(OK);
  });

  test('what it could not be given is the reason, where that is known', () => {
    expect(told([10, e.discoverLacks('loader', 7)], [70, e.tick()])).toMatchObject({
      code: 'LOADER_MISSING',
      detail: 'no loader',
    });
  });
});

test('an iPXE that takes our offer in the end has taken it, and has its own time for the script', () => {
  const asks = [0, 1, 3, 7, 20, 28].map((second): Timed => [10 + second, inIpxe()]);
  const ignored = [...asks, [51, e.tick()]] as const;
  expect(told(...ignored)).toMatchObject({ code: 'OFFER_IGNORED' });
  const took = [...ignored, [60, inIpxe('10.77.0.1')]] as const;
  expect(told(...took)).toEqual(OK);
  expect(told(...took, [79, e.tick()])).toEqual(OK);
  expect(told(...took, [81, e.tick()])).toMatchObject({
    code: 'SCRIPT_NO_FETCH',
    detail: 'address taken, no script fetched for 21 s',
  });
});

describe('iPXE that fetched /boot.ipxe', () => {
  const begun = [
    [10, inIpxe()],
    [11, inIpxe('10.77.0.1')],
  ] as const;

  test('reached us: it is told of as one that did not ask for its script', () => {
    expect(told(...begun, [12, bootstrap], [31, e.tick()])).toEqual(OK);
    expect(told(...begun, [12, bootstrap], [32, e.tick()])).toMatchObject({
      code: 'BOOTSTRAP_ONLY',
      detail: '/boot.ipxe fetched, no script of its own for 21 s',
    });
    expect(told(...begun, [12, bootstrap], [32, e.tick()], [33, e.script('install')])).toEqual(OK);
  });

  test('that holds where it comes late, and where its address is of another server', () => {
    expect(told(...begun, [32, e.tick()])).toMatchObject({ code: 'SCRIPT_NO_FETCH' });
    expect(told(...begun, [32, e.tick()], [33, bootstrap])).toEqual(OK);
    const proxied = [
      [10, inIpxe()],
      [12, bootstrap],
      [32, e.tick()],
    ] as const;
    expect(told(...proxied)).toMatchObject({
      code: 'BOOTSTRAP_ONLY',
      detail: '/boot.ipxe fetched, no script of its own for 22 s',
    });
  });

  test('and was refused for what it asked then, is told of as that', () => {
    expect(told(...begun, [12, bootstrap], [13, e.refusedHttp()], [33, e.tick()])).toMatchObject({
      code: 'REQUEST_REFUSED',
    });
  });
});

describe('a kernel that is there, and no initramfs', () => {
  const sent: EventBody = { type: 'image.sent', node, image: 'kernel', totalBytes: 100 };
  const late = [
    [10, e.script('install')],
    [11, e.kernel()],
    [40, sent],
    [70, e.tick()],
  ] as const;

  test('is told after half a minute, and lifted by its fetch', () => {
    expect(told(...late.slice(0, 3), [69, e.tick()])).toEqual(OK);
    expect(told(...late)).toMatchObject({
      is: 'stalled',
      code: 'NO_INITRD',
      detail: 'kernel sent, no initramfs fetched for 30 s',
    });
    expect(told(...late, [75, e.initrd()])).toEqual(OK);
  });

  test.each([
    ['a UKI', { kernel: file, initrd: file, uki: true }],
    ['an own template', { kernel: file, initrd: file, templateHash: 't' }],
    ['a tool of one file', { kernel: file }],
  ] as const)('is right for %s: its kernel is awaited', (_name, images) => {
    const fleet = apply(
      fleetOf(specOf(node)),
      [0, armed('inspect', { plan: planOf('inspect', images) })],
      [0, stored()],
      ...late,
    );
    expect(stateOf(fleet).health).toEqual(OK);
    expect(stateOf(apply(fleet, [230, e.tick()])).health).toMatchObject({
      code: 'KERNEL_SILENT',
      detail: 'images sent, kernel silent for 219 s',
    });
  });
});

describe('firmware that asks how large its loader is', () => {
  const head: EventBody = {
    type: 'loader.requested',
    node,
    file: 'ipxe.efi',
    totalBytes: 1000,
    by: 'http',
    sizeOnly: true,
  };
  const begun = [
    [10, e.discover(7)],
    [11, e.took()],
  ] as const;
  const text = /^it asked how large ipxe.efi is \(\d+ bytes\), and not for the file; its next boot gets another loader/;

  test.each([
    ['by HEAD', [[12, head]]],
    [
      'by a TFTP transfer that it breaks off',
      [
        [12, e.loader()],
        [12, e.probed()],
      ],
    ],
    [
      'after a transfer that failed',
      [
        [12, e.loader()],
        [12, e.brokeOff()],
        [12, e.loader()],
        [12, e.probed()],
      ],
    ],
    [
      'in two transfers, both broken off',
      [
        [12, e.loader()],
        [12, e.loader()],
        [12, e.probed()],
        [12, e.probed()],
      ],
    ],
  ] as const)('and then nothing, is told of as that: %s', (_name, asked) => {
    const events: readonly Timed[] = [...begun, ...asked];
    expect(told(...events, [41, e.tick()])).toEqual(OK);
    const late = stateOf(live(...events, [42, e.tick()]));
    expect(late).toMatchObject({ phase: { is: 'loader' }, loaderVariant: 1, offerVariant: 0 });
    expect(late.health).toMatchObject({ is: 'stalled', code: 'LOADER_SIZE_ONLY', detail: expect.stringMatching(text) });
    expect(told(...events, [42, e.tick()], [43, e.loader('http')])).toEqual(OK);
  });

  test('and was refused what it asked then, is told of as that', () => {
    const refused = stateOf(live(...begun, [12, head], [13, e.refusedHttp()], [43, e.tick()]));
    expect(refused).toMatchObject({ health: { code: 'REQUEST_REFUSED' }, loaderVariant: 0 });
  });

  test('and fetches it, is told of as one whose transfer stopped, whichever end is told first', () => {
    const stall = { code: 'TFTP_STALL' };
    expect(told(...begun, [12, head], [13, e.loader()], [24, e.tick()])).toMatchObject(stall);
    expect(told(...begun, [12, e.loader()], [12, e.probed()], [13, e.loader()], [24, e.tick()])).toMatchObject(stall);
    expect(told(...begun, [12, e.loader()], [13, e.loader()], [13, e.probed()], [24, e.tick()])).toMatchObject(stall);
    // Asked beside a transfer that runs, or after it.
    expect(told(...begun, [12, e.loader()], [13, head], [24, e.tick()])).toMatchObject(stall);
    const after = stateOf(live(...begun, [12, e.loader()], [13, e.loaded()], [14, head]));
    expect(after.phase).toMatchObject({ is: 'loader', doneAt: expect.any(Number), sentBytes: 1_000_000 });
  });

  test('its bytes lift it', () => {
    const late = [...begun, [12, e.loader()], [12, e.probed()], [42, e.tick()]] as const;
    expect(told(...late, [43, e.loading(500)])).toEqual(OK);
    expect(stateOf(live(...late, [43, e.loaded()])).phase).not.toHaveProperty('sizeOnly');
  });
});

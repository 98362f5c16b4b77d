import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from 'vitest';
import type { LoadedFile } from '../../src/core/ports.ts';
import { readAnswer, readRival } from '../../src/netboot/read-rival.ts';
import { createCaptureRing } from '../../src/servers/capture-ring.ts';
import { checkSurroundings, type Surroundings } from '../../src/servers/check-surroundings.ts';
import { createFileStore } from '../../src/servers/file-store.ts';
import { explainListen } from '../../src/servers/listen-problem.ts';
import { setcapCommand } from '../../src/servers/own-program.ts';
import { createRateGate } from '../../src/servers/rate-gate.ts';
import { needsNetAdmin, RECEIVE_BUFFER_BYTES } from '../../src/servers/receive-buffer.ts';
import { createSeenIds } from '../../src/servers/seen-ids.ts';
import { bufferWarning, closeUdp, openUdp4 } from '../../src/servers/udp-socket.ts';
import { bootSite, createTestEngine, nodeSpec, sha256, siteSpec, subnet } from '../netboot/boot-fixture.ts';
import { ip, packet, received } from '../netboot/client-packets.ts';
import { must } from './boot-stack.ts';

describe('a rate gate', () => {
  test('lets a burst pass, then so many a second, for each key', () => {
    const gate = createRateGate({ burst: 3, perSecond: 2, totalBurst: 100, totalPerSecond: 100 });
    const passed = (key: string, at: number) =>
      Array.from({ length: 5 }, () => gate.pass(key, at)).filter(Boolean).length;
    expect([passed('a', 0), passed('a', 1000), passed('b', 1000), gate.dropped()]).toEqual([3, 2, 3, 7]);
  });

  test('holds all keys together below the total', () => {
    const gate = createRateGate({ burst: 3, perSecond: 1, totalBurst: 10, totalPerSecond: 1 });
    expect(Array.from({ length: 100 }, (_, i) => gate.pass(`k${i}`, 0)).filter(Boolean)).toHaveLength(10);
  });

  test('who shouts is not forgotten because many others came since', () => {
    const gate = createRateGate({ burst: 2, perSecond: 1, totalBurst: 1e6, totalPerSecond: 1e6 });
    const loud = Array.from({ length: 40_000 }, (_, i) => {
      gate.pass(`k${i}`, 0);
      return gate.pass('loud', 0);
    });
    expect(loud.filter(Boolean)).toHaveLength(2);
  });

  test('who is quiet until its burst is whole again begins anew, to the millisecond', () => {
    const gate = createRateGate({ burst: 3, perSecond: 2, totalBurst: 100, totalPerSecond: 100 });
    const passed = (key: string, at: number) =>
      Array.from({ length: 5 }, () => gate.pass(key, at)).filter(Boolean).length;
    expect([passed('a', 0), passed('b', 1499), passed('a', 1499), passed('b', 2999)]).toEqual([3, 3, 2, 3]);
  });
});

describe('seen ids', () => {
  test('are remembered up to their number', () => {
    const seen = createSeenIds(2);
    expect(['a', 'b', 'a', 'c', 'a'].map(seen.add)).toEqual([true, true, false, true, true]);
  });

  test('of a whole boot, and of the boot before, are all known again; the oldest make room', () => {
    const seen = createSeenIds(2048);
    const ids = Array.from({ length: 2100 }, (_, i) => `d2${(40_000_000 + i * 7).toString(32)}v9q1${i.toString(32)}`);
    expect(ids.filter(seen.add)).toHaveLength(2100);
    expect(ids.slice(-2048).filter(seen.add)).toEqual([]);
    expect(['', ''].map(seen.add)).toEqual([true, false]);
  });

  test('take little room: those of 2,000 machines as much as a fixed array', () => {
    const books = Array.from({ length: 200 }, () => createSeenIds(2048));
    const before = process.memoryUsage();
    for (const book of books) for (let i = 0; i < 2048; i += 1) book.add(`d2${i.toString(32)}v9q1`);
    const after = process.memoryUsage();
    // 16 KB each; what was grown out of may not be collected yet.
    expect(after.arrayBuffers - before.arrayBuffers).toBeLessThanOrEqual(200 * 32 * 1024);
  });
});

describe('the packet ring', () => {
  const of = (timeMs: number, size = 10) => ({
    timeMs,
    source: { address: ip('10.0.0.1'), port: 68 },
    destination: { address: ip('10.0.0.2'), port: 67 },
    payload: new Uint8Array(size),
    comment: 'why',
  });

  const counted = (bytes: Buffer | undefined) => (bytes?.toString('latin1').split('why').length ?? 1) - 1;

  test('keeps the last packets of each machine, in bounded memory', () => {
    const ring = createCaptureRing(200_000);
    for (let i = 0; i < 500; i += 1) ring.keep('n1', of(i * 1000));
    expect(counted(ring.exportPcapng('n1'))).toBe(96);
    expect(counted(ring.exportPcapng('n1', 490_000))).toBe(10);
    for (let i = 0; i < 50; i += 1) ring.keep(`m${i}`, of(600_000, 1500));
    expect(ring.exportPcapng('m49')?.readUInt32LE(0)).toBe(0x0a0d0d0a);
    expect(counted(ring.exportPcapng('n1'))).toBe(96);
    for (let i = 0; i < 500; i += 1) ring.keep(`m${i}`, of(700_000, 1500));
    expect(ring.exportPcapng('n1')).toBeUndefined();
    expect(ring.sizeBytes()).toBeLessThanOrEqual(200_000);
  });

  test('a machine that shouts drives out nobody else', () => {
    const ring = createCaptureRing(200_000);
    ring.keep('quiet', of(1));
    for (let i = 0; i < 5000; i += 1) ring.keep('loud', of(i, 1000));
    expect(counted(ring.exportPcapng('quiet'))).toBe(1);
    expect(counted(ring.exportPcapng('loud'))).toBe(96);
  });

  test('machines whose packets went hold nothing', () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    const ring = createCaptureRing(200_000);
    const fill = (turn: number) => {
      for (let i = 0; i < 20_000; i += 1) ring.keep(`m${turn}-${i}`, of(turn, 1000));
      gc();
      return process.memoryUsage().heapUsed;
    };
    const first = fill(0);
    let last = first;
    for (let turn = 1; turn <= 4; turn += 1) last = fill(turn);
    expect(last - first).toBeLessThan(2_000_000);
    expect(counted(ring.exportPcapng('m4-19999'))).toBe(1);
  });
});

describe('the file store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crashcart-store-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, bytes: Buffer): LoadedFile => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return { path, sizeBytes: bytes.length, sha256: sha256(bytes) };
  };

  test('reads a file beyond its budget in shared pieces, and the same bytes', async () => {
    const bytes = Buffer.alloc(2_500_000, 'abcdefg');
    const store = createFileStore(1000);
    const file = must(await store.open(write('big', bytes)));
    expect(file.whole).toBeUndefined();
    const parts: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const piece = await file.read(at, Math.min(at + 700_000, bytes.length));
      const part = Buffer.isBuffer(piece) ? piece : must(piece);
      parts.push(part);
      at += part.length;
    }
    expect(sha256(Buffer.concat(parts))).toBe(sha256(bytes));
    expect(store.heldBytes()).toBe(0);
    await store.close();
  });

  test('lets the longest unused file go when the budget is full', async () => {
    const { mkdirSync } = await import('node:fs');
    mkdirSync(folder, { recursive: true });
    const store = createFileStore(2500);
    const files = ['a', 'b', 'c'].map((name) => write(name, Buffer.alloc(1000, name)));
    for (const file of files) must(await store.open(file));
    expect(store.heldBytes()).toBe(2000);
    await store.close();
    expect(store.heldBytes()).toBe(0);
  });

  test.each([
    ['within the first megabyte', 700_000],
    ['between two of them', 2 * 1024 * 1024],
    ['by its last byte', 3_499_999],
    ['to nothing', 0],
  ])('does not serve a file that was cut %s since it was registered', async (_, left) => {
    const { mkdirSync } = await import('node:fs');
    mkdirSync(folder, { recursive: true });
    for (const budget of [10_000_000, 1000]) {
      const store = createFileStore(budget);
      const file = write('cut', Buffer.alloc(3_500_000, 'abcdefg'));
      expect((await store.open(file)).ok).toBe(true);
      await store.close();
      const again = createFileStore(budget);
      writeFileSync(file.path, Buffer.alloc(left, 'abcdefg'));
      expect(await again.open(file)).toMatchObject({ ok: false, error: expect.stringContaining('shorter') });
      expect(again.heldBytes()).toBe(0);
      await again.close();
    }
  });

  test('says what is wrong with a file, and takes it when it is mended', async () => {
    const { mkdirSync } = await import('node:fs');
    mkdirSync(folder, { recursive: true });
    const store = createFileStore();
    const file = write('x', Buffer.from('right'));
    writeFileSync(file.path, 'wrong');
    expect(await store.open(file)).toMatchObject({ ok: false, error: expect.stringContaining('SHA-256') });
    writeFileSync(file.path, 'right');
    expect((await store.open(file)).ok).toBe(true);
    expect(await store.open({ ...file, path: join(folder, 'gone') })).toMatchObject({ ok: false });
    await store.close();
  });
});

describe('problems are told with a way out', () => {
  const at = { address: '10.0.0.1', port: 67 };
  const CASES: readonly (readonly [string, RegExp, RegExp])[] = [
    ['EADDRINUSE', /UDP 10\.0\.0\.1:67 is taken/, /ss -lunp/],
    ['EACCES', /no permission/, /setcap cap_net_bind_service/],
    ['EADDRNOTAVAIL', /is no address of this machine/, /ip addr add/],
    ['EMFILE', /too many open files/, /ulimit -n/],
    ['EWEIRD', /EWEIRD/, /see the message/],
  ];
  test.each(CASES)('%s', (code, why, advice) => {
    const problem = explainListen(Object.assign(new Error('x'), { code }), 'DHCP', 'udp', at);
    expect(problem.why).toMatch(why);
    expect(problem.advice).toMatch(advice);
  });

  test('capabilities are given to the program that runs, whatever `node` is on the path', () => {
    const problem = explainListen(Object.assign(new Error('x'), { code: 'EACCES' }), 'DHCP', 'udp', at);
    expect(problem.advice).toContain(`=+ep ${realpathSync(process.execPath)}`);
    expect(setcapCommand(false, '/opt/my node/bin/node')).toMatch(/ '\/opt\/my node\/bin\/node'$/);
  });

  test('the right to configure networks is asked for only where it gives a receive buffer', () => {
    expect(setcapCommand(false)).toContain('setcap cap_net_bind_service,cap_net_raw=+ep ');
    expect(setcapCommand(true)).toContain('setcap cap_net_bind_service,cap_net_raw,cap_net_admin=+ep ');
    const problem = explainListen(Object.assign(new Error('x'), { code: 'EACCES' }), 'DHCP', 'udp', at);
    expect(problem.advice).toContain(setcapCommand(needsNetAdmin()));
  });

  test('a port that is taken is found', async () => {
    const first = must(await openUdp4('DHCP', '127.0.0.1', 0));
    const second = await openUdp4('DHCP', '127.0.0.1', first.address().port);
    expect(second).toMatchObject({ ok: false, error: { why: expect.stringContaining('is taken') } });
    await closeUdp(first);
  });
});

describe('surroundings', () => {
  const good: Surroundings = { neighbours: 8192, backlog: 4096, openFiles: 65_536, wholePackets: true };
  const CASES: readonly (readonly [string, Partial<Surroundings>, number, RegExp | undefined])[] = [
    ['all is well', {}, 2000, undefined],
    ['a neighbour table that ends before the machines do', { neighbours: 1024 }, 1500, /gc_thresh3/],
    ['which does not matter to a few', { neighbours: 1024 }, 100, undefined],
    ['a short queue for connections', { backlog: 128 }, 500, /somaxconn/],
    ['few open files', { openFiles: 1024 }, 500, /LimitNOFILE/],
    ['no right to send whole packets', { wholePackets: false }, 500, /CAP_NET_RAW.*setcap/],
    ['which does not matter to a few', { wholePackets: false }, 100, undefined],
    ['what cannot be read is not complained about', { neighbours: undefined, openFiles: undefined }, 500, undefined],
  ];
  test.each(CASES)('%s', (_, change, machines, expected) => {
    const [advice] = checkSurroundings({ ...good, ...change }, machines);
    if (expected === undefined) expect(advice).toBeUndefined();
    else expect(advice).toMatch(expected);
  });

  test('a receive buffer that a storm does not fit in is told with what the kernel gave and what raises it', () => {
    expect(bufferWarning('DHCP on eth1', RECEIVE_BUFFER_BYTES)).toEqual([]);
    expect(bufferWarning('DHCP on eth1', 425_984)).toEqual([
      'DHCP on eth1: the receive buffer holds 416 KiB; when hundreds of machines start at once, requests are lost. sysctl -w net.core.rmem_max=4194304, or cap_net_admin',
    ]);
  });

  test('BMCs take places in the neighbour table as well, and the advice has room for all', () => {
    const small = { ...good, neighbours: 1024 };
    expect(checkSurroundings(small, 600)).toEqual([]);
    expect(checkSurroundings(small, 600, 600)).toEqual([
      'the neighbour table ends at 1024 addresses, and the inventory has 1200: sysctl -w net.ipv4.neigh.default.gc_thresh1=2048 net.ipv4.neigh.default.gc_thresh2=4096 net.ipv4.neigh.default.gc_thresh3=8192',
    ]);
    expect(checkSurroundings(small, 10_000)[0]).toContain('gc_thresh3=65536');
  });
});

describe("another server's answer", () => {
  const engine = createTestEngine([nodeSpec('n1', '52:54:00:00:00:01')]);
  const site = bootSite(siteSpec([subnet({ address: '127.77.0.9' })]));
  const from = { address: '10.0.0.7', mac: 'aa:aa:aa:aa:aa:aa', iface: 'eth1' };
  const heardOf = (change = {}, options = {}) => {
    const reply = packet(
      'os',
      '52:54:00:00:00:01',
      { op: 'reply', yiaddr: ip('10.0.0.50'), ...change },
      { messageType: 'ack', serverId: ip('10.0.0.7'), ...options },
    );
    const answer = readAnswer(received(reply));
    return answer === undefined ? [] : readRival(engine.fleet(), site, answer, from);
  };

  test('is a rival, and named on the machine that it answered', () => {
    expect(heardOf({ file: 'pxelinux.0\u001b[31m' })).toEqual([
      {
        type: 'rival.heard',
        server: '10.0.0.7',
        mac: from.mac,
        offers: '10.0.0.50',
        iface: 'eth1',
        bootFile: 'pxelinux.0',
      },
      { type: 'dhcp.rivalAnswered', node: 'n1', server: '10.0.0.7', ack: true, bootFile: 'pxelinux.0' },
    ]);
  });

  test('that refuses is one too, and says nothing of what it offers', () => {
    expect(heardOf({ yiaddr: 0 }, { messageType: 'nak' })).toEqual([
      { type: 'rival.heard', server: '10.0.0.7', mac: from.mac, offers: '', iface: 'eth1', refuses: true },
      { type: 'dhcp.rivalAnswered', node: 'n1', server: '10.0.0.7', ack: false, refused: true },
    ]);
  });

  test('is not our own', () => {
    expect(heardOf({}, { serverId: ip('127.77.0.9') })).toEqual([]);
    expect(heardOf({ yiaddr: 0 }, { messageType: 'nak', serverId: ip('127.77.0.9') })).toEqual([]);
  });
});

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ok } from '../../src/core/result.ts';
import { decodeTftp } from '../../src/protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../../src/protocols/tftp/encode-tftp.ts';
import { createFollowSite } from '../../src/servers/follow-site.ts';
import { httpLimits } from '../../src/servers/http-limits.ts';
import { createLetGo } from '../../src/servers/let-go.ts';
import { listenTcp } from '../../src/servers/listen-tcp.ts';
import type { BootServer, ListenAddress } from '../../src/servers/server-parts.ts';
import { bootSite, nodeSpec, sha256, siteSpec, subnet } from '../netboot/boot-fixture.ts';
import { type BootStack, must, startBootStack } from './boot-stack.ts';

/** What listened for a network that the file of the site does not name any more. */

/** How it went to connect there. */
const dialled = ({ address, port }: ListenAddress): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve('accepted');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });

const STAYS = subnet({ address: '127.0.0.1' });
const LEAVES = subnet({
  relay: '127.88.0.1',
  address: '127.0.0.2',
  subnet: '127.88.0.0/16',
  pool: { from: '127.88.1.1', to: '127.88.1.200' },
});
const BOTH = [STAYS, LEAVES];

describe('an address that the site does not name any more', () => {
  const A = { address: '10.0.0.1', port: 69 };
  const B = { address: '10.0.0.2', port: 69 };

  test('is let go of at once where this machine does not have it, and two minutes later where it does', async () => {
    let nowMs = 0;
    let there = ['10.0.0.1'];
    const letGo = createLetGo<ListenAddress>({
      nowMs: () => nowMs,
      there: async (all) => all.filter((one) => there.includes(one)),
    });
    expect(await letGo([A, B])).toEqual([B]);
    nowMs = 119_000;
    expect(await letGo([A])).toEqual([]);
    // An edit that was half done.
    expect(await letGo([])).toEqual([]);
    nowMs = 130_000;
    expect(await letGo([A])).toEqual([]);
    nowMs = 249_000;
    expect(await letGo([A])).toEqual([]);
    nowMs = 250_000;
    expect(await letGo([A])).toEqual([A]);
    there = [];
    expect(await letGo([A])).toEqual([A]);
  });

  test('is closed, said of no more, and opened again when it is named again; the fixed one never is', async () => {
    let nets = BOTH;
    const log: string[] = [];
    const parts = {
      site: () => bootSite(siteSpec(nets)),
      port: 69,
      open: async ([one]: readonly [ListenAddress]) => {
        log.push(`+${one.address}`);
        return ok([one]);
      },
      close: async ({ address }: ListenAddress) => {
        log.push(`-${address}`);
      },
      letGo: { there: async () => [] },
    };
    const first = ['127.0.0.1', '127.0.0.2'].map((address) => ({ address, port: 69 }));
    const follow = createFollowSite({ ...parts, first, fixed: undefined });
    const fixed = createFollowSite({ ...parts, first, fixed: '127.0.0.2' });
    const places = async () => (await follow()).listens.map(({ address }) => address);
    expect(await places()).toEqual(['127.0.0.1', '127.0.0.2']);
    nets = [STAYS];
    expect(await places()).toEqual(['127.0.0.1']);
    expect((await fixed()).listens).toHaveLength(2);
    nets = BOTH;
    expect(await places()).toEqual(['127.0.0.1', '127.0.0.2']);
    expect(log).toEqual(['-127.0.0.2', '+127.0.0.2']);
  });
});

test('a TCP listener that is dropped accepts nobody more, and who was accepted goes on', async () => {
  const opened = must(
    await listenTcp('HTTP', ['127.0.0.1'], 0, httpLimits(), (socket) =>
      socket.on('data', (bytes) => socket.write(bytes)),
    ),
  );
  const [where] = opened.listens;
  if (where === undefined) throw new Error('it listens nowhere');
  const dial = () => connect({ host: where.address, port: where.port });
  const held = dial();
  await once(held, 'connect');
  await vi.waitFor(() => expect(opened.sockets.size).toBe(1));
  await opened.drop(where);
  const [late] = await once(dial(), 'error');
  expect(late).toMatchObject({ code: 'ECONNREFUSED' });
  held.write('still there');
  expect(String((await once(held, 'data'))[0])).toBe('still there');
  must(await opened.add([where]));
  const again = dial();
  await once(again, 'connect');
  again.destroy();
  held.destroy();
  await opened.stop();
}, 30_000);

describe('with threads that send', () => {
  let stack: BootStack;
  afterEach(async () => stack.stop());

  const BYTES = 12_000_000;
  const BLOCK = 1468;
  const placesOf = ({ listens }: Pick<BootServer, 'listens'>) => listens.map(({ address }) => address);
  const follow = async (server: BootServer) => (await server.follow?.()) ?? { listens: [], absent: [] };

  test('both fetches that are under way get their whole file, and nobody else is heard there', {
    timeout: 90_000,
  }, async () => {
    stack = await startBootStack({
      nodes: [nodeSpec('n1', '52:54:00:00:00:01')],
      networks: BOTH,
      followsSite: true,
      bulkThreads: 2,
      loaderBytes: BYTES,
    });
    const { http, tftp } = stack.files();
    const at = ({ listens }: BootServer): ListenAddress => {
      const found = listens.find(({ address }) => address === '127.0.0.2');
      if (found === undefined) throw new Error('it does not listen at 127.0.0.2');
      return found;
    };
    const [web, files] = [at(http), at(tftp)];

    const download = connect({ host: web.address, port: web.port });
    const got: Buffer[] = [];
    await once(download, 'connect');
    download.write('GET /b/ipxe.efi HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    got.push((await once(download, 'data'))[0]);
    download.pause();

    const machine = createSocket('udp4');
    machine.bind(0, '127.0.0.9');
    await once(machine, 'listening');
    const request = encodeTftp({
      kind: 'read',
      file: 'undionly.kpxe',
      mode: 'octet',
      options: [{ name: 'blksize', value: String(BLOCK) }],
    });
    machine.send(request, files.port, files.address);
    const [oack, peer] = await once(machine, 'message');
    expect(decodeTftp(oack)).toMatchObject({
      ok: true,
      value: { kind: 'oack', options: [{ name: 'blksize', value: String(BLOCK) }] },
    });

    stack.reload([STAYS]);
    for (const server of [http, tftp]) expect(placesOf(await follow(server))).toContain('127.0.0.2');
    const now = performance.now();
    const later = vi.spyOn(performance, 'now').mockReturnValue(now + 121_000);
    const after = [await follow(http), await follow(tftp)];
    later.mockRestore();
    expect(after.map(placesOf)).toEqual([['127.0.0.1'], ['127.0.0.1']]);

    // The threads are told by a message.
    await vi.waitFor(async () => expect(await dialled(web)).toBe('ECONNREFUSED'), { timeout: 20_000, interval: 50 });
    const stranger = createSocket('udp4');
    stranger.connect(files.port, files.address);
    await once(stranger, 'connect');
    stranger.send(request);
    expect((await once(stranger, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' });
    stranger.close();

    download.on('data', (bytes: Buffer) => got.push(bytes)).resume();
    await once(download, 'end');
    const whole = Buffer.concat(got);
    expect(sha256(whole.subarray(whole.indexOf('\r\n\r\n') + 4))).toBe(sha256(stack.loader));

    const blocks: Buffer[] = [];
    const taken = new Promise<void>((resolve) => {
      machine.on('message', (bytes) => {
        const message = decodeTftp(Buffer.from(bytes));
        if (!message.ok || message.value.kind !== 'data' || message.value.block !== ((blocks.length + 1) & 0xffff))
          return;
        blocks.push(Buffer.from(message.value.data));
        machine.send(encodeTftp({ kind: 'ack', block: message.value.block }), peer.port, peer.address);
        if (message.value.data.length < BLOCK) resolve();
      });
    });
    machine.send(encodeTftp({ kind: 'ack', block: 0 }), peer.port, peer.address);
    await taken;
    machine.close();
    expect(sha256(Buffer.concat(blocks))).toBe(sha256(stack.loader));

    stack.reload(BOTH);
    expect([await follow(http), await follow(tftp)].map(placesOf)).toEqual([
      ['127.0.0.1', '127.0.0.2'],
      ['127.0.0.1', '127.0.0.2'],
    ]);
  });
});

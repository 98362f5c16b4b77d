import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { LoadedFile } from '../../src/core/ports.ts';
import { ok } from '../../src/core/result.ts';
import { createAddressBook } from '../../src/netboot/address-book.ts';
import { createTokenBook } from '../../src/netboot/attempt-token.ts';
import { createHttpDesk } from '../../src/servers/http-desk.ts';
import type { HttpVerdict } from '../../src/servers/http-question.ts';
import { createLanTcp } from '../../src/servers/lan-tcp.ts';
import {
  type AnySocket,
  loadSocketOptions,
  SO_SNDBUF,
  SOL_SOCKET,
  SOL_TCP,
  type SocketOptions,
  TCP_CONGESTION,
} from '../../src/servers/socket-options.ts';
import { bootSite, createTestEngine, siteSpec, subnet } from '../netboot/boot-fixture.ts';

const named = (name: string): number =>
  new Int32Array(new Uint8Array(Buffer.from(name.padEnd(4, '\0'))).buffer)[0] ?? 0;

const opened: (Server | Socket)[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) 'destroy' in one ? one.destroy() : one.close();
});

/** A listener that was tuned, and the server's end of one connection to it. */
async function accept(tune: (server: Server) => void): Promise<Socket> {
  const server = createServer().listen(0, '127.0.0.1');
  opened.push(server);
  await once(server, 'listening');
  tune(server);
  const address = server.address();
  const accepted = once(server, 'connection');
  opened.push(connect({ host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 }));
  const [socket] = (await accepted) as [Socket];
  opened.push(socket);
  return socket;
}

describe('TCP to machines on our own segments', () => {
  const recorder = () => {
    const calls: (readonly [level: number, name: number, value: number])[] = [];
    const native: SocketOptions = {
      set: (_: AnySocket, level, name, value) => calls.push([level, name, value]) > 0,
      get: () => undefined,
    };
    return { calls, native };
  };

  test.each<[string, string, readonly (readonly number[])[]]>([
    [
      'is not paced where the host paces; what goes far is again',
      'bbr',
      [
        [SOL_TCP, TCP_CONGESTION, named('reno')],
        [SOL_SOCKET, SO_SNDBUF, 131_072],
        [SOL_TCP, TCP_CONGESTION, named('bbr')],
      ],
    ],
    ['is left to a host that does not pace', 'cubic', [[SOL_SOCKET, SO_SNDBUF, 131_072]]],
    ['is left as it is where the host does not say', '', [[SOL_SOCKET, SO_SNDBUF, 131_072]]],
  ])('%s', async (_, hostDefault, expected) => {
    const { calls, native } = recorder();
    const lan = createLanTcp(native, hostDefault);
    const socket = await accept(lan.listener);
    lan.image(socket, true);
    lan.image(socket, false);
    expect(calls).toEqual(expected);
  });

  test('works without the native package', async () => {
    const lan = createLanTcp(undefined, 'bbr');
    const socket = await accept(lan.listener);
    lan.image(socket, true);
    expect(socket.destroyed).toBe(false);
  });

  const native = loadSocketOptions();
  if (native === undefined && process.env['CI'] === 'true') throw new Error('the package sockopt is not installed');
  test.skipIf(native === undefined)('is taken by the kernel (skipped without the package sockopt)', async () => {
    const lan = createLanTcp(native, 'bbr');
    const socket = await accept(lan.listener);
    expect(native?.get(socket, SOL_TCP, TCP_CONGESTION)).toBe(named('reno'));
    const before = native?.get(socket, SOL_SOCKET, SO_SNDBUF) ?? 0;
    lan.image(socket, true);
    expect(native?.get(socket, SOL_SOCKET, SO_SNDBUF)).toBe(262_144);
    expect(before).not.toBe(262_144);
  });

  test('takes what it wants where the kernel sends by itself', async () => {
    const { calls, native: recording } = recorder();
    const lan = createLanTcp(recording, 'bbr');
    const socket = await accept(() => undefined);
    lan.image(socket, true, true);
    lan.image(socket, false, true);
    expect(calls).toEqual([[SOL_TCP, TCP_CONGESTION, named('bbr')]]);
  });
});

describe('an image goes as to a near machine', () => {
  const file: LoadedFile = { path: 'ipxe.efi', sizeBytes: 1000, sha256: 'a'.repeat(64) };
  const LAN = subnet({ interface: 'eth0', subnet: '10.1.0.0/16', gateway: '10.1.0.1' });
  const { relay: _, ...own } = LAN;
  const far = subnet({ relay: '10.2.0.1', subnet: '10.2.0.0/16', gateway: '10.2.0.1' });
  const both = subnet({ interface: 'eth0', relay: '10.3.0.1', subnet: '10.3.0.0/16', gateway: '10.3.0.1' });

  test.each<[string, string, boolean]>([
    ['where an interface of ours is on its segment', '10.1.0.50', true],
    ['not behind a relay', '10.2.0.50', false],
    ['not behind a relay that is reached by a named interface', '10.3.0.50', false],
    ['not from a network that nobody named', '192.0.2.50', false],
    ['not from what is no IPv4 address', '::1', false],
    ['on this host itself', '127.0.0.9', true],
  ])('%s', async (__, address, near) => {
    const engine = createTestEngine([], true);
    const site = bootSite(siteSpec([own, far, both]), '10.1.0.2');
    const desk = createHttpDesk({
      engine,
      site: () => site,
      rendered: { of: () => undefined },
      artefacts: { loader: () => file, artefact: () => undefined, discovery: () => undefined },
      tokens: createTokenBook(Buffer.from('a site secret')),
      addresses: createAddressBook(engine.fleet()),
      onLog: () => undefined,
      files: { open: async () => ok({ sizeBytes: file.sizeBytes, etag: '"a"' }) },
    });
    const ends = { address, port: 40_000, localAddress: '10.1.0.2', localPort: 80, head: '' };
    const question = { method: 'GET', path: '/b/ipxe.efi', query: [], ...ends };
    const said = await new Promise<HttpVerdict>((resolve) => desk.ask(question, { cut: () => undefined }, resolve));
    desk.stop();
    expect([said.status, said.part?.near]).toEqual([200, near]);
  });
});

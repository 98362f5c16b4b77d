import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import { decodeTftp } from '../../src/protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../../src/protocols/tftp/encode-tftp.ts';
import type { TftpMessage } from '../../src/protocols/tftp/tftp-message.ts';
import { nodeSpec } from '../netboot/boot-fixture.ts';
import { type BootStack, type StackOptions, startBootStack } from './boot-stack.ts';

/** Machines that ask again from the same port: firmware often begins with the same one after each reset. */

const NODE = '127.77.0.51';
const PORT = 2070;
const BLOCK = 1024;
/** Longer than a machine whose blocks are acknowledged is silent. */
const RESET_MS = 1300;
let stack: BootStack | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await stack?.stop();
  stack = undefined;
});

async function start(senders: Pick<StackOptions, 'bulkThreads'>): Promise<BootStack> {
  stack = await startBootStack({
    nodes: [nodeSpec('n1', '52:54:00:00:00:01', { network: { ip: NODE, dns: [], ntp: [] } })],
    ...senders,
  });
  return stack;
}

interface Heard {
  readonly port: number;
  readonly message: TftpMessage;
}

/** One boot: it acknowledges up to `stopAfter`. */
async function boot({ ports }: BootStack, stopAfter: number) {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.bind(PORT, NODE);
  await once(socket, 'listening');
  const heard: Heard[] = [];
  const ask = (options: Readonly<Record<string, string>> = { blksize: `${BLOCK}` }): void => {
    const named = Object.entries(options).map(([name, value]) => ({ name, value }));
    socket.send(encodeTftp({ kind: 'read', file: 'ipxe.efi', mode: 'octet', options: named }), ports.tftp, '127.0.0.1');
  };
  socket.on('message', (bytes, { port }) => {
    const decoded = decodeTftp(Buffer.from(bytes));
    if (!decoded.ok) return;
    const message = decoded.value;
    heard.push({ port, message });
    const block = message.kind === 'oack' ? 0 : message.kind === 'data' ? message.block : undefined;
    if (block === undefined || block > stopAfter) return;
    socket.send(encodeTftp({ kind: 'ack', block }), port, '127.0.0.1');
  });
  const reset = (): void => {
    sockets.splice(sockets.indexOf(socket), 1);
    socket.close();
  };
  const oacks = () => heard.filter(({ message }) => message.kind === 'oack');
  const blocks = () => heard.flatMap(({ message }) => (message.kind === 'data' ? [message.block] : []));
  return { heard, ask, reset, oacks, blocks };
}

const told = ({ engine }: BootStack, ...types: readonly EventBody['type'][]): readonly EventBody[] =>
  engine.events.filter(({ type }) => types.includes(type));

describe.each<[string, Pick<StackOptions, 'bulkThreads'>]>([
  ["by Node's sockets", {}],
  ['by a bulk thread', { bulkThreads: 1 }],
])('TFTP sent %s', { timeout: 15_000 }, (_road, senders) => {
  test.each([19, 0])('begins anew at once after a reset, when %d blocks were acknowledged', async (acked) => {
    const running = await start(senders);
    const before = await boot(running, acked);
    before.ask();
    await vi.waitFor(() => expect(before.blocks()).toContain(acked + 1));
    before.reset();
    await setTimeout(RESET_MS);
    const after = await boot(running, Number.MAX_SAFE_INTEGER);
    after.ask();
    await vi.waitFor(() => expect(after.oacks()).toHaveLength(1), 900);
    await vi.waitFor(() => expect(told(running, 'loader.sent')).toHaveLength(1));
    const port = after.oacks()[0]?.port;
    // A block of the old one may be on its way; an error of it would end the new one.
    expect(after.heard.filter((one) => one.message.kind === 'error')).toEqual([]);
    const own = after.heard
      .filter((one) => one.port === port)
      .flatMap(({ message }) => (message.kind === 'data' ? [message.block] : []));
    expect(own).toEqual(Array.from({ length: Math.floor(300_001 / BLOCK) + 1 }, (_, index) => index + 1));

    expect(told(running, 'loader.requested', 'loader.aborted', 'loader.sent')).toMatchObject([
      { type: 'loader.requested' },
      { type: 'loader.aborted', askedAnew: true },
      { type: 'loader.requested' },
      { type: 'loader.sent' },
    ]);
    expect(nodeOf(running.engine.fleet(), 'n1')).toMatchObject({ health: { is: 'ok' }, phase: { is: 'loader' } });
    const { tftp } = running.files();
    expect(tftp.active()).toBe(0);
    expect(tftp.traffic?.()).toMatchObject({ errors: 0 });
    expect(running.logs.map(({ level, text }) => `${level} ${text}`)).toContainEqual(
      expect.stringMatching(/^info ipxe.efi: the machine asks anew from the same port, and is answered anew/),
    );
  });

  test('goes on when a copy of the request comes late', async () => {
    const running = await start(senders);
    const client = await boot(running, 40);
    client.ask();
    await vi.waitFor(() => expect(client.blocks()).toContain(41));
    // What a thread reports takes a moment.
    for (let copy = 0; copy < 5; copy += 1) {
      client.ask();
      await setTimeout(60);
    }
    expect(client.oacks()).toHaveLength(1);
    expect(told(running, 'loader.requested')).toHaveLength(1);
    expect(told(running, 'loader.aborted')).toHaveLength(0);
  });

  test('begins anew when other options are asked for, before anything was acknowledged too', async () => {
    const running = await start(senders);
    const client = await boot(running, -1);
    client.ask({ tsize: '0' });
    await vi.waitFor(() => expect(client.oacks()).toHaveLength(1));
    client.ask({ tsize: '0' });
    client.ask({ blksize: '512' });
    await vi.waitFor(() => expect(client.oacks()).toHaveLength(2), 200);
    expect(client.oacks()[1]?.message).toMatchObject({ options: [{ name: 'blksize', value: '512' }] });
    const old = client.oacks()[0]?.port;
    await setTimeout(800);
    expect(client.heard.filter(({ port }) => port === old)).toHaveLength(1);
    expect(told(running, 'loader.aborted')).toMatchObject([{ askedAnew: true }]);
  });

  test('gives what was asked last of two that come together', async () => {
    const running = await start(senders);
    const client = await boot(running, -1);
    client.ask({ tsize: '0' });
    client.ask({ blksize: '512' });
    await vi.waitFor(() =>
      expect(client.oacks().map(({ message }) => message)).toContainEqual(
        expect.objectContaining({ options: [{ name: 'blksize', value: '512' }] }),
      ),
    );
    await setTimeout(600);
    const last = client.oacks().at(-1)?.port;
    expect(client.heard.slice(-1)).toMatchObject([{ port: last }]);
    expect(client.heard.filter(({ message }) => message.kind === 'error')).toEqual([]);
    expect(running.files().tftp.active()).toBe(1);
  });
});

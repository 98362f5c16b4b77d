import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { EventBody } from '../../src/core/event.ts';
import { nodeOf } from '../../src/core/fleet.ts';
import { decodeTftp } from '../../src/protocols/tftp/decode-tftp.ts';
import { encodeTftp } from '../../src/protocols/tftp/encode-tftp.ts';
import type { TftpMessage } from '../../src/protocols/tftp/tftp-message.ts';
import { nodeSpec } from '../netboot/boot-fixture.ts';
import { type BootStack, type StackOptions, startBootStack } from './boot-stack.ts';

/** Machines whose transfers stop: what is told of them, and what they get next. */

const NODE = '127.77.0.50';
let stack: BootStack | undefined;
let socket: Socket | undefined;
afterEach(async () => {
  socket?.close();
  socket = undefined;
  await stack?.stop();
  stack = undefined;
});

async function start(senders: Pick<StackOptions, 'bulkThreads'> = {}): Promise<BootStack> {
  stack = await startBootStack({
    nodes: [nodeSpec('n1', '52:54:00:00:00:01', { network: { ip: NODE, dns: [], ntp: [] } })],
    ...senders,
  });
  return stack;
}

/** Acknowledges every block, or the end of every window, up to `stopAfter`, and keeps each datagram. */
async function fetchTo(
  { ports }: BootStack,
  from: string,
  options: Readonly<Record<string, string>>,
  stopAfter: number,
): Promise<{ readonly got: readonly Buffer[]; readonly giveUp: () => void }> {
  const client = createSocket('udp4');
  socket?.close();
  socket = client;
  client.bind(0, from);
  await once(client, 'listening');
  const got: Buffer[] = [];
  let peer = ports.tftp;
  const windowBlocks = Number(options['windowsize'] ?? 1);
  const send = (message: TftpMessage): void => client.send(encodeTftp(message), peer, '127.0.0.1');
  client.on('message', (bytes, { port }) => {
    got.push(Buffer.from(bytes));
    peer = port;
    const message = decodeTftp(bytes);
    if (!message.ok) return;
    if (message.value.kind === 'oack') send({ kind: 'ack', block: 0 });
    if (message.value.kind !== 'data') return;
    const { block } = message.value;
    if (block <= stopAfter && block % windowBlocks === 0) send({ kind: 'ack', block });
  });
  const named = Object.entries(options).map(([name, value]) => ({ name, value }));
  send({ kind: 'read', file: 'ipxe.efi', mode: 'octet', options: named });
  await vi.waitFor(() => expect(got).not.toHaveLength(0));
  return { got, giveUp: () => send({ kind: 'error', code: 0, message: 'timeout' }) };
}

const told = ({ engine }: BootStack, ...types: readonly EventBody['type'][]): readonly EventBody[] =>
  engine.events.filter(({ type }) => types.includes(type));

describe.each<[string, Pick<StackOptions, 'bulkThreads'>]>([
  ["by Node's sockets", {}],
  ['by a bulk thread', { bulkThreads: 1 }],
])('TFTP sent %s', (_road, senders) => {
  test('that stops within its first moment is shown as far as it came', async () => {
    const running = await start(senders);
    const { giveUp } = await fetchTo(running, NODE, { blksize: '1468' }, 41);
    await vi.waitFor(() => expect(told(running, 'loader.progressed')).not.toHaveLength(0), 2000);
    expect(told(running, 'loader.progressed').at(-1)).toMatchObject({ sentBytes: 41 * 1468 });
    giveUp();
    await vi.waitFor(() => expect(told(running, 'loader.aborted')).toMatchObject([{ sentBytes: 41 * 1468 }]));
    expect(nodeOf(running.engine.fleet(), 'n1')?.phase).toMatchObject({ is: 'loader', sentBytes: 41 * 1468 });
  });

  test('that lacks nothing but its last ACK counts as sent, before anybody says that it stalled', async () => {
    const running = await start(senders);
    const last = Math.floor(300_001 / 1468) + 1;
    await fetchTo(running, NODE, { blksize: '1468' }, last - 1);
    await vi.waitFor(() => expect(told(running, 'loader.sent')).toHaveLength(1), 6000);
    expect(nodeOf(running.engine.fleet(), 'n1')).toMatchObject({
      health: { is: 'ok' },
      phase: { is: 'loader', sentBytes: 300_001, doneAt: expect.any(Number) },
    });
  }, 15_000);

  test('of whose last window nothing was acknowledged is shown as far as it came, and not as sent', async () => {
    const running = await start(senders);
    await fetchTo(running, NODE, { blksize: '1468', windowsize: '64' }, 192);
    await vi.waitFor(() => expect(told(running, 'loader.progressed')).not.toHaveLength(0), 2000);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect(told(running, 'loader.sent')).toHaveLength(0);
    expect(nodeOf(running.engine.fleet(), 'n1')?.phase).toMatchObject({ is: 'loader', sentBytes: 192 * 1468 });
  }, 15_000);

  test('gets smaller blocks after one of which not even the first came through', async () => {
    const running = await start(senders);
    const { giveUp } = await fetchTo(running, NODE, { blksize: '1468' }, 0);
    await vi.waitFor(() => expect(told(running, 'loader.firstBlockLost')).not.toHaveLength(0), 8000);
    expect(told(running, 'loader.firstBlockLost')).toMatchObject([{ file: 'ipxe.efi', blockBytes: 1468 }]);
    giveUp();
    await vi.waitFor(() => expect(told(running, 'loader.aborted')).toHaveLength(1));
    const { got } = await fetchTo(running, NODE, { blksize: '1468' }, 0);
    expect(decodeTftp(got[0] ?? Buffer.alloc(0))).toMatchObject({
      value: { kind: 'oack', options: [{ name: 'blksize', value: '1024' }] },
    });
    await vi.waitFor(() => expect(got[1]).toHaveLength(1028));
  }, 15_000);
});

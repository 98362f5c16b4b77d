import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { httpLimits } from '../../src/servers/http-limits.ts';
import { listenTcp } from '../../src/servers/listen-tcp.ts';
import { must } from './boot-stack.ts';

const LIMITS = { ...httpLimits(), connections: 6, perClient: 4 };

async function dial(port: number, from: string): Promise<{ readonly said: () => string; readonly end: () => void }> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from });
  let said = '';
  socket.on('data', (bytes) => {
    said += bytes.toString('latin1');
  });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  return { said: () => said, end: () => socket.destroy() };
}

test('one address takes its share of the connections and no more; who is refused is told when to come again', async () => {
  const hold = (socket: Socket) => socket.resume().on('end', () => socket.end());
  const opened = must(await listenTcp('HTTP', ['127.0.0.1'], 0, LIMITS, hold));
  const port = opened.listens[0]?.port ?? 0;
  const greedy: Awaited<ReturnType<typeof dial>>[] = [];
  for (let index = 0; index < 6; index += 1) greedy.push(await dial(port, '127.77.1.1'));
  await vi.waitFor(() => expect(greedy.filter(({ said }) => said() !== '')).toHaveLength(2), 20_000);
  expect(greedy.at(-1)?.said()).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n[\s\S]*Retry-After: 2\r\n/);
  // The others still have their part, until all is taken.
  const others: Awaited<ReturnType<typeof dial>>[] = [];
  for (const from of ['127.77.1.2', '127.77.1.3', '127.77.1.4']) others.push(await dial(port, from));
  await vi.waitFor(() => expect(others.map(({ said }) => said() !== '')).toEqual([false, false, true]), 20_000);
  greedy[0]?.end();
  await vi.waitFor(() => expect(opened.sockets.size).toBe(5), 20_000);
  const again = await dial(port, '127.77.1.4');
  await vi.waitFor(() => expect(opened.sockets.size).toBe(6), 20_000);
  expect(again.said()).toBe('');
  await opened.stop();
}, 60_000);

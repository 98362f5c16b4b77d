import { afterEach, expect, test, vi } from 'vitest';
import { openEars } from '../../src/servers/radar-ears.ts';
import { bindUdp, closeUdp, createUdp } from '../../src/servers/udp-socket.ts';

const LOOPBACK = 'lo';

afterEach(() => vi.useRealTimers());

test('ears whose port somebody holds are opened when he lets go of it', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const holder = createUdp('udp4');
  await bindUdp(holder, 0, '0.0.0.0');
  const { port } = holder.address();
  const news = vi.fn();
  const order = { ifaces: [LOOPBACK], port, own: [] };
  const ears = await openEars(order, vi.fn(), vi.fn(), news);
  expect(ears.listens).toEqual([]);
  expect(ears.warnings).toMatchObject([expect.stringMatching(/^no ears on lo port \d+, UDP port \d+ is taken/)]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(news).not.toHaveBeenCalled();
  await closeUdp(holder);
  await vi.advanceTimersByTimeAsync(10_000);
  await vi.waitFor(() => expect(news).toHaveBeenCalledOnce());
  expect(ears.listens).toEqual([{ address: LOOPBACK, port }]);
  expect(ears.warnings.join()).not.toContain('no ears');
  await ears.stop();
});

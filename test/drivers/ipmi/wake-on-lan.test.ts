import { createSocket } from 'node:dgram';
import { expect, test } from 'vitest';
import { encodeMagicPacket, sendWakeOnLan } from '../../../src/drivers/wake-on-lan.ts';

test('a magic packet is six times ff and sixteen times the MAC', () => {
  const packet = encodeMagicPacket('B4-2E-99-BA-DE-15');
  const hex = packet.ok ? Buffer.from(packet.value).toString('hex') : '';
  expect(hex).toBe('ff'.repeat(6) + 'b42e99bade15'.repeat(16));
});

test.each(['', 'b4:2e:99', 'ff:ff:ff:ff:ff:ff', '00:00:00:00:00:00', 'not a mac at all'])(
  '"%s" wakes nobody',
  async (mac) => {
    expect(encodeMagicPacket(mac)).toMatchObject({ ok: false });
    expect(await sendWakeOnLan({ mac, broadcast: '127.0.0.1' })).toMatchObject({ ok: false });
  },
);

test('the packet is sent as often as told, to the address and port given', async () => {
  const listener = createSocket('udp4');
  const seen: Buffer[] = [];
  listener.on('message', (message) => seen.push(message));
  await new Promise<void>((resolve) => {
    listener.bind(0, '127.0.0.1', resolve);
  });
  const sent = await sendWakeOnLan({
    mac: 'b4:2e:99:ba:de:15',
    broadcast: '127.0.0.1',
    port: listener.address().port,
    times: 2,
  });
  expect(sent).toEqual({ ok: true, value: { packets: 2 } });
  while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(seen.map((message) => message.length)).toEqual([102, 102]);
  listener.close();
});

test('an address that cannot be sent to is a reason', async () => {
  expect(await sendWakeOnLan({ mac: 'b4:2e:99:ba:de:15', broadcast: 'no such address' })).toMatchObject({ ok: false });
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { awaitWriteSide } from '../../src/cli/await-write-side.ts';
import { powerCommand } from '../../src/cli/commands/power.ts';
import { connectLink, type LinkClient } from '../../src/link/connect-link.ts';
import { dialControl } from '../../src/link/control-socket.ts';
import type { FromClient, FromEngine, WriteSide } from '../../src/link/link-protocol.ts';
import { createSocketCarrier } from '../../src/link/socket-carrier.ts';
import { type HostedEngine, hostEngine, run } from './hosted-engine.ts';
import { NODES } from './recorded-site.ts';

/** Orders of a script are given side by side: they wait for each other, and never for a person's screen. */

describe('an order waits for the write side', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function waitBehind(side: WriteSide) {
    const said: string[] = [];
    const told: ((side: WriteSide) => void)[] = [];
    const state = { is: 'waits' };
    const client = {
      write: () => side,
      onWrite: (take: (side: WriteSide) => void) => told.push(take),
      onClose: () => 0,
    };
    void awaitWriteSide(client, (text) => said.push(text)).then(() => {
      state.is = 'goes on';
    });
    const give = () => {
      for (const take of told) take({ mine: true });
    };
    return { said, state, give };
  }
  const order: WriteSide = { mine: false, holder: 'ada@tty1 (power)', brief: true };

  test('as soon as the order before it has ended, without a word', async () => {
    const { said, state, give } = waitBehind(order);
    await vi.advanceTimersByTimeAsync(900);
    expect(state.is).toBe('waits');
    give();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([state.is, said]).toEqual(['goes on', []]);
  });

  test('says for whom when it takes longer, and does not wait for ever', async () => {
    const { said, state } = waitBehind(order);
    await vi.advanceTimersByTimeAsync(1_100);
    expect([state.is, said]).toEqual(['waits', ['crashcart: waits for another order to end: ada@tty1 (power)\n']]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(state.is).toBe('goes on');
  });

  test.each<[string, WriteSide]>([
    ['a screen of a person', { mine: false, holder: 'ada@tty1 (attach)' }],
    ['nobody', { mine: true }],
  ])('not behind %s', async (_name, side) => {
    const { said, state } = waitBehind(side);
    await vi.advanceTimersByTimeAsync(0);
    expect([state.is, said]).toEqual(['goes on', []]);
  });
});

describe('at an engine', () => {
  let host: HostedEngine;
  beforeEach(async () => {
    host = await hostEngine();
  });
  afterEach(() => host.stop());

  const power = (node: string) => run([powerCommand], ['power', node, 'cycle'], { CRASHCART_SOCKET: host.socket });

  async function hold(brief: boolean): Promise<LinkClient> {
    const socket = await dialControl(host.socket);
    if (!socket.ok) throw new Error(socket.error);
    const carrier = createSocketCarrier<FromClient, FromEngine>(socket.value);
    const client = await connectLink(carrier, { user: 'ada', from: 'tty1', screen: 'attach', write: true, brief });
    if (!client.ok) throw new Error(client.error);
    return client.value;
  }

  test('orders to all machines at once are all carried out', async () => {
    const ran = await Promise.all(NODES.map(({ name }) => power(name)));
    expect(ran.map(({ code, err }) => [code, err])).toEqual(NODES.map(() => [0, '']));
  });

  test('one that comes while another is given is carried out when that has ended', async () => {
    const first = await hold(true);
    const second = power(NODES[0]?.name ?? '');
    setTimeout(() => first.close(), 300);
    expect((await second).code).toBe(0);
  });

  test('behind the screen of a person it is refused, and says whose that is', async () => {
    const screen = await hold(false);
    const { code, err } = await power(NODES[0]?.name ?? '');
    screen.close();
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^crashcart: ada@tty1 .* holds the write side; take it over/),
    ]);
  });
});

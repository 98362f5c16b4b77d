import { expect, test } from 'vitest';
import { createReplyWatch } from '../../src/servers/reply-watch.ts';

/** One interface with three roads, and what is told of it. */
function watched() {
  const queues = { broadcast: 0, routed: 0, neighbour: 0 };
  const cut = { count: 0, mac: '52:54:00:00:00:01', iface: 's0' };
  const told: (string | undefined)[] = [];
  const count = (road: keyof typeof queues) => ({ getSendQueueCount: () => queues[road] });
  const roads = { broadcast: count('broadcast'), routed: count('routed'), neighbour: count('neighbour') };
  const watch = createReplyWatch({
    ports: () => [{ iface: 's0', roads }],
    cut: () => cut,
    asks: { neighbours: 'renewals', port: 67 },
    onWarning: (warning) => told.push(warning),
  });
  return { queues, cut, told, watch };
}

test.each([
  ['neighbour', /renewals on s0 are not answered/],
  ['routed', /answers to relays on s0 wait/],
  ['broadcast', /all answers on s0 wait/],
] as const)(
  'replies by the %s road that wait in two rounds are told once, and a minute after the last of them taken back',
  (road, text) => {
    const { queues, told, watch } = watched();
    queues[road] = 3;
    watch.round(0);
    expect(told).toEqual([]);
    watch.round(2_000);
    watch.round(4_000);
    expect(told).toEqual([expect.stringMatching(text)]);
    queues[road] = 0;
    watch.round(64_000);
    expect(told).toHaveLength(1);
    watch.round(66_000);
    expect(told.slice(1)).toEqual([undefined]);
  },
);

test('a road that takes no more is told at once', () => {
  const { queues, told, watch } = watched();
  queues.neighbour = 65;
  watch.round(0);
  expect(told).toEqual([expect.stringMatching(/renewals on s0 are not answered/)]);
});

test('what a burst leaves in one round is nothing to tell', () => {
  const { queues, told, watch } = watched();
  for (const [at, count] of [5, 0, 7, 0].entries()) {
    queues.broadcast = count;
    watch.round(at * 2_000);
  }
  expect(told).toEqual([]);
});

test('the first machine whose answers are cut is told, and not each one that a flood makes up', () => {
  const { cut, told, watch } = watched();
  for (let round = 1; round < 9; round += 1) {
    cut.count += 1000;
    cut.mac = `52:54:00:00:00:0${round}`;
    watch.round(round * 2_000);
  }
  expect(told).toEqual([expect.stringContaining('52:54:00:00:00:01 on s0')]);
});

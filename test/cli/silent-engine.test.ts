import { createConnection, createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cancelCommand } from '../../src/cli/commands/cancel.ts';
import { provisionCommand } from '../../src/cli/commands/provision.ts';
import { statusCommand } from '../../src/cli/commands/status.ts';
import { engineFleet } from '../../src/cli/known-nodes.ts';
import { connectLink } from '../../src/link/connect-link.ts';
import { dialControl } from '../../src/link/control-socket.ts';
import type { FromClient, FromEngine } from '../../src/link/link-protocol.ts';
import { createSocketCarrier } from '../../src/link/socket-carrier.ts';
import { watchSilence } from '../../src/link/watch-silence.ts';
import { type HostedEngine, hostEngine, type Ran, run } from './hosted-engine.ts';
import { NODES } from './recorded-site.ts';

/** An engine behind a socket that takes what is sent, and from which nothing comes: it hangs, or was stopped. */

let host: HostedEngine;
let hung: Hung;
beforeEach(async () => {
  host = await hostEngine();
  hung = await hangBefore(host.socket);
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(async () => {
  vi.useRealTimers();
  hung.stop();
  await host.stop();
});

interface Hung {
  readonly socket: string;
  /** From what holds this text on nothing comes back; undefined: all of it does, late or not. */
  readonly from: (text: string | undefined) => void;
  readonly stop: () => void;
}

async function hangBefore(engine: string): Promise<Hung> {
  let text: string | undefined;
  let isHung = false;
  const back: (() => void)[] = [];
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = createConnection(engine);
    sockets.push(near, far);
    near.on('data', (bytes) => {
      if (text !== undefined && bytes.includes(text)) isHung = true;
      far.write(bytes);
    });
    far.on('data', (bytes) => (isHung ? back.push(() => near.write(bytes)) : near.write(bytes)));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('close', () => other.destroy());
      one.on('error', () => other.destroy());
    }
  });
  const socket = join(dirname(engine), 'near.sock');
  const mask = process.umask(0o177);
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  process.umask(mask);
  return {
    socket,
    from: (given) => {
      text = given;
      if (given !== undefined) return;
      isHung = false;
      for (const go of back.splice(0)) go();
    },
    stop: () => {
      for (const one of sockets) one.destroy();
      server.close();
    },
  };
}

/** Seconds of the client, with what goes over sockets meanwhile. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    for (let turn = 0; turn < 4; turn += 1) await new Promise((next) => setTimeout(next, 1));
    vi.advanceTimersByTime(1_000);
  }
}

const NODE = NODES[0]?.name ?? '';
const start = (...argv: readonly string[]): { readonly ran: Promise<Ran>; readonly out: string[] } => {
  const out: string[] = [];
  const all = [cancelCommand, provisionCommand, statusCommand];
  return { out, ran: run(all, [...argv, '--socket', hung.socket], {}, out) };
};

const who = () => `crashcart: the engine \\((pid \\d+, )?${hung.socket}\\)`;

test.each([
  ['status', 'its greeting', '"t":"hello"'],
  ['status', 'what it follows', '"t":"follow"'],
])('%s says that nothing answers %s, and ends', async (command, _what, text) => {
  hung.from(text);
  const { ran, out } = start(command);
  await pass(40);
  const { code, err } = await ran;
  expect([code, out]).toEqual([3, []]);
  expect(err).toMatch(new RegExp(`^${who()} has not answered for 5 s; it is waited for 25 s more\n`));
  expect(err).toMatch(new RegExp(`\n${who()} has not answered for 30 s: it hangs.*; no order was sent to it\n$`));
  expect(err.split('\n')).toHaveLength(3);
});

test.each([
  ['cancel', NODE],
  ['provision', NODE],
])('%s says that its order may still be carried out', async (...argv) => {
  if (argv[0] === 'cancel') await run([provisionCommand], ['provision', NODE, '--socket', host.socket]);
  hung.from('"type":"act"');
  const { ran } = start(...argv);
  await pass(40);
  const { code, err } = await ran;
  expect(code).toBe(3);
  expect(err).toMatch(/has not answered for 30 s: it hangs.*; the order that was sent may still be carried out\n$/);
  expect(err.split('\n')).toHaveLength(3);
});

test('one that answers in time is told, and the command goes on', async () => {
  hung.from('"t":"follow"');
  const { ran, out } = start('status');
  await pass(20);
  hung.from(undefined);
  const { code, err } = await ran;
  expect([code, out.join('')]).toEqual([0, expect.stringContaining(NODE)]);
  expect(err).toMatch(new RegExp(`has not answered for 5 s; .*\n${who()} answers again\n$`));
});

test('a job that is followed for long is followed to its end, and one of an engine that hangs then is not', async () => {
  const { ran } = start('provision', NODE, '--wait');
  await pass(200);
  let isOver = false;
  void ran.then(() => {
    isOver = true;
  });
  await pass(1);
  expect(isOver).toBe(false);
  hung.from('"t"');
  await pass(40);
  const { code, err } = await ran;
  expect([code, err]).toEqual([3, expect.stringMatching(/has not answered for 5 s.*\n.*has not answered for 30 s/)]);
  expect(err).not.toMatch(/order/);
});

test('an engine that has nothing to tell is asked for a sign of life, and who has gone waits for nothing', async () => {
  const socket = await dialControl(hung.socket);
  if (!socket.ok) throw new Error(socket.error);
  const told: string[] = [];
  const note = (what: string) => () => void told.push(what);
  const carrier = watchSilence(createSocketCarrier<FromClient, FromEngine>(socket.value), {
    slow: note('slow'),
    back: note('back'),
    over: note('over'),
    ordered: note('ordered'),
    answered: note('answered'),
  });
  const client = await connectLink(carrier, { user: 'ada', from: 'tty1', screen: 'attach', write: false });
  if (!client.ok) throw new Error(client.error);
  await pass(100);
  expect(told).toEqual([]);
  client.value.close();
  await pass(40);
  expect(told).toEqual([]);
});

test('who needs no engine is told of one that does not answer, and goes on without it', async () => {
  hung.from('"t":"hello"');
  const err: string[] = [];
  const context = { options: { socket: hung.socket }, words: [], env: {}, out: () => undefined };
  const giveUp = vi.fn();
  const fleet = engineFleet({ ...context, err: (text) => err.push(text), giveUp }, 'plan');
  await pass(40);
  expect([await fleet, giveUp.mock.calls]).toEqual([undefined, []]);
  expect(err).toEqual([expect.stringContaining('has not answered for 5 s')]);
});

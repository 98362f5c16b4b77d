import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Fleet } from '../../src/core/fleet.ts';
import type { OperatorAction } from '../../src/core/operator-action.ts';
import type { Result } from '../../src/core/result.ts';
import { connectLink, type LinkClient } from '../../src/link/connect-link.ts';
import type { ServiceRow } from '../../src/link/screen-port.ts';
import { createSocketCarrier } from '../../src/link/socket-carrier.ts';
import { BUNDLE, makeFolder } from './run-program.ts';

/** A simulated rack without a terminal, and what its engine says beside every screen that is attached to it. */
export interface ScreenDemo {
  readonly socket: string;
  /** The state as the engine tells it over its control socket, once it is so. */
  readonly until: (what: string, holds: (fleet: Fleet) => boolean) => Promise<Fleet>;
  /** An order of a session that asked for no write side, or of one that did. */
  readonly order: (action: OperatorAction, write: boolean) => Promise<Result<unknown>>;
  readonly audit: () => Promise<string>;
  /** The rows of the services' screen. */
  readonly services: () => Promise<Result<readonly ServiceRow[]>>;
  /** Until the history has it: it is written after the order was answered. */
  readonly untilTold: (pattern: RegExp) => Promise<void>;
  /** The clock of that process goes on from so much later. */
  readonly jump: (ms: number) => void;
  readonly stop: () => Promise<void>;
}

/** Only ends a hang, on a host where everything takes ten times as long. */
const LIMIT_MS = 90_000;

/** Laid under the program in each of its threads: nobody waits fifteen minutes for a lock that closes by itself. As if the host had slept. */
const CLOCK = `import { readFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
const real = Date.now;
let laterMs = 0;
let lookedMs = 0;
Date.now = () => {
  const now = real();
  if (now - lookedMs > 100) {
    lookedMs = now;
    try { laterMs = Number(readFileSync(process.env.LATER_FILE, 'utf8')); } catch {}
  }
  return now + laterMs;
};
const { uptime } = os;
os.uptime = () => uptime() + laterMs / 1000;
syncBuiltinESMExports();
`;

export async function startScreenDemo(...flags: readonly string[]): Promise<ScreenDemo> {
  const folder = makeFolder({ 'clock.mjs': CLOCK });
  const laterFile = join(folder, 'later');
  const child = spawn(process.execPath, [BUNDLE, 'demo', '--plain', '--speed', '60', ...flags], {
    stdio: 'ignore',
    env: {
      ...process.env,
      LATER_FILE: laterFile,
      NODE_OPTIONS: `--import ${pathToFileURL(join(folder, 'clock.mjs')).href}`,
    },
  });
  const socket = `/tmp/crashcart-demo-${child.pid}/state/control.sock`;
  await waitUntil('the demo', () => existsSync(socket));
  const watcher = await dial(socket, false);
  let fleet: Fleet | undefined;
  watcher.follow((next) => {
    fleet = next;
  }, 100);
  const audit = async () => JSON.stringify(await watcher.ask({ type: 'audit', newest: 50 }));
  return {
    socket,
    until: async (what, holds) => {
      await waitUntil(what, () => fleet !== undefined && holds(fleet));
      if (fleet === undefined) throw new Error('no state');
      return fleet;
    },
    order: async (action, write) => {
      const client = await dial(socket, write);
      const answer = await client.ask({ type: 'act', action });
      client.close();
      return answer;
    },
    audit,
    // As the screen reads it: both sides are one release.
    services: () => watcher.ask({ type: 'services' }) as Promise<Result<readonly ServiceRow[]>>,
    untilTold: (pattern) => waitUntil(`the history to tell ${pattern}`, async () => pattern.test(await audit())),
    jump: (ms) => writeFileSync(laterFile, String(ms)),
    stop: () => {
      watcher.close();
      return ended(child);
    },
  };
}

async function dial(path: string, write: boolean): Promise<LinkClient> {
  const client = await connectLink(createSocketCarrier(connect(path)), {
    user: 'test',
    from: 'test',
    screen: 'test',
    write,
  });
  if (!client.ok) throw new Error(client.error);
  return client.value;
}

async function waitUntil(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + LIMIT_MS; !(await holds()); await new Promise((again) => setTimeout(again, 50)))
    if (Date.now() > end) throw new Error(`never came: ${what}`);
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

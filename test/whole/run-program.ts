import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The built program, run as its user runs it. `npm test` builds it first. */

export const BUNDLE = new URL('../../dist/crashcart.mjs', import.meta.url).pathname;

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export function run(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  timeoutMs = 60_000,
): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [BUNDLE, ...args],
      { env: { ...process.env, ...env }, timeout: timeoutMs, maxBuffer: 64e6 },
      (error, out, err) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : null, out, err });
      },
    );
  });
}

export interface Serving {
  readonly child: ChildProcess;
  readonly socket: string;
  readonly lines: () => readonly string[];
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** `crashcart serve` until it says that it is ready. */
export async function serve(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Serving> {
  if (!existsSync(BUNDLE)) throw new Error('dist/crashcart.mjs is not built: run `npm test`, which builds it first');
  const child = spawn(process.execPath, [BUNDLE, 'serve', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const socket = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const ready = text.split('\n').find((line) => line.includes('"text":"ready"'));
      if (ready !== undefined) resolve((JSON.parse(ready) as { socket: string }).socket);
    });
    void exited.then((code) => reject(new Error(`serve ended with ${code}: ${errors}`)));
  });
  return {
    child,
    socket,
    lines: () => text.split('\n').filter((line) => line !== ''),
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
}

/** Writes files below a new folder and names it. */
export function makeFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'crashcart-test-'));
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return folder;
}

/** Ports that were free a moment ago. UDP ones are asked for by number too; a clash shows as a failed start. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer();
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A site on loopback that needs no rights: everything comes through a relay at 127.77.0.1. */
export async function loopbackSite(): Promise<string> {
  const [dhcp, proxy, tftp, http, events, kernelLog] = await freePorts(6);
  return `site: test
networks:
  - relay: 127.77.0.1
    address: 127.77.0.1
    dhcp: authoritative
    subnet: 127.77.0.0/16
    pool: 127.77.1.1-127.77.1.200
ports: { dhcp: ${dhcp}, proxy: ${proxy}, tftp: ${tftp}, http: ${http}, events: ${events}, kernelLog: ${kernelLog} }
talos: { version: v1.13.9 }
`;
}

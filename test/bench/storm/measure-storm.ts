import { runCommand, sleep } from '../../firmware/run-command.ts';
import { type BenchNet, SERVER } from '../net/open-bench-net.ts';
import { METRICS_PORT, nodeName, type OwnServer, startOwn } from '../net/own-server.ts';
import { type BenchFiles, type PeerName, startPeer } from '../net/peers.ts';
import { type Measured, runNetload } from '../net/run-netload.ts';
import { attachScreen } from './attach-screen.ts';
import type { StormMeasured } from './storm-row.ts';
import { watchHost } from './watch-host.ts';

export interface Storm {
  readonly machines: number;
  readonly spreadMs: number;
  readonly limitS: number;
}

/** Named as the table names it, and the servers that it is made of. */
export type Stack = readonly [name: string, parts: readonly PeerName[]];

/** Between two turns of the histogram's timer lie these 10 ms where nothing stalls. */
const LAG_INTERVAL_MS = 10;
/** A storm of few machines is over before the first picture of it. */
const LAST_PICTURE_MS = 10_000;

/** The same storm over our program, watched by a screen, and then over each stack. */
export async function measureStorm(
  net: BenchNet,
  files: BenchFiles,
  storm: Storm,
  stacks: readonly Stack[],
): Promise<StormMeasured> {
  const own = await startOwn(net, files, storm.machines);
  const mine = await measureOwn(net, own, storm).finally(own.stop);
  const others: (readonly [string, Measured | string])[] = [];
  for (const [name, parts] of stacks) others.push([name, await measureStack(net, files, parts, storm)]);
  return { ...mine, stacks: others };
}

async function measureOwn(net: BenchNet, own: OwnServer, storm: Storm): Promise<Omit<StormMeasured, 'stacks'>> {
  const armed = await own.cli('provision', ...Array.from({ length: storm.machines }, (_, index) => nodeName(index)));
  if (armed.code !== 0) throw new Error(`the machines could not be armed: ${armed.err.slice(0, 500)}`);
  const screen = attachScreen(own);
  try {
    await screen.attached();
    const before = screen.drawn();
    console.log(`start and arming: longest stall ${(await loopStallMs(net))?.toFixed(0) ?? '-'} ms`);
    const host = await watchHost(net.folder);
    const ours = await runStorm(net, own.pids, storm).finally(() => host.stop());
    const stallMs = await loopStallMs(net);
    const hostLateMs = await host.stop();
    for (const until = Date.now() + LAST_PICTURE_MS; screen.drawn() === before && Date.now() < until; ) await sleep(50);
    return { ours, drawnBytes: screen.drawn() - before, stallMs, hostLateMs };
  } finally {
    screen.close();
  }
}

async function measureStack(
  net: BenchNet,
  files: BenchFiles,
  parts: readonly PeerName[],
  storm: Storm,
): Promise<Measured | string> {
  const running = [];
  try {
    for (const part of parts) {
      const started = await startPeer(net, part, files);
      if (typeof started === 'string') return started;
      running.push(started);
    }
    const pids = running.flatMap((one) => one.pids);
    return await runStorm(net, pids, storm);
  } finally {
    for (const one of running) await one.stop();
  }
}

function runStorm(net: BenchNet, pids: readonly number[], { machines, spreadMs, limitS }: Storm): Promise<Measured> {
  const many = ['-n', machines, '-c', machines, '--spread-ms', spreadMs, '--limit-s', limitS].map(String);
  const tftp = ['--file-from-dhcp', '--blksize', '1468', '--windowsize', '4', '--tsize-probe'];
  const dhcp = ['--leased-ip', '--dhcp-timeout', '4', '--backoff', '--tries', '5'];
  return runNetload(net, pids, ['storm', ...many, ...tftp, ...dhcp]);
}

/** The engine's loop since the last reading, which begins the histogram anew: Prometheus reads peaks like this. */
async function loopStallMs(net: BenchNet): Promise<number | undefined> {
  const url = `http://${SERVER}:${METRICS_PORT}/metrics`;
  const { out } = await runCommand('ip', ['netns', 'exec', net.client, 'curl', '-s', '--max-time', '10', url]);
  const longestS = /^crashcart_nodejs_eventloop_lag_max_seconds (\S+)/m.exec(out)?.[1];
  return longestS === undefined ? undefined : Math.max(0, Number(longestS) * 1000 - LAG_INTERVAL_MS);
}

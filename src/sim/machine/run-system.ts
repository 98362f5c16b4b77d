import { systemOptions } from '../firmware/firmware-kinds.ts';
import type { SimRun } from '../run/sim-run.ts';
import { parseCmdline } from '../talos/parse-cmdline.ts';
import { createHttpClient } from '../wire/fetch-http.ts';
import { obtainLease } from '../wire/obtain-lease.ts';
import type { BootEnd, SimHost } from './sim-host.ts';

const START_MS = [8_000, 15_000] as const;
/**
 * Real milliseconds. Who drives the BMC looks at the power in real time: a system that spoke before he could look would
 * pass for the one that ran before the reset.
 */
const LEAST_START_MS = 3_000;

/** Any system but Talos: it asks for an address by its name, reads its cloud-init files if told where, and is there. */
export async function runSystem(run: SimRun, host: SimHost, hostName: string, args: string): Promise<BootEnd> {
  host.step('linux');
  await run.sleep(
    Math.max(host.random.between(START_MS[0], START_MS[1]), host.hasBmc ? LEAST_START_MS * run.clock.speed : 0),
  );
  const lease = await obtainLease(run, {
    net: host.net(),
    circuit: host.spec.circuit,
    mac: host.spec.macs[0],
    random: host.random,
    broadcast: false,
    options: systemOptions(host.spec.macs[0], hostName),
    discoverAtMs: [0, 3_000, 9_000, 20_000],
    giveUpMs: 60_000,
    settleMs: () => 0,
    takes: () => true,
  });
  if (lease !== undefined) {
    host.leased(lease);
    await readCloudInit(run, host, lease.address, parseCmdline(args).cloudInit);
  }
  host.step('otherSystem');
  host.note(`${hostName} login:`);
  await run.wait<never>(undefined, () => () => undefined);
  return { is: 'off' };
}

async function readCloudInit(run: SimRun, host: SimHost, from: string, seed: string | undefined): Promise<void> {
  if (seed === undefined) return;
  const http = createHttpClient(run, from, 'Cloud-Init/25.1');
  for (const file of ['meta-data', 'user-data', 'vendor-data', 'network-config']) {
    const got = await http.fetch({ url: `${seed.replace(/\/*$/, '/')}${file}` });
    host.note(`cloud-init: ${file}: ${got.ok ? got.value.status : got.error}`);
  }
  http.close();
}

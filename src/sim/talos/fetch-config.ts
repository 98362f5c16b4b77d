import { createHttpClient } from '../wire/fetch-http.ts';
import { parseSimConfig, type SimConfig } from './sim-config.ts';
import type { TalosBoot } from './talos-boot.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** The whole search; then it says so and begins again. */
const OVERALL_MS = 3 * 3_600_000;
/** Real milliseconds: scaled waiting would hammer a server that holds the node back on purpose. */
const LEAST_WAIT_MS = 200;

/** Every answer but 200 is tried again, for hours; what came and is no configuration is reported, then fetched again. */
export async function fetchConfig(boot: TalosBoot, url: string): Promise<SimConfig> {
  const { run, host, voice } = boot;
  let restartMs = 500;
  for (;;) {
    const got = await download(boot, url);
    const config =
      host.faults().configRejected === true && got.ok ? rejected() : got.ok ? parseSimConfig(got.value) : got;
    if (config.ok) {
      voice.log(`fetched machine config from: "${url.replace(/\/t\/[^/]+/, '/t/…')}"`);
      return config.value;
    }
    voice.event({ type: 'configLoadError', message: config.error });
    const controller = { component: 'controller-runtime', controller: 'config.AcquireController', error: config.error };
    voice.log(`controller failed ${JSON.stringify(controller)}`, 'error');
    await run.sleep(Math.max(restartMs * host.random.between(0.5, 1.5), LEAST_WAIT_MS * run.clock.speed));
    restartMs = Math.min(LONGEST_WAIT_MS, restartMs * 1.5);
  }
}

const rejected = () => ({
  ok: false as const,
  error: 'error validating machine configuration: 1 error occurred: * invalid machine.network.kubespan.mtu (simulated)',
});

async function download(boot: TalosBoot, url: string) {
  const { run, host, voice } = boot;
  const startedMs = run.clock.now();
  let waitMs = FIRST_WAIT_MS;
  for (;;) {
    const http = createHttpClient(run, boot.address, 'Go-http-client/1.1');
    const got = await http.fetch({ url, timeoutSimMs: 180_000 });
    http.close();
    if (got.ok && got.value.status === 200) return { ok: true as const, value: got.value.body };
    if (got.ok && got.value.status === 204) return { ok: true as const, value: Buffer.alloc(0) };
    const why = got.ok
      ? `failed to download config, status code ${got.value.status}, body "${got.value.body.toString('latin1', 0, 32)}"`
      : got.error;
    voice.log(`download failed: ${why}`, 'warn');
    if (run.clock.now() - startedMs > OVERALL_MS) return { ok: false as const, error: `timeout: ${why}` };
    await run.sleep(Math.max(waitMs * host.random.between(0.8, 1.2), LEAST_WAIT_MS * run.clock.speed));
    waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2);
  }
}

import { afterEach, describe, expect, test } from 'vitest';
import type { FirmwareName } from '../../src/sim/firmware/firmware-kinds.ts';
import { type Bench, createBench } from './machine-kit.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const kinds: readonly FirmwareName[] = ['bios-plain', 'bios-ipxe-rom', 'uefi', 'uefi-http', 'arm64', 'arm64-http'];

describe('a simulated machine goes from power on to ready', () => {
  test.each(kinds)('with the firmware %s and Talos 1.13', async (firmware) => {
    bench = await createBench({ firmware: [firmware] });
    const [machine] = bench.machines;
    machine?.powerOn();
    await bench.until(() => machine?.state.step === 'ready');
    const { seen } = bench.site;
    expect(seen.events.map((one) => one.from)).toEqual(seen.events.map(() => '127.77.9.1'));
    expect(seen.http.find((one) => one.url.startsWith('/s?'))?.url).toContain('serial=SER1');
  });
});

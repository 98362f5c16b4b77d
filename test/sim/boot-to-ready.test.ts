import { afterEach, expect, test } from 'vitest';
import type { FirmwareName } from '../../src/sim/firmware/firmware-kinds.ts';
import { type Bench, createBench, specOf } from './machine-kit.ts';

let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

const kinds: readonly FirmwareName[] = ['bios-plain', 'bios-ipxe-rom', 'uefi', 'uefi-http', 'arm64', 'arm64-http'];

test('machines of all kinds go from power on to ready side by side, each from its own address', async () => {
  bench = await createBench({
    firmware: kinds,
    change: (spec) => ({ ...spec, disks: specOf('uefi', 1).disks }),
  });
  for (const machine of bench.machines) machine.powerOn();
  await bench.until(() => bench?.machines.every((one) => one.state.step === 'ready') === true, 15_000);
  const { seen } = bench.site;
  for (const [i, machine] of bench.machines.entries()) {
    const address = `127.77.9.${i + 1}`;
    expect(machine.state).toMatchObject({ address, boots: 1, networkBoots: 1 });
    expect(machine.disks.map((disk) => disk.content.is)).toEqual(['talos', 'blank']);
    const script = seen.http.find((one) => one.from === address && one.url.startsWith('/s?'));
    expect(script?.url).toContain(`serial=SER${i + 1}&`);
    expect(seen.events.some((one) => one.from === address)).toBe(true);
    expect(seen.log.some((one) => one.from === address && one.text.includes('install successful'))).toBe(true);
  }
});

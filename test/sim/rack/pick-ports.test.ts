import { expect, test } from 'vitest';
import { pickPorts } from '../../../src/sim/rack/pick-ports.ts';

test('the port of the kernel log is free by UDP too: none of the three that are UDP alone', async () => {
  for (let round = 0; round < 20; round += 1) {
    // Four ports for the four that are UDP: each must be another one.
    const { dhcp, proxy, tftp, http, events, kernelLog } = await pickPorts('127.76.0.1', {
      first: 19_000,
      last: 19_004,
    });
    expect(new Set([dhcp, proxy, tftp, kernelLog]).size).toBe(4);
    expect(new Set([http, events, kernelLog]).size).toBe(3);
  }
});

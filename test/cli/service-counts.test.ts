import { expect, test } from 'vitest';
import { serviceCounts } from '../../src/cli/service-counts.ts';
import { helpOf } from '../../src/servers/metric-families.ts';
import { nodeSpec } from '../netboot/boot-fixture.ts';
import { startBootStack } from '../servers/boot-stack.ts';

test('every number that is scraped has a sentence that says what it means', async () => {
  const stack = await startBootStack({ nodes: [nodeSpec('n1', '52:54:00:1a:bd:0b')] });
  try {
    const names = Object.keys(serviceCounts(new Map([['DHCP', stack.dhcp]]), undefined));
    names.push('tftp_active_transfers', 'http_connections', 'http_active_transfers');
    expect(names).toContain('dhcp_cut_total');
    expect(names.filter((name) => (helpOf(name)?.split(' ').length ?? 0) < 4)).toEqual([]);
  } finally {
    await stack.stop();
  }
});

import { expect, test } from 'vitest';
import { closePorts, openDhcpSockets } from '../../src/servers/dhcp-sockets.ts';
import { bootSite, siteSpec, subnet } from '../netboot/boot-fixture.ts';
import { must } from './boot-stack.ts';

test('subnets behind relays are served at each address of ours that they name, once', async () => {
  const site = bootSite(
    siteSpec([
      subnet({ relay: '10.1.0.1', subnet: '10.1.0.0/16', address: '127.0.0.1' }),
      subnet({ relay: '10.2.0.1', subnet: '10.2.0.0/16', address: '127.0.0.2' }),
      subnet({ relay: '10.3.0.1', subnet: '10.3.0.0/16', address: '127.0.0.1', dhcp: 'proxy' }),
      subnet({ relay: '10.4.0.1', subnet: '10.4.0.0/16', address: '127.0.0.3', dhcp: 'off' }),
    ]),
  );
  const { ports, listens } = must(await openDhcpSockets('DHCP', site, { port: 0 }, undefined));
  expect(listens.map(({ address }) => address)).toEqual(['127.0.0.1', '127.0.0.2']);
  await closePorts(ports);
});

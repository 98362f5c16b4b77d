import { createSocket } from 'node:dgram';
import { type AddressInfo, createServer } from 'node:net';
import type { SimPortsOfSite } from './planned-machine.ts';

function pickUdp(address: string): Promise<{ readonly port: number; readonly release: () => void }> {
  const socket = createSocket('udp4');
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port: 0 }, () => resolve({ port: socket.address().port, release: () => socket.close() }));
  });
}

function pickTcp(address: string): Promise<{ readonly port: number; readonly release: () => void }> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, () =>
      resolve({ port: (server.address() as AddressInfo).port, release: () => server.close() }),
    );
  });
}

/** Six ports that nobody uses at this address now. All are held until the last is found, so no two are the same. */
export async function pickPorts(address: string): Promise<SimPortsOfSite> {
  const [dhcp, proxy, tftp] = await Promise.all([pickUdp(address), pickUdp(address), pickUdp(address)]);
  const [http, events, kernelLog] = await Promise.all([pickTcp(address), pickTcp(address), pickTcp(address)]);
  const all = { dhcp, proxy, tftp, http, events, kernelLog };
  for (const one of Object.values(all)) one.release();
  return {
    dhcp: dhcp.port,
    proxy: proxy.port,
    tftp: tftp.port,
    http: http.port,
    events: events.port,
    kernelLog: kernelLog.port,
  };
}

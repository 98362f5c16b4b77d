import type { InventoryKeeper } from './inventory-keeper.ts';
import { ownAddress } from './own-address.ts';

/** Where a wake-up packet goes: to everybody on the first network that is ours. */
export function broadcastOf(inventory: InventoryKeeper): string | undefined {
  const net = inventory
    .current()
    .site.networks.find((one) => one.interface !== undefined && ownAddress(one) !== undefined);
  if (net === undefined) return undefined;
  const [base = '', bits = ''] = net.subnet.split('/');
  const value = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const all = value + 2 ** (32 - Number(bits)) - 1;
  return [24, 16, 8, 0].map((shift) => Math.floor(all / 2 ** shift) % 256).join('.');
}

import type { Fleet } from '../core/fleet.ts';
import type { LinkClient } from '../link/connect-link.ts';
import { cannotRun } from './command.ts';

/** The state as it is now; the connection stays open. */
export function readFleet(client: LinkClient): Promise<Fleet> {
  return new Promise((resolve, reject) => {
    client.onClose((reason) => reject(cannotRun(`the engine is gone: ${reason}`)));
    client.follow((fleet) => resolve(fleet), 100);
  });
}

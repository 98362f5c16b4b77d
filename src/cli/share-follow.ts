import type { LinkClient } from '../link/connect-link.ts';

type Take = Parameters<LinkClient['follow']>[0];

/** A connection tells one listener of what happens: here each of several that come one after the other. */
export function shareFollow(client: LinkClient): LinkClient {
  const takers: Take[] = [];
  let latest: readonly [Parameters<Take>[0], number] | undefined;
  return {
    ...client,
    follow(take, everyMs) {
      takers.push(take);
      if (takers.length > 1) {
        if (latest !== undefined) take(latest[0], [], latest[1], 0);
        return;
      }
      client.follow((fleet, events, at, bytesPerSecond) => {
        latest = [fleet, at];
        for (const one of takers) one(fleet, events, at, bytesPerSecond);
      }, everyMs);
    },
  };
}

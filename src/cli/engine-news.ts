import type { LinkClient } from '../link/connect-link.ts';
import type { WriteSide } from '../link/link-protocol.ts';
import { VERSION } from './version.ts';

/** Who holds the write side, where that is somebody else, and how to get it. */
export const heldBy = (side: WriteSide): string | undefined =>
  side.mine
    ? undefined
    : side.holder === 'nobody'
      ? 'nobody holds the write side: `crashcart attach --take` takes it'
      : `${side.holder} holds the write side: you look on; \`crashcart attach --take\` takes it over`;

/** What is other than before the engine was gone. */
export function engineNews(
  before: LinkClient,
  next: LinkClient,
): { readonly kind: 'note' | 'bad'; readonly text: string } {
  const isSame = before.engine.startedAt !== undefined && before.engine.startedAt === next.engine.startedAt;
  const what = isSame ? 'the connection to the engine was lost, and is there again' : 'the engine was started again';
  const { program } = next.engine;
  const release = before.engine.program === program ? '' : `; it is ${program} now, this screen crashcart ${VERSION}`;
  const lost = before.write().mine ? heldBy(next.write()) : undefined;
  const text = `${what}${release}${lost === undefined ? '' : `; ${lost}`}`;
  return { kind: lost === undefined ? 'note' : 'bad', text };
}

import type { BatchFeed } from './batch-feed.ts';
import { RESIZE_WAIT_MS } from './listen-to-terminal.ts';
import type { Parts, Stage } from './mount-screen.tsx';

const REFRESH_MS = 1_000;

const POLL_MS = 2_000;

/** Everything that changes the screen without a key: news, the clock, the log that is open, the services. */
export function feedScreen({ options, store, guard }: Parts, feed: BatchFeed, { effects, redraw }: Stage): () => void {
  const unsubscribe = options.port.subscribe(feed.take);
  effects.poll();
  const refresher = setInterval(() => effects.refresh(store.getState()), REFRESH_MS);
  const poller = setInterval(effects.poll, POLL_MS);
  let early: NodeJS.Timeout | undefined;
  const untell = store.subscribe((model, before) => {
    // Keys that were typed during the start were echoed, and Ink drew its first frame from where they had left the
    // cursor. Once the engine is there the terminal is raw: from here on it is ours alone.
    if (before.link.is === 'connecting' && model.link.is === 'live') early ??= setTimeout(redraw, RESIZE_WAIT_MS);
    if (model.view.counts !== before.view.counts || model.fleet.saving !== before.fleet.saving) guard.tell(model);
  });
  return () => {
    feed.stop();
    unsubscribe();
    untell();
    clearTimeout(early);
    clearInterval(refresher);
    clearInterval(poller);
  };
}

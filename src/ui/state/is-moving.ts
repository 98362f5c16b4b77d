import { LISTEN_MS } from '../select/radar-words.ts';
import type { ScreenModel } from './screen-model.ts';
import { routeOf } from './ui-state.ts';

/** Something on the screen counts seconds. When nothing does, the screen is still and costs nothing. */
export function isMoving(model: ScreenModel): boolean {
  const { armed, counts } = model.view;
  const { glass, discoveryUntil } = model.fleet.switches;
  return (
    armed.jobs > 0 ||
    counts.boot + counts.install > 0 ||
    counts.stalled + counts.failed > 0 ||
    model.ui.toasts.length > 0 ||
    model.link.is !== 'live' ||
    glass !== undefined ||
    model.fleet.saving.is === 'failing' ||
    discoveryUntil !== undefined ||
    model.bytesPerSecond > 0 ||
    model.session.player !== undefined ||
    // One tick more, so that it is seen to be over.
    (routeOf(model.ui).is === 'bringUp' && model.nowMs - model.fleet.startedAt < LISTEN_MS + 2_000)
  );
}

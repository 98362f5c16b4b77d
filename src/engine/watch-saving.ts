import type { Engine } from './create-engine.ts';

/** What the journal says of the disk becomes an event, so that screens say "not saving" and nothing new is armed. */
export function watchSaving(
  engine: Engine,
  onState: (listener: (state: { readonly kind: string; readonly reason?: string }) => void) => () => void,
): () => void {
  return onState((state) => {
    const failing = engine.fleet().saving.is === 'failing';
    if (state.kind === 'saving') {
      if (failing) engine.emit({ type: 'store.recovered' });
    } else if (!failing) engine.emit({ type: 'store.failed', reason: state.reason ?? 'the disk does not take it' });
  });
}

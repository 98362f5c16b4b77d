import type { Engine } from './create-engine.ts';

interface SavingState {
  readonly kind: string;
  readonly reason?: string;
}

/** What the journal says of the disk becomes an event, so that screens say "not saving" and nothing new is armed. */
export function watchSaving(
  engine: Engine,
  journal: { state(): SavingState; onState(listener: (state: SavingState) => void): () => void },
): () => void {
  const look = (state: SavingState): void => {
    const { saving } = engine.fleet();
    const failing = saving.is === 'failing';
    if (state.kind === 'saving') {
      if (failing) engine.emit({ type: 'store.recovered' });
      return;
    }
    // What is in the way may be another thing by now, with another way out.
    const { reason = 'the disk does not take it' } = state;
    if (!failing || saving.reason !== reason) engine.emit({ type: 'store.failed', reason });
  };
  // The run before may have saved its last words, that it does not save among them, as it ended.
  look(journal.state());
  return journal.onState(look);
}

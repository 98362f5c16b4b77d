/** Whether what happens is being kept, in words for the screen and for `status`. */

interface Waiting {
  readonly waitingRecords: number;
  readonly waitingBytes: number;
}

/** Totals since the program started; they stay after recovery, because the journal has a hole there. */
export interface LetGo {
  /** Measurements (progress, speed) that a later one replaces. */
  readonly droppedRates: number;
  /** Anything else: only a fresh snapshot makes the state on disk whole again. */
  readonly lostRecords: number;
}

export interface StoreFailure {
  readonly reason: string;
  readonly sinceMs: number;
  /** A write has not come back: whatever else is written to that disk may not come back either. */
  readonly hangs?: true;
  /** The disk takes what comes, and only a snapshot saves what is lost of before. */
  readonly wantsSnapshot?: true;
}

export type StoreState =
  | ({ readonly kind: 'saving' } & LetGo)
  | ({ readonly kind: 'failing' } & StoreFailure & Waiting & LetGo)
  | ({ readonly kind: 'overflow'; readonly count: number } & StoreFailure & Waiting & LetGo);

export function renderStoreState(state: StoreState): string {
  const hole = state.lostRecords > 0 ? ` ${state.lostRecords} records were lost: take a snapshot.` : '';
  switch (state.kind) {
    case 'saving':
      return `saving.${hole}`;
    case 'failing':
      return `NOT SAVING: ${state.reason}; ${state.waitingRecords} records wait in memory.${hole}`;
    case 'overflow':
      return `NOT SAVING, memory full: ${state.reason}; ${state.waitingRecords} records wait, ${state.count} were let go.${hole}`;
  }
}

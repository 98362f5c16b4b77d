import type { Event } from '../core/event.ts';

/** One recorded event and its number in the journal. */
export interface Recorded {
  readonly seq: number;
  readonly event: Event;
}

export const isEvent = (record: unknown): record is Event =>
  typeof record === 'object' &&
  record !== null &&
  'type' in record &&
  typeof record.type === 'string' &&
  'time' in record &&
  typeof record.time === 'number';

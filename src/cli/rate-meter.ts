import type { Engine } from '../engine/create-engine.ts';

const WINDOW_MS = 2000;

/** Bytes per second over the last two seconds, from the transfers' own reports. */
export function createRateMeter(engine: Engine): () => number {
  const sent = new Map<string, number>();
  let marks: { readonly at: number; readonly bytes: number }[] = [];
  engine.follow((event) => {
    if (event.type !== 'image.progressed' && event.type !== 'loader.progressed' && event.type !== 'image.sent') return;
    const key = `${event.node} ${'image' in event ? event.image : event.file}`;
    const total = 'sentBytes' in event ? event.sentBytes : event.totalBytes;
    const bytes = Math.max(0, total - (sent.get(key) ?? 0));
    if (event.type === 'image.sent') sent.delete(key);
    else sent.set(key, total);
    marks.push({ at: event.time, bytes });
  });
  return () => {
    const since = engine.now() - WINDOW_MS;
    marks = marks.filter((mark) => mark.at > since);
    return Math.round(marks.reduce((sum, mark) => sum + mark.bytes, 0) / (WINDOW_MS / 1000));
  };
}

import type { Fleet } from '../../core/fleet.ts';
import { valuesOf } from '../../core/shard-map.ts';
import type { ScreenPort } from '../../link/screen-port.ts';
import { renderClock } from '../format/duration.ts';
import { countGroups } from '../select/fleet-view.ts';
import { newsBetween, standingNews } from '../select/plain-news.ts';
import { showText } from '../terminal/fit-text.ts';

/** With its advice: the longest is that of two machines with one name. */
const LINE_CHARS = 600;

/** `--plain`: one line per event, for screen readers, pipes and logs. No escape sequence, nothing is drawn over. */
export function runPlain(
  port: ScreenPort,
  write: (line: string) => void,
  zoneMinutes: number,
  /** What stands above the table of `status`. */
  siteLines: (fleet: Fleet, at: number) => readonly string[] = () => [],
): () => void {
  let said = '';
  let before: Fleet | undefined;
  const tell = (at: number, node: string, text: string): void => {
    const who = node === '' ? '' : `${showText(node, 'unicode', 64)}: `;
    write(`${renderClock(at, zoneMinutes)} ${who}${showText(text, 'unicode', LINE_CHARS)}`);
  };
  return port.subscribe((batch) => {
    if (batch.recentCut !== undefined) tell(batch.atMs, '', `${batch.recentCut} lines of this moment are left out`);
    for (const { at, node = '', text } of batch.recent) tell(at, node, text);
    if (before === undefined) for (const line of siteLines(batch.fleet, batch.atMs)) tell(batch.atMs, '', line);
    const news = before === undefined ? standingNews(batch.fleet) : newsBetween(before, batch.fleet);
    for (const { node, text } of news) tell(batch.atMs, node, text);
    before = batch.fleet;
    const nodes = [...valuesOf(batch.fleet.nodes)];
    const counts = countGroups(nodes);
    const armed = nodes.filter((node) => node.job !== undefined).length;
    const summary = `${nodes.length} nodes: ${counts.ready} ready, ${counts.install + counts.boot} booting or installing, ${counts.stalled} stalled, ${counts.failed} failed, ${counts.off} off, ${counts.idle} idle, ${counts.armed} waiting, ${counts.hold} held; ${armed} of them armed`;
    if (summary === said) return;
    said = summary;
    tell(batch.atMs, '', summary);
  });
}

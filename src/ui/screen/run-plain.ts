import { valuesOf } from '../../core/shard-map.ts';
import type { ScreenPort } from '../../link/screen-port.ts';
import { renderClock } from '../format/duration.ts';
import { countGroups } from '../select/fleet-view.ts';
import { showText } from '../terminal/fit-text.ts';

/** `--plain`: one line per event, for screen readers, pipes and logs. No escape sequence, nothing is drawn over. */
export function runPlain(port: ScreenPort, write: (line: string) => void, zoneMinutes: number): () => void {
  let said = '';
  return port.subscribe((batch) => {
    for (const line of batch.recent) {
      const who = line.node === undefined ? '' : `${showText(line.node, 'unicode', 64)}: `;
      write(`${renderClock(line.at, zoneMinutes)} ${who}${showText(line.text, 'unicode', 300)}`);
    }
    const counts = countGroups(valuesOf(batch.fleet.nodes));
    const summary = `${batch.fleet.nodes.size} nodes: ${counts.ready} ready, ${counts.install + counts.boot} booting or installing, ${counts.stalled} stalled, ${counts.failed} failed, ${counts.off} off`;
    if (summary === said) return;
    said = summary;
    write(`${renderClock(batch.atMs, zoneMinutes)} ${summary}`);
  });
}

import { valuesOf } from '../../core/shard-map.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { type ListName, routeOf } from '../state/ui-state.ts';
import { layoutFor, rackGrid } from './layout.ts';

/** The list that the cursor keys move in on this screen: its ids in order, and how many rows of it are visible. */
export interface ShownList {
  readonly name: ListName;
  readonly ids: readonly string[];
  readonly height: number;
  readonly cursor: number;
}

export function shownList(model: ScreenModel): ShownList | undefined {
  const { ui } = model;
  const layout = layoutFor(ui.size.columns, ui.size.rows);
  const route = routeOf(ui);
  const list = (name: ListName, ids: readonly string[], height: number): ShownList => ({
    name,
    ids,
    height: Math.max(1, height),
    cursor: Math.max(0, ids.indexOf(ui.cursor[name] ?? '')),
  });
  switch (route.is) {
    case 'rack': {
      const grid = rackGrid(layout, ui.zoomed);
      return list('nodes', model.view.inRack, grid.height * grid.across);
    }
    case 'list':
      return list('nodes', model.view.visible, layout.body - 1);
    case 'discovery':
      return list('strangers', strangerIds(model), discoveryRows(layout.rows));
    case 'jobs':
      return jobsFocus(model) === 'waves'
        ? list('waves', waveIds(model), jobsPlaces(model).waves)
        : list('jobs', model.view.jobs, jobsPlaces(model).jobs);
    case 'services':
      return list(
        'services',
        model.services.map((one) => one.name),
        model.services.length,
      );
    case 'history':
      return list('audit', auditIds(model), layout.body - 2);
    case 'bringUp':
    case 'node':
    case 'plan':
      return undefined;
  }
}

/** Tab goes from the waves to the jobs; without waves there are only jobs. */
export const jobsFocus = (model: ScreenModel): 'waves' | 'jobs' =>
  Object.keys(model.fleet.waves).length > 0 && (model.ui.pane === 'main' || model.view.jobs.length === 0)
    ? 'waves'
    : 'jobs';

/** Rows of the two tables of the jobs screen, and the screen line of the first job. */
export function jobsPlaces({ ui, fleet }: ScreenModel): {
  readonly waves: number;
  /** Lines of words about the wave under the cursor. */
  readonly words: number;
  readonly jobs: number;
  readonly jobsTop: number;
} {
  const layout = layoutFor(ui.size.columns, ui.size.rows);
  const count = Object.keys(fleet.waves).length;
  const waves = Math.min(count, Math.max(1, Math.floor(layout.body / 3) - 1));
  const words = layout.rows >= 20 ? 2 : 1;
  // Two lines of head, the title, words and rule of the waves, the title of the jobs.
  const above = 2 + (count === 0 ? 0 : waves + words + 2) + 1;
  return { waves, words, jobs: Math.max(1, layout.body - above), jobsTop: layout.header + above };
}

/** Newest asker first. */
function strangerIds(model: ScreenModel): readonly string[] {
  return [...valuesOf(model.fleet.strangers)]
    .sort((a, b) => b.lastAt - a.lastAt || (a.mac < b.mac ? -1 : 1))
    .map((one) => one.mac);
}

/** By their time: an entry stays under the cursor when newer ones come in. Those of one moment count from the oldest. */
function auditIds({ audit }: ScreenModel): readonly string[] {
  const counts = new Map<number, number>();
  return audit
    .toReversed()
    .map(({ at }) => {
      const count = (counts.get(at) ?? 0) + 1;
      counts.set(at, count);
      return `${at}/${count}`;
    })
    .reverse();
}

/** Newest wave first. */
export function waveIds(model: ScreenModel): readonly string[] {
  return Object.values(model.fleet.waves)
    .sort((a, b) => b.startedAt - a.startedAt)
    .map((wave) => wave.id);
}

/** Rows of the table of strangers: what the facts below it leave. */
export const discoveryRows = (rows: number): number => Math.max(3, rows - (rows < 20 ? 6 : 13));

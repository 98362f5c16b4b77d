import type { JobKind } from '../../core/job.ts';
import type { LogLevel, NodePreview } from '../../link/screen-port.ts';
import type { ActionId } from '../keys/action-id.ts';
import type { ScreenMode } from '../keys/keymap.ts';
import type { ListColumn } from '../select/list-columns.ts';
import type { Palette } from '../terminal/theme.ts';
import type { TextEdit } from './edit-text.ts';

/** What the operator is looking at. Small, plain, and changed by `reduceUi` alone. */
export interface UiState {
  readonly size: { readonly columns: number; readonly rows: number };
  /** Crumbs: the last one is on the screen, Esc goes back. Never empty. */
  readonly routes: readonly Route[];
  readonly rack: string | undefined;
  /** Names, not positions: a cursor stays on its machine when the order changes. */
  readonly cursor: { readonly [L in ListName]?: string };
  /** First row of each list's window, so that a step of the cursor redraws two rows and not all. */
  readonly tops: { readonly [L in ListName]?: number };
  /** The last one that was jumped to, and its place among the problems then. */
  readonly problem?: { readonly node: string; readonly at: number };
  readonly marks: readonly string[];
  readonly strangerMarks: readonly string[];
  readonly lastMark: string | undefined;
  readonly filter: string;
  readonly filterHistory: readonly string[];
  readonly sort: { readonly column: SortColumn; readonly reverse: boolean };
  readonly log: LogView;
  readonly pane: 'main' | 'side';
  readonly zoomed: boolean;
  /** First line of the zoomed parts of a node: facts and evidence are longer than a console. */
  readonly partTop: number;
  readonly dialog: Dialog;
  readonly toasts: readonly Toast[];
  readonly look: Look;
}

export type ListName = 'nodes' | 'strangers' | 'waves' | 'jobs' | 'services' | 'audit' | 'steps';
export type SortColumn = 'unit' | 'name' | 'state' | 'age' | 'address' | 'progress';
export const SORT_COLUMNS: readonly SortColumn[] = ['unit', 'name', 'state', 'age', 'address', 'progress'];

export type Route =
  | { readonly is: 'rack' }
  | { readonly is: 'list' }
  | { readonly is: 'node'; readonly node: string }
  | { readonly is: 'plan'; readonly node: string; readonly job: JobKind; readonly scroll: number }
  | { readonly is: 'discovery' }
  | { readonly is: 'bringUp' }
  | { readonly is: 'jobs' }
  | { readonly is: 'services' }
  | { readonly is: 'history' };

export interface LogView {
  readonly follow: boolean;
  readonly wrap: boolean;
  readonly level: LogLevel;
  readonly search: string;
  /** While not following: the number of the line after the last one shown. */
  readonly anchor: number;
}

export interface Look {
  readonly ascii: boolean;
  readonly colour: 'on' | 'off' | 'auto';
  readonly palette: Palette;
  readonly mouse: boolean;
  readonly bell: boolean;
  /** The window's title says how many failed. */
  readonly title: boolean;
  readonly wide: boolean;
  /** Of the list, in their order; empty: the usual ones. */
  readonly columns: readonly ListColumn[];
}

export type Dialog =
  | null
  | {
      readonly kind: 'help';
      readonly of: ScreenMode;
      readonly scroll: number;
      readonly search: TextEdit;
      readonly typing: boolean;
    }
  | { readonly kind: 'palette'; readonly edit: TextEdit; readonly index: number }
  | {
      readonly kind: 'menu';
      readonly of: 'actions' | 'power' | 'drift' | 'export';
      readonly nodes: readonly string[];
      readonly index: number;
    }
  | { readonly kind: 'field'; readonly what: 'filter' | 'search'; readonly edit: TextEdit; readonly recalled: number }
  | TypedDialog
  | { readonly kind: 'columns'; readonly index: number }
  /** What the header has no room for. */
  | { readonly kind: 'alarms'; readonly scroll: number }
  | { readonly kind: 'panicAsked' }
  | { readonly kind: 'quitAsked' };

/** Nothing happens until every field holds what it must; the fields start empty and take no paste. */
export interface TypedDialog {
  readonly kind: 'typed';
  readonly action: ActionId;
  readonly nodes: readonly string[];
  readonly fields: readonly TypedField[];
  /** -1 is Cancel, where it starts: Enter-Enter closes the dialog again. */
  readonly focus: number;
  readonly preview: PreviewState;
  /** Nodes that were meant too and that the engine would refuse: not in `nodes` any more, and said so. */
  readonly leftOut: readonly { readonly node: string; readonly why: string }[];
  readonly scroll: number;
  readonly note: string | undefined;
}

export interface TypedField {
  readonly label: string;
  /** Exactly this text (or the other one, that asks for more), or at least so many characters. */
  readonly want: { readonly exactly: string; readonly orElse?: string } | { readonly atLeast: number };
  readonly text: string;
}

export type PreviewState =
  | { readonly is: 'none' }
  | { readonly is: 'loading' }
  | { readonly is: 'here'; readonly nodes: readonly NodePreview[] }
  | { readonly is: 'failed'; readonly reason: string };

export interface Toast {
  readonly id: number;
  readonly tone: 'good' | 'bad' | 'note';
  readonly text: string;
  /** Seconds of this host that it is still shown: the clock of a replay may stand still or run ahead. */
  readonly left: number;
}

export function freshUi(columns: number, rows: number, look: Partial<Look> = {}): UiState {
  return {
    size: { columns, rows },
    routes: [{ is: 'rack' }],
    rack: undefined,
    cursor: {},
    tops: {},
    marks: [],
    strangerMarks: [],
    lastMark: undefined,
    filter: '',
    filterHistory: [],
    sort: { column: 'unit', reverse: false },
    log: { follow: true, wrap: false, level: 'info', search: '', anchor: 0 },
    pane: 'main',
    zoomed: false,
    partTop: 0,
    dialog: null,
    toasts: [],
    look: {
      ascii: false,
      colour: 'auto',
      palette: 'standard',
      mouse: false,
      bell: true,
      title: true,
      wide: false,
      columns: [],
      ...look,
    },
  };
}

export const routeOf = (ui: UiState): Route => ui.routes.at(-1) ?? { is: 'rack' };

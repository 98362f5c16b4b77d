import { emptyFleet, type Fleet } from '../../core/fleet.ts';
import { type JobKind, WRITES_DISK } from '../../core/job.ts';
import type { AuditLine, NodePreview, PreviewKind, RecentLine, ServiceRow } from '../../link/screen-port.ts';
import { DEFAULT_KEYMAP } from '../keys/default-keymap.ts';
import type { Keymap } from '../keys/keymap.ts';
import { type FleetView, viewFleet } from '../select/fleet-view.ts';
import type { LogBuffer } from './log-buffer.ts';
import { freshUi, type UiState } from './ui-state.ts';

/** One value for the whole screen: what the engine said last, what was read beside it, and where the operator is. */
export interface ScreenModel {
  readonly fleet: Fleet;
  readonly view: FleetView;
  readonly ui: UiState;
  readonly link: LinkState;
  /** Time of this screen, moved on once a second while something runs. */
  readonly nowMs: number;
  readonly recent: readonly RecentLine[];
  readonly bytesPerSecond: number;
  /** Bytes per second of the last minute, oldest first. */
  readonly rates: readonly number[];
  /** Maps, because a machine may be called `constructor`. */
  readonly logs: ReadonlyMap<string, LogBuffer>;
  readonly audit: readonly AuditLine[];
  /** By `planKey`. */
  readonly plans: ReadonlyMap<string, PlanState>;
  readonly services: readonly ServiceRow[];
  readonly keymap: Keymap;
  readonly session: Session;
}

export type PlanState =
  | { readonly is: 'here'; readonly preview: NodePreview }
  | { readonly is: 'failed'; readonly reason: string };

export const PLAN_KINDS = Object.keys(WRITES_DISK) as readonly JobKind[];
export const planKey = (node: string, kind: PreviewKind): string => `${kind} ${node}`;

export interface LinkState {
  readonly is: 'connecting' | 'live' | 'lost';
  readonly lastAtMs: number;
  readonly reason?: string;
  /** While connecting: the parts of the engine's start, the last one under way. */
  readonly steps?: readonly StartStep[];
}

export interface StartStep {
  readonly text: string;
  readonly begunAtMs: number;
}

/** Who looks, and how. */
export interface Session {
  readonly who: string;
  /** This process holds the stack: leaving it takes DHCP, TFTP and HTTP down. */
  readonly holdsStack: boolean;
  readonly readOnly: boolean;
  /** Whose doing that is, and what to do. */
  readonly readOnlyWhy?: string;
  readonly mode: string;
  /** The command that opens this screen on the same engine again, from any folder. */
  readonly attach?: string;
  /** Who came by `attach` is told which engine that was. */
  readonly cameTo?: string;
  /** Of a demo that keeps its journal: the folder. Any other one takes it along when it ends. */
  readonly keptIn?: string;
  readonly zoneMinutes: number;
  /** What is shown was recorded: how far, how fast, and by which keys. */
  readonly player?: Player;
}

export interface Player {
  /** `playing 10x`, `paused`. */
  readonly state: string;
  readonly percent: number;
  /** `412 of 1999`. */
  readonly count: string;
  readonly keys: readonly (readonly [keys: string, what: string])[];
}

export const RECENT_KEPT = 200;
export const RATES_KEPT = 60;
/** Silence of the engine after which the screen says so and dims what it shows. */
export const STALE_AFTER_MS = 5_000;

/** Of a time of which nothing is known yet, or nothing any more. */
const nothingHeard = (): Pick<ScreenModel, 'recent' | 'bytesPerSecond' | 'rates' | 'logs' | 'audit' | 'plans'> => ({
  recent: [],
  bytesPerSecond: 0,
  rates: [],
  logs: new Map(),
  audit: [],
  plans: new Map(),
});

export function freshModel(columns: number, rows: number, nowMs: number, session: Partial<Session> = {}): ScreenModel {
  const fleet = emptyFleet(nowMs);
  const ui = freshUi(columns, rows);
  return {
    fleet,
    view: viewFleet(fleet, ui, nowMs),
    ui,
    link: { is: 'connecting', lastAtMs: nowMs },
    nowMs,
    ...nothingHeard(),
    services: [],
    keymap: DEFAULT_KEYMAP,
    session: { who: '', holdsStack: false, readOnly: false, mode: 'PROVISION', zoneMinutes: 0, ...session },
  };
}

/** Another engine, or the same one started again: it numbers its log lines anew, and forgot whom it told what. */
export function renewedModel(model: ScreenModel): ScreenModel {
  const { ui } = model;
  return { ...model, logs: new Map(), ui: { ...ui, log: { ...ui.log, follow: true } } };
}

/** The clock was set back: what is remembered of later has not happened yet. Where the operator is stays. */
export function rewoundModel(model: ScreenModel, nowMs: number): ScreenModel {
  return {
    ...model,
    nowMs,
    view: viewFleet(model.fleet, model.ui, nowMs),
    link: { is: 'live', lastAtMs: nowMs },
    ...nothingHeard(),
    ui: { ...model.ui, log: { ...model.ui.log, follow: true } },
  };
}

/** One more part of the start is under way. Once the engine spoke, its state tells more. */
export function withStartStep(model: ScreenModel, text: string, nowMs: number): ScreenModel {
  if (model.link.is !== 'connecting') return model;
  const steps = [...(model.link.steps ?? []), { text, begunAtMs: nowMs }];
  return { ...model, nowMs: Math.max(model.nowMs, nowMs), link: { ...model.link, steps } };
}

/** The view again, when the filter, the marks, the order or the fleet changed. */
export function withView(model: ScreenModel): ScreenModel {
  return { ...model, view: viewFleet(model.fleet, model.ui, model.nowMs, model.view) };
}

export const isStale = (model: ScreenModel): boolean => model.link.is === 'lost';

import type { Event } from '../core/event.ts';
import type { Fleet } from '../core/fleet.ts';
import { fail, ok } from '../core/result.ts';
import { valuesOf } from '../core/shard-map.ts';
import type { TimeMs } from '../core/time.ts';
import { recentLineOf } from '../link/recent-lines.ts';
import type { RecentLine, ScreenBatch, ScreenPort, ServiceRow } from '../link/screen-port.ts';
import { auditLineOf } from './replay-lines.ts';
import { createReplayLog } from './replay-log.ts';
import type { Recording } from './replay-source.ts';
import { createTimeline, type Timeline } from './replay-timeline.ts';

export interface ReplayPosition {
  readonly atMs: TimeMs;
  readonly fromMs: TimeMs;
  readonly toMs: TimeMs;
  /** Events shown so far. */
  readonly index: number;
  readonly count: number;
  readonly playing: boolean;
  readonly speed: number;
  readonly ended: boolean;
}

/** The recorded run as a screen sees an engine, with the controls of a player. */
export interface ReplayPort extends ScreenPort {
  play(): void;
  pause(): void;
  toggle(): void;
  /** To a point in time; before the first event is the first, after the last the end. */
  seek(atMs: TimeMs): void;
  /** Shows so many events more (or fewer), and pauses. */
  step(events: number): void;
  setSpeed(factor: number): void;
  position(): ReplayPosition;
  fleet(): Fleet;
  notes(): readonly string[];
  /** Called when the last event was shown, and again after each return to it. */
  onEnd(ended: () => void): void;
  /** The time went backwards: what a screen remembers of later is not true any more. */
  onRewind(rewound: () => void): void;
  stop(): void;
}

export interface ReplayOptions {
  readonly speed?: number;
  readonly startAtMs?: TimeMs;
  /** Longest silence that is waited for, in seconds of the spectator. */
  readonly idleSeconds?: number;
  readonly everyMs?: number;
  /** A screen shows the last ones of a batch; a printed log wants all. */
  readonly recentKept?: number;
  /** Monotonic milliseconds; tests move them by hand. */
  readonly nowMs?: () => number;
}

export const SLOWEST = 0.1;
export const FASTEST = 10_000;
const NEWS_MS = 1_000;
const REFUSED = 'this is a replay: nothing can be changed here';

export function createReplayPort(recording: Recording, options: ReplayOptions = {}): ReplayPort {
  const timeline = createTimeline(recording);
  const nowMs = options.nowMs ?? (() => performance.now());
  const recentKept = options.recentKept ?? 50;
  const idleMs = (options.idleSeconds ?? 3) * 1000;
  const takers = new Set<(batch: ScreenBatch) => void>();
  const ends: (() => void)[] = [];
  const rewinds: (() => void)[] = [];
  let speed = clamp(options.speed ?? 1);
  let head = Math.max(timeline.fromMs, Math.min(options.startAtMs ?? timeline.fromMs, timeline.toMs));
  let index = timeline.countUntil(head);
  let playing = false;
  let tickedAt = nowMs();

  let shownMs = head;

  const batchOf = (recent: readonly RecentLine[], urgent: boolean): ScreenBatch => {
    const truth = timeline.fleetAfter(index);
    const passedMs = Math.abs(head - shownMs);
    // Time alone is no news to a screen, and a jump looks to it like silence of the engine: a copy is news.
    const fleet = passedMs >= NEWS_MS ? { ...truth } : truth;
    if (passedMs >= NEWS_MS) shownMs = head;
    return {
      fleet,
      atMs: head,
      recent: recent.slice(-recentKept),
      urgent: urgent || passedMs > 2 * NEWS_MS,
      bytesPerSecond: rateOf(fleet),
    };
  };
  const show = (batch: ScreenBatch) => {
    for (const take of takers) take(batch);
  };
  const say = (text: string) => show(batchOf([{ at: head, text: `replay: ${text}` }], true));

  const moveTo = (next: number, at: TimeMs) => {
    const rewound = next < index;
    const recent = rewound ? [] : linesBetween(timeline.eventAt, index, next);
    const wasEnded = index >= timeline.count;
    index = next;
    head = at;
    if (rewound) for (const tell of rewinds) tell();
    show(batchOf(recent, rewound));
    if (index < timeline.count || wasEnded) return;
    playing = false;
    for (const ended of ends) ended();
  };

  const tick = () => {
    const elapsed = nowMs() - tickedAt;
    tickedAt = nowMs();
    if (!playing || index >= timeline.count) return;
    const nextMs = timeline.timeOf(index);
    // A night without events is not waited for.
    const from = Math.max(head, nextMs - idleMs * speed);
    const to = Math.min(from + elapsed * speed, timeline.toMs);
    moveTo(timeline.countUntil(to), to);
  };
  const timer = setInterval(tick, options.everyMs ?? 100);

  const seek = (atMs: TimeMs) => {
    const at = Math.max(timeline.fromMs, Math.min(atMs, timeline.toMs));
    tickedAt = nowMs();
    moveTo(timeline.countUntil(at), at);
  };
  const setPlaying = (next: boolean) => {
    tickedAt = nowMs();
    playing = next && index < timeline.count;
    say(playing ? `playing, ${speed}x` : index < timeline.count ? 'paused' : 'at its end');
  };

  return {
    ...answersOf(timeline, () => index),
    subscribe(take) {
      takers.add(take);
      take(batchOf([], false));
      return () => takers.delete(take);
    },
    play: () => setPlaying(true),
    pause: () => setPlaying(false),
    toggle: () => setPlaying(!playing),
    seek,
    step(events) {
      playing = false;
      const next = Math.max(0, Math.min(index + events, timeline.count));
      moveTo(next, next === 0 ? timeline.fromMs : timeline.timeOf(next - 1));
    },
    setSpeed(factor) {
      speed = clamp(factor);
      say(`${speed}x`);
    },
    position: () => ({
      atMs: head,
      fromMs: timeline.fromMs,
      toMs: timeline.toMs,
      index,
      count: timeline.count,
      playing,
      speed,
      ended: index >= timeline.count,
    }),
    fleet: () => timeline.fleetAfter(index),
    notes: () => [...recording.notes, ...timeline.notes()],
    onEnd: (ended) => ends.push(ended),
    onRewind: (rewound) => rewinds.push(rewound),
    stop: () => clearInterval(timer),
  };
}

const clamp = (factor: number): number =>
  Number.isFinite(factor) ? Math.max(SLOWEST, Math.min(factor, FASTEST)) : FASTEST;

const rateOf = (fleet: Fleet): number => {
  let sum = 0;
  for (const { phase } of valuesOf(fleet.nodes))
    if (phase.is === 'kernel' || phase.is === 'initrd') sum += phase.bytesPerSecond;
  return sum;
};

function linesBetween(eventAt: (index: number) => Event | undefined, from: number, to: number): RecentLine[] {
  const lines: RecentLine[] = [];
  for (let index = from; index < to; index += 1) {
    const event = eventAt(index);
    const line = event === undefined ? undefined : recentLineOf(event);
    if (line !== undefined) lines.push(line);
  }
  return lines;
}

type Answers = Pick<ScreenPort, 'act' | 'preview' | 'log' | 'audit' | 'services'>;

/** What a screen may ask beside the state. Orders are refused; logs and audit are those of the events shown so far. */
function answersOf(timeline: Timeline, index: () => number): Answers {
  const log = createReplayLog(timeline);
  return {
    act: async () => fail(REFUSED),
    preview: async () => fail(REFUSED),
    log: async (source, fromLine) => ok(log.read(source, fromLine, index())),
    async audit(newest) {
      const lines = [];
      for (let at = index() - 1; at >= 0 && lines.length < newest; at -= 1) {
        const event = timeline.eventAt(at);
        const line = event === undefined ? undefined : auditLineOf(event);
        if (line !== undefined) lines.push(line);
      }
      return ok(lines);
    },
    services: async () => ok(servicesOf(timeline.fleetAfter(index()))),
  };
}

function servicesOf(fleet: Fleet): readonly ServiceRow[] {
  return Object.entries(fleet.services).map(([name, state]) => ({
    name,
    state: state.is,
    word: state.is,
    listens: state.is === 'ok' ? state.listens : '',
    ...(state.is === 'ok' ? {} : { note: state.why }),
  }));
}

import type { Event, EventBody } from '../core/event.ts';
import { keepable } from '../core/keepable.ts';
import type { Result } from '../core/result.ts';
import { standingOrder } from '../core/standing-order.ts';
import { keyOf, latestOrders, type UnkeptOrder, undoes } from '../core/unkept.ts';
import type { Engine } from './create-engine.ts';

export interface OrderJournal {
  /** Of what was given to it last. */
  lastSeq(): number;
  durableSeq(): number;
  durable(seq: number): Promise<Result<void>>;
  /** Its number is on disk, and it is not. */
  isLost(seq: number): boolean;
  /** What the newest snapshot knows, lost or not. */
  coveredSeq(): number;
  state(): { readonly kind: string; readonly hangs?: true };
  onState(listener: (state: { readonly kind: string }) => void): () => void;
}

export interface NotedOrder {
  readonly seq: number;
  readonly record: Event;
}

/** Where orders are noted that the journal does not take; tells how many of them it took, the first ones. */
export interface OrderNotes {
  keep(orders: readonly NotedOrder[]): Promise<Result<number>>;
}

/** Which orders would not be known after the program ended now. */
export interface OrderKeeper {
  readonly unkept: () => readonly UnkeptOrder[];
  /** The orders that are noted outside the journal, and only there. */
  readonly noted: () => readonly UnkeptOrder[];
  /** After the journal refused these: whether they are known to the next start all the same. */
  readonly areNoted: (bodies: readonly EventBody[]) => Promise<boolean>;
  /** Notes what is not noted yet, unless the disk hangs. */
  readonly flush: () => Promise<void>;
  /** Begins to look and to tell; returns how to stop. What was given until then stays known. */
  readonly follow: () => () => void;
}

interface Given extends NotedOrder {
  readonly order: UnkeptOrder;
}

/** Above all numbers of a journal: of what that has let go, until a snapshot knows it. */
const LET_GO = Number.MAX_SAFE_INTEGER;

/** Whoever gave an order waits so long for its note; a disk that is slower is told as one that did not take it. */
const NOTE_MS = 1_500;

/** Follows what is ordered and what the disk takes: what the journal refuses is noted beside it, and what is not is told. */
export function keepOrders(
  engine: Engine,
  journal: OrderJournal,
  notes: OrderNotes,
  found: readonly NotedOrder[] = [],
): OrderKeeper {
  return new Keeper(engine, journal, notes, found);
}

class Keeper implements OrderKeeper {
  readonly #engine: Engine;
  readonly #journal: OrderJournal;
  readonly #notes: OrderNotes;
  /** Not in the journal on disk, in their order. */
  #given: Given[];
  /** Under which number each stands in the notes. */
  #noted: ReadonlyMap<number, number>;
  #told = '';
  #due: NodeJS.Immediate | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(engine: Engine, journal: OrderJournal, notes: OrderNotes, found: readonly NotedOrder[]) {
    this.#engine = engine;
    this.#journal = journal;
    this.#notes = notes;
    this.#given = found.flatMap((one) => withOrder(one) ?? []);
    this.#noted = new Map(found.map(({ seq }) => [seq, seq]));
  }

  unkept = (): readonly UnkeptOrder[] =>
    latestOrders(this.#open().flatMap(({ seq, order }) => (this.#noted.has(seq) ? [] : [order])));

  noted = (): readonly UnkeptOrder[] =>
    latestOrders(this.#open().flatMap(({ seq, order }) => (this.#noted.has(seq) ? [order] : [])));

  areNoted = async (bodies: readonly EventBody[]): Promise<boolean> => {
    const orders = bodies.flatMap((body) => standingOrder(body) ?? []);
    // Power is a deed of the moment: nothing of it has to be known later.
    if (orders.length === 0 || orders.length < bodies.filter(({ type }) => type !== 'operator.poweredBy').length)
      return false;
    await Promise.race([this.flush(), new Promise((late) => setTimeout(late, NOTE_MS))]);
    const lost = new Set(this.unkept().map(keyOf));
    return !orders.some((order) => lost.has(keyOf(order)));
  };

  flush = (): Promise<void> => {
    this.#again = true;
    this.#running ??= this.#run();
    return this.#running;
  };

  follow = (): (() => void) => {
    const stops = [
      this.#engine.follow((event) => this.#take(event)),
      this.#journal.onState(({ kind }) => {
        if (kind === 'saving') this.#told = '';
        if (this.#given.length > 0 || this.#noted.size > 0) this.#look();
      }),
    ];
    if (this.#given.length > 0) this.#look();
    return () => {
      this.#stopped = true;
      if (this.#due !== undefined) clearImmediate(this.#due);
      for (const stop of stops) stop();
    };
  };

  /** Forgets what is on disk by now, and what of the rest that undid. */
  #open(): Given[] {
    const durable = this.#journal.durableSeq();
    if ((this.#given[0]?.seq ?? Number.POSITIVE_INFINITY) > durable) return this.#given;
    const covered = this.#journal.coveredSeq();
    const isSaved = ({ seq }: Given): boolean => seq <= covered || (seq <= durable && !this.#journal.isLost(seq));
    const saved = this.#given.filter(isSaved);
    const isOver = (one: Given): boolean =>
      saved.some((later) => later.seq > one.seq && undoes(later.order, one.order));
    if (saved.length > 0) this.#given = this.#given.filter((one) => !isSaved(one) && !isOver(one));
    return this.#given;
  }

  #take(record: Event): void {
    // Of every packet: nothing is made for what is no order.
    const order = standingOrder(record);
    if (order === undefined) return;
    this.#open().push({ seq: this.#journal.lastSeq(), record, order });
    // Of one that the journal let go this may be the end.
    if (this.#journal.state().kind !== 'saving' || this.#noted.size > 0) this.#look();
  }

  /** Of a thousand that are held together there is one note, and one event. */
  #look(): void {
    this.#due ??= setImmediate(() => {
      this.#due = undefined;
      const late = setTimeout(() => this.#tell(), NOTE_MS);
      void this.flush().then(() => {
        clearTimeout(late);
        this.#tell();
      });
    });
  }

  async #run(): Promise<void> {
    for (await Promise.resolve(); this.#again; ) {
      this.#again = false;
      await this.#note();
    }
    this.#running = undefined;
  }

  async #note(): Promise<void> {
    const { kind, hangs } = this.#journal.state();
    // Each write that hangs takes a thread from those that read images.
    if (hangs === true) return;
    const last = this.#open().at(-1);
    // What the journal saves by itself is noted nowhere else.
    const isLost = ({ seq }: NotedOrder): boolean => this.#journal.isLost(seq);
    if (kind === 'saving' && last !== undefined && !isLost(last) && !(await this.#journal.durable(last.seq)).ok) return;
    const orders = keepable(this.#open(), ({ order }) => order);
    const numberOf = (one: NotedOrder): number => (isLost(one) ? LET_GO : one.seq);
    const isNoted = orders.length > 0 && orders.length === this.#noted.size;
    if (isNoted && orders.every((one) => this.#noted.get(one.seq) === numberOf(one))) return;
    if (orders.length === 0 && this.#noted.size === 0) return;
    const kept = await this.#notes.keep(orders.map((one) => ({ seq: numberOf(one), record: one.record })));
    if (kept.ok) this.#noted = new Map(orders.slice(0, kept.value).map((one) => [one.seq, numberOf(one)]));
  }

  #tell(): void {
    if (this.#stopped || this.#engine.fleet().saving.is !== 'failing') return;
    const orders = this.unkept();
    const now = orders.map(keyOf).join('\n');
    if (now === this.#told) return;
    this.#told = now;
    this.#engine.emit({ type: 'store.ordersUnkept', orders });
  }
}

function withOrder(noted: NotedOrder): Given | undefined {
  const order = standingOrder(noted.record);
  return order === undefined ? undefined : { ...noted, order };
}

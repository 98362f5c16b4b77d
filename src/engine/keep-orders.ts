import type { Event, EventBody, EventOf } from '../core/event.ts';
import { type Fleet, nodeOf } from '../core/fleet.ts';
import { keepable } from '../core/keepable.ts';
import { IN_NO_JOURNAL, inFiles, isNodeOrder, type NotedOrder } from '../core/noted-order.ts';
import type { Result } from '../core/result.ts';
import { standingOrder } from '../core/standing-order.ts';
import { keyOf, latestOrders, type UnkeptOrder, undoes } from '../core/unkept.ts';
import { hasJobOrPlace } from '../core/wave-places.ts';
import type { Engine } from './create-engine.ts';
import { mostUrgentFirst } from './most-urgent-first.ts';

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

/** Of the run before: as this one has it, and under which number it is noted, if it is. */
export type FoundOrder = NotedOrder & { readonly notedAs?: number };

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
  /** It forbids what was not forbidden before it. */
  readonly isNew: boolean;
  /** Under an inventory that the journal had on disk: its name tells whom it means. */
  readonly isKnown: boolean;
  /** The number of that inventory: without it the journal knows nothing of whom it brought. */
  readonly under: number;
  /** Its machine had a job, or a place in a wave. */
  readonly ofArmed: boolean;
}

/** Whoever gave an order waits so long for its note; a disk that is slower is told as one that did not take it. */
const NOTE_MS = 1_500;

/** Follows what is ordered and what the disk takes: what the journal refuses is noted beside it, and what is not is told. */
export function keepOrders(
  engine: Engine,
  journal: OrderJournal,
  notes: OrderNotes,
  found: readonly FoundOrder[] = [],
): OrderKeeper {
  return new Keeper(engine, journal, notes, found);
}

class Keeper implements OrderKeeper {
  readonly #engine: Engine;
  readonly #journal: OrderJournal;
  readonly #notes: OrderNotes;
  /** Not in the journal on disk, in their order. */
  #given: Given[];
  /** For machines that no file names. */
  #waiting: readonly Given[];
  /** How each stands in the notes. */
  #noted: ReadonlyMap<Given, NotedOrder>;
  #inventorySeq: number;
  /** What was so before the next event. */
  #before: Fleet;
  #told = '';
  #due: NodeJS.Immediate | undefined;
  #running: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(engine: Engine, journal: OrderJournal, notes: OrderNotes, found: readonly FoundOrder[]) {
    this.#engine = engine;
    this.#journal = journal;
    this.#notes = notes;
    const orders = found.flatMap(({ notedAs, ...one }) => {
      const order = standingOrder(one.record);
      return order === undefined
        ? []
        : [
            {
              given: {
                ...one,
                order,
                isNew: false,
                isKnown: one.machine === undefined,
                under: one.seq,
                ofArmed: true,
              },
              notedAs,
            },
          ];
    });
    const isWaiting = ({ seq }: NotedOrder): boolean => seq === IN_NO_JOURNAL;
    this.#given = orders.flatMap(({ given }) => (isWaiting(given) ? [] : [given]));
    this.#waiting = orders.flatMap(({ given }) => (isWaiting(given) ? [given] : []));
    this.#noted = new Map(
      orders.flatMap(({ given, notedAs }): [Given, NotedOrder][] =>
        notedAs === undefined ? [] : [[given, { ...given, seq: notedAs }]],
      ),
    );
    this.#inventorySeq = journal.lastSeq();
    this.#before = engine.fleet();
  }

  unkept = (): readonly UnkeptOrder[] => latestOrders(this.#lost().map(({ order, isNew }) => ({ ...order, isNew })));

  noted = (): readonly UnkeptOrder[] =>
    latestOrders(this.#all().flatMap((one) => (this.#noted.has(one) ? [one.order] : [])));

  areNoted = async (bodies: readonly EventBody[]): Promise<boolean> => {
    const orders = bodies.flatMap((body) => standingOrder(body) ?? []);
    // Power is a deed of the moment: nothing of it has to be known later.
    if (orders.length === 0 || orders.length < bodies.filter(({ type }) => type !== 'operator.poweredBy').length)
      return false;
    await Promise.race([this.flush(), new Promise((late) => setTimeout(late, NOTE_MS))]);
    const lost = new Set(latestOrders(this.#lost().map(({ order }) => order)).map(keyOf));
    return !orders.some((order) => lost.has(keyOf(order)));
  };

  flush = (): Promise<void> => {
    this.#again = true;
    this.#running ??= this.#run();
    return this.#running;
  };

  follow = (): (() => void) => {
    this.#before = this.#engine.fleet();
    const stops = [
      this.#engine.follow((event, fleet) => this.#take(event, fleet)),
      this.#journal.onState(({ kind }) => {
        if (kind === 'saving') this.#told = '';
        if (this.#given.length > 0 || this.#noted.size > 0) this.#look();
      }),
    ];
    if (this.#all().length > 0) this.#look();
    return () => {
      this.#stopped = true;
      if (this.#due !== undefined) clearImmediate(this.#due);
      for (const stop of stops) stop();
    };
  };

  #lost(): readonly Given[] {
    return this.#all().filter((one) => !this.#noted.has(one));
  }

  #all(): readonly Given[] {
    const open = this.#open();
    return this.#waiting.length === 0 ? open : [...this.#waiting, ...open];
  }

  /** Forgets what is on disk by now, and what of the rest that undid. */
  #open(): Given[] {
    const durable = this.#journal.durableSeq();
    if ((this.#given[0]?.seq ?? Number.POSITIVE_INFINITY) > durable) return this.#given;
    const covered = this.#journal.coveredSeq();
    const isSaved = ({ seq, under }: Given): boolean =>
      seq <= covered || (seq <= durable && !this.#journal.isLost(seq) && !this.#journal.isLost(under));
    const saved = this.#given.filter(isSaved);
    const isOver = (one: Given): boolean =>
      saved.some((later) => later.seq > one.seq && undoes(later.order, one.order));
    if (saved.length > 0) this.#given = this.#given.filter((one) => !isSaved(one) && !isOver(one));
    return this.#given;
  }

  #take(record: Event, fleet: Fleet): void {
    const before = this.#before;
    this.#before = fleet;
    if (record.type === 'inventory.loaded') this.#load(record);
    // Of every packet: nothing is made for what is no order.
    const order = standingOrder(record);
    if (order === undefined) return;
    const machine = isNodeOrder(record) ? nodeOf(this.#engine.fleet(), record.node)?.spec.identity : undefined;
    const under = this.#inventorySeq;
    const isKnown = under <= this.#journal.durableSeq() && !this.#journal.isLost(under);
    const isNew = isNewOrder(before, order);
    const ofArmed = isNodeOrder(record) && hasJobOrPlace(before, record.node);
    const given = { seq: this.#journal.lastSeq(), record, order, isNew, isKnown, under, ofArmed };
    this.#open().push(machine === undefined ? given : { ...given, machine });
    // Of one that the journal let go this may be the end.
    if (this.#journal.state().kind !== 'saving' || this.#noted.size > 0) this.#look();
  }

  /** Right behind it, before anybody can arm whom it brings. */
  #load({ nodes }: EventOf<'inventory.loaded'>): void {
    this.#inventorySeq = this.#journal.lastSeq();
    if (this.#waiting.length === 0) return;
    const named = this.#waiting.map((one) => inFiles(one, nodes));
    this.#waiting = this.#waiting.filter((_, at) => named[at] === undefined);
    for (const one of named) {
      if (one === undefined) continue;
      const { time: _given, ...body } = one.record;
      this.#engine.emit(body);
    }
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
    const orders = mostUrgentFirst(keepable(this.#all(), ({ order }) => order));
    if (orders.length === 0 && this.#noted.size === 0) return;
    const wished = orders.map((one): [Given, NotedOrder] => [one, noteOf(one, one.isKnown && !isLost(one))]);
    const isNoted = ([one, note]: [Given, NotedOrder]): boolean => isSame(this.#noted.get(one), note);
    if (orders.length === this.#noted.size && wished.every(isNoted)) return;
    const kept = await this.#notes.keep(wished.map(([, note]) => note));
    if (kept.ok) this.#noted = new Map(wished.slice(0, kept.value));
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

/** Of a hold nothing is said: what lifts it lifts what was found out as well. */
function isNewOrder(before: Fleet, { what, of = '' }: UnkeptOrder): boolean {
  if (what === 'PANIC') return before.switches.panic === undefined;
  return what === 'protect' && nodeOf(before, of)?.guard === undefined;
}

/** What was let go may be followed by an inventory that was not. */
function noteOf({ seq, record, machine }: Given, isKnown: boolean): NotedOrder {
  return isKnown || machine === undefined ? { seq, record } : { seq, record, machine };
}

const isSame = (before: NotedOrder | undefined, now: NotedOrder): boolean =>
  before !== undefined && before.seq === now.seq && before.machine === now.machine;

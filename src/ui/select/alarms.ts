import { adviceOf } from '../../core/cause.ts';
import { contestedNow, describeContested } from '../../core/contested.ts';
import { describeRival, rivalDoes } from '../../core/describe-rival.ts';
import { beyondPanic, forbiddenText } from '../../core/forbidden.ts';
import { posingNow } from '../../core/posing.ts';
import { freshRivals } from '../../core/rivals.ts';
import { valuesOf } from '../../core/shard-map.ts';
import type { Problem } from '../../core/spec.ts';
import { troubleText } from '../../core/trouble-text.ts';
import { isUnkept, tellUnkept, unkeptIn } from '../../core/unkept.ts';
import { UNSERVED_ADVICE, unservedNow } from '../../core/unserved.ts';
import { renderSpan } from '../format/duration.ts';
import type { ScreenModel } from '../state/screen-model.ts';
import { rejectedBy, renderPlace } from './rejected-inventory.ts';

/** Something that the header shouts, or has no room for, in full. */
export interface Alarm {
  readonly title: string;
  readonly texts: readonly string[];
}

/** Worst first: what stops the work, what changes every answer, what may spoil a boot. */
export function alarmsOf(model: ScreenModel): readonly Alarm[] {
  return [
    ...linkAlarms(model),
    ...savingAlarms(model),
    ...inventoryAlarms(model),
    ...switchAlarms(model),
    ...serviceAlarms(model),
    ...contestedAlarms(model),
    ...strangerAlarms(model),
    ...rivalAlarms(model),
    ...troubleAlarms(model),
    ...playedNotes(model),
  ];
}

/** As it would be pasted into a ticket. */
export const alarmText = (alarms: readonly Alarm[]): string =>
  alarms.flatMap(({ title, texts }) => [title, ...texts.map((text) => `  ${text}`)]).join('\n');

function linkAlarms({ link, session, nowMs }: ScreenModel): readonly Alarm[] {
  const lost: readonly Alarm[] =
    link.is !== 'lost'
      ? []
      : [
          {
            title: `NO DATA for ${renderSpan(nowMs - link.lastAtMs)}`,
            texts: [
              ...(link.reason === undefined ? [] : [link.reason]),
              'What is shown is how it was then. Nothing can be asked of the engine until it answers again.',
            ],
          },
        ];
  if (!session.readOnly) return lost;
  return [...lost, { title: 'READ-ONLY', texts: [session.readOnlyWhy ?? 'nothing can be changed from this session'] }];
}

function savingAlarms({ fleet, services, nowMs }: ScreenModel): readonly Alarm[] {
  const { saving } = fleet;
  if (saving.is === 'ok') return [];
  const where = services.find((row) => row.name === 'journal')?.listens ?? 'the state folder';
  const unkept = unkeptIn(fleet);
  const lost = {
    title: 'ORDERS THAT ARE NOT SAVED',
    texts: [
      `${tellUnkept(unkept)}.`,
      `They are obeyed now, and lost if the engine ends, however it ends, before ${where} can be written again: do not stop it.`,
    ],
  };
  return [
    ...(unkept.length === 0 ? [] : [lost]),
    {
      title: `NOT SAVING for ${renderSpan(nowMs - saving.since)}`,
      texts: [saving.reason, `Nothing new is armed until ${where} can be written again; then it goes on by itself.`],
    },
  ];
}

function inventoryAlarms({ fleet }: ScreenModel): readonly Alarm[] {
  const errors = rejectedBy(fleet);
  const warnings = fleet.inventory.problems.filter((one) => one.severity === 'warning');
  const rejected: Alarm = {
    title: 'INVENTORY REJECTED',
    texts: ['The last good one stays in use. Correct the file: it is read again by itself.', ...errors.map(told)],
  };
  const doubted: Alarm = { title: 'INVENTORY WARNINGS', texts: warnings.map(told) };
  return [...(errors.length > 0 ? [rejected] : []), ...(warnings.length > 0 ? [doubted] : [])];
}

const told = (problem: Problem): string => `${renderPlace(problem)}: ${problem.message}`;

function switchAlarms({ fleet, nowMs }: ScreenModel): readonly Alarm[] {
  const { switches } = fleet;
  const { panic, glass, discoveryUntil } = switches;
  const alarms: Alarm[] = [];
  if (panic !== undefined)
    alarms.push({
      title: `PANIC for ${renderSpan(nowMs - panic.since)}`,
      texts: [
        `Every answer is local boot. By ${panic.by.user} from ${panic.by.from}.${isUnkept(fleet, 'PANIC') ? ' NOT SAVED: it ends with the engine.' : ''}`,
        ...beyondPanic(fleet).map((node) => `${node.name}: ${forbiddenText(fleet, node)}`),
      ],
    });
  if (glass !== undefined)
    alarms.push({
      title: `GLASS BROKEN, ${renderSpan(glass.until - nowMs)} left`,
      texts: [`Protected machines can be erased. By ${glass.by.user} from ${glass.by.from}: ${glass.reason}`],
    });
  if (discoveryUntil !== undefined)
    alarms.push({
      title: `DISCOVERY, ${renderSpan(discoveryUntil - nowMs)} left`,
      texts: ['Unknown machines boot into maintenance mode, to be read. Nothing is written.'],
    });
  return alarms;
}

function serviceAlarms({ fleet, services }: ScreenModel): readonly Alarm[] {
  const failed = Object.entries(fleet.services).flatMap(([name, state]): readonly Alarm[] => {
    if (state.is === 'ok' || state.advice === undefined) return [];
    const title = `${name.toUpperCase()} ${state.is === 'off' ? 'OFF' : 'FAILED'}`;
    return [{ title, texts: [`${state.why}: ${state.advice}`] }];
  });
  const warned = services
    .filter((row) => row.state === 'warn')
    .map(({ name, word, listens, note }) => ({
      title: `${name.toUpperCase()} ${word}`,
      texts: [note === undefined ? listens : `${listens}: ${note}`],
    }));
  return [...failed, ...warned];
}

function contestedAlarms({ fleet, nowMs }: ScreenModel): readonly Alarm[] {
  const texts = contestedNow(fleet, nowMs).map((one) => `${one.node}: ${describeContested(one)}`);
  return texts.length === 0 ? [] : [{ title: 'ADDRESSES THAT SOMEBODY ELSE USES', texts }];
}

function strangerAlarms({ fleet, nowMs }: ScreenModel): readonly Alarm[] {
  const unserved = unservedNow(fleet.strangers, nowMs);
  const posing = posingNow(fleet.strangers, nowMs);
  return [
    ...(unserved.length === 0
      ? []
      : [{ title: 'NO ADDRESS FOR UNKNOWN MACHINES', texts: [...unserved, UNSERVED_ADVICE] }]),
    ...(posing.length === 0 ? [] : [{ title: 'TWO MACHINES WITH ONE NAME', texts: posing }]),
  ];
}

/** Of a whole rack that stands still nobody reads each here. */
const MOST_TOLD = 12;

function troubleAlarms({ fleet, nowMs }: ScreenModel): readonly Alarm[] {
  const texts = [...valuesOf(fleet.nodes)].flatMap((node): readonly string[] => {
    const { name, health } = node;
    if (health.is === 'ok') return [];
    return [`${name}: ${troubleText({ is: 'ok' }, node, nowMs)} ${adviceOf(health.code)}`];
  });
  if (texts.length === 0) return [];
  const left = texts.length - MOST_TOLD;
  const more = left > 0 ? [`${left} more: \`n\` goes from one to the next`] : [];
  return [{ title: 'MACHINES IN TROUBLE', texts: [...texts.slice(0, MOST_TOLD), ...more] }];
}

/** No alarm, and to be known before one is looked into: what a demo does on purpose. */
function playedNotes({ fleet: { played } }: ScreenModel): readonly Alarm[] {
  if (played === undefined) return [];
  const { faults, notes } = played;
  const count = faults.length === 1 ? '1 FAULT' : `${faults.length} FAULTS`;
  const planted = {
    title: `SIMULATED: ${count} ON PURPOSE`,
    texts: faults.map(({ node, text }) => `${node}: ${text}`),
  };
  const madeUp = { title: 'SIMULATED: MADE UP FOR THIS REHEARSAL', texts: notes };
  return [...(faults.length > 0 ? [planted] : []), ...(notes.length > 0 ? [madeUp] : [])];
}

function rivalAlarms({ fleet, nowMs }: ScreenModel): readonly Alarm[] {
  const rivals = freshRivals(fleet, nowMs);
  if (rivals.length === 0) return [];
  const texts = rivals.map(
    (rival) =>
      `${describeRival(rival)} ${rivalDoes(rival)}, ${rival.count} times, last ${renderSpan(nowMs - rival.lastAt)} ago`,
  );
  return [{ title: 'OTHER DHCP SERVERS ANSWER ON THIS WIRE', texts }];
}

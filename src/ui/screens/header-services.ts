import type { ServiceState } from '../../core/event.ts';
import { freshRivals } from '../../core/rivals.ts';
import { keyIn } from '../keys/keymap.ts';
import { isStale, type ScreenModel } from '../state/screen-model.ts';
import { showText } from '../terminal/fit-text.ts';
import { renderBar } from '../widgets/progress-bar.ts';
import type { Scene } from '../widgets/scene.ts';
import { type Span, spansWidth } from '../widgets/spans.ts';

/** `DHCP ok`, `TFTP FAILED`, `disk 88%!`: the services as the engine says, and what the services screen warns of. */
export function serviceSpans(model: ScreenModel, room: number): readonly (readonly Span[])[] {
  if (isStale(model)) return unknownSpans(model);
  const states = Object.entries(model.fleet.services)
    .sort(([a, one], [b, other]) => urgency(a, one) - urgency(b, other))
    .map(([name, state]): readonly Span[] => {
      const label = showText(name, 'ascii', 12).toUpperCase();
      if (state.is === 'ok') return [`${label} `, ['ok', 'ready']];
      return state.is === 'off'
        ? [`${label} `, ['off', state.advice === undefined ? 'dim' : 'warn']]
        : [`${label} `, ['FAILED', 'bad']];
    });
  const warns = model.services
    .filter((row) => row.state === 'warn')
    .map((row): readonly Span[] => [
      [`${showText(row.name, 'ascii', 12)} ${showText(row.word, 'ascii', 12)}!`, 'warn'],
    ]);
  const failed = states.slice(0, Object.values(model.fleet.services).filter((state) => state.is === 'failed').length);
  const others = [...warns, ...playedSpans(model, room), ...states.slice(failed.length)];
  const rival = rivalText(model);
  if (rival === undefined) return [...failed, ...others];
  // Its address gives way to what failed.
  const used = failed.reduce((sum, piece) => sum + spansWidth(piece) + 2, rival.length);
  const told: readonly Span[] = [[used <= room ? rival : 'rival DHCP!', 'bad']];
  return [told, ...failed, ...others];
}

/** `DHCP ?`: how they are nobody knows. How they were is no word about a machine that asks now. */
const unknownSpans = ({ fleet: { services } }: ScreenModel): readonly (readonly Span[])[] =>
  Object.entries(services)
    .filter(([, state]) => state.is !== 'off')
    .sort(([a, one], [b, other]) => urgency(a, one) - urgency(b, other))
    .map(([name]) => [`${showText(name, 'ascii', 12).toUpperCase()} `, ['?', 'warn']]);

/** How much of what is seen is played, and the key that tells it: before services that are well. */
function playedSpans({ fleet: { played }, keymap }: ScreenModel, room: number): readonly (readonly Span[])[] {
  if (played === undefined) return [];
  const { faults, notes } = played;
  if (faults.length + notes.length === 0) return [];
  const what = room < LONG_WORDS_ROOM ? 'planted' : faults.length === 1 ? 'fault on purpose' : 'faults on purpose';
  const told = faults.length > 0 ? `${faults.length} ${what}` : `${notes.length} made up`;
  return [[[`${told}: ${keyIn(keymap, 'rack', 'alarms')}`, 'warn']]];
}

const LONG_WORDS_ROOM = 60;

/** Before all services: with another server on the wire it is chance who answers, however well they all are. */
function rivalText({ fleet, nowMs }: ScreenModel): string | undefined {
  const [rival, ...more] = freshRivals(fleet, nowMs);
  if (rival === undefined) return undefined;
  const others = more.length === 0 ? '' : ` +${more.length}`;
  return `rival ${showText(rival.server, 'ascii', 15)}${others}!`;
}

/** How far a recording is, in place of the services, which are not running. */
export function playerSpans({ model, theme }: Scene, room: number): readonly (readonly Span[])[] {
  const { player } = model.session;
  if (player === undefined) return [];
  const bar = Math.min(20, room - player.state.length - player.count.length - 6);
  return [[[player.state, 'bold']], ...(bar >= 5 ? [[renderBar(theme, player.percent, bar)]] : []), [player.count]];
}

/** What failed comes first, then what every boot needs; the rest when there is room. */
const FIRST = ['dhcp', 'tftp', 'http'];

function urgency(name: string, state: ServiceState): number {
  const place = FIRST.indexOf(name.toLowerCase());
  const isTrouble = state.is === 'off' && state.advice !== undefined;
  return (state.is === 'failed' ? -10 : isTrouble ? -5 : 0) + (place < 0 ? FIRST.length : place);
}

import type { Fleet, Wave } from '../../core/fleet.ts';
import { viewWave, waveWaits } from '../../core/wave.ts';
import { againstResuming, erasingPhrase } from '../../core/wave-resume.ts';
import type { LinkClient } from '../../link/connect-link.ts';
import { renderSpan } from '../../ui/format/duration.ts';
import { chooseWave } from '../choose-wave.ts';
import {
  type Command,
  type CommandContext,
  EXIT,
  type ExitCode,
  flag,
  ORDER_OPTIONS,
  textOption,
  usageProblem,
} from '../command.ts';
import { renderWave } from '../follow-jobs.ts';
import { orderAndSay, withEngine } from '../order-command.ts';

const ACTIONS = { pause: 'wavePause', resume: 'waveResume', cancel: 'waveCancel' } as const;

export const waveCommand: Command = {
  name: 'wave',
  summary: 'waves: list them; pause, resume or cancel one',
  usage: [
    'wave [list] [--json]',
    'wave pause|resume|cancel [WAVE]',
    'wave resume [WAVE] --confirm "ERASE N"      (one that erases; N machines wait)',
  ],
  about:
    'A wave is started by `provision … --canary 1 --width 8 --stop-after 3`. Paused and cancelled, it starts no more machines; those that it started go on (`cancel --wave WAVE` ends them as well). Resuming also lets a wave go on that stopped after failures, or that a restart of the engine paused; where that erases, what waits is confirmed once more, as on the screen. Without WAVE: the only one that is under way.',
  options: {
    confirm: { type: 'string', value: 'TEXT', help: 'to resume one that erases: ERASE and how many machines wait' },
    ...ORDER_OPTIONS,
  },
  completes: ['list', 'pause', 'resume', 'cancel'],
  examples: ['crashcart wave', 'crashcart wave resume'],
  run: async (context) => {
    const [word = 'list', named, ...more] = context.words;
    if (more.length > 0) throw usageProblem('wave takes one wave at a time');
    if (word === 'list')
      return withEngine(
        context,
        'wave',
        async (_client, fleet) => list(fleet, context.out, flag(context, 'json')),
        'reads',
      );
    const type = ACTIONS[word as keyof typeof ACTIONS];
    if (type === undefined) throw usageProblem(`"${word}" is none of list, ${Object.keys(ACTIONS).join(', ')}`);
    const order = (client: LinkClient, fleet: Fleet): Promise<ExitCode> => {
      const wave = chooseWave(fleet, named);
      if (type !== 'waveResume') return orderAndSay(context, client, { type, wave: wave.id });
      const confirmed = confirmErasing(context, fleet, wave);
      return orderAndSay(context, client, { type, wave: wave.id, ...(confirmed === undefined ? {} : { confirmed }) });
    };
    return withEngine(context, 'wave', order, type === 'waveResume' ? 'writes' : 'forbids');
  },
};

/** It may have waited for days, and whoever resumes it need not be who began it: as on the screen. Returns what was typed. */
function confirmErasing(context: CommandContext, fleet: Fleet, wave: Wave): string | undefined {
  const phrase = erasingPhrase(wave);
  const typed = textOption(context, 'confirm');
  const waits = againstResuming(fleet) === undefined && (wave.state === 'paused' || wave.state === 'stopped');
  if (!waits || phrase === undefined || typed === phrase) return typed;
  throw usageProblem(
    `wave ${wave.id} (${wave.kind}, begun ${renderSpan(fleet.at - wave.startedAt)} ago by ${wave.by.user}) ERASES the disks of ${viewWave(wave).waiting.join(', ')}: to resume it, --confirm "${phrase}"`,
  );
}

function list(fleet: Fleet, out: (text: string) => void, json: boolean): ExitCode {
  const waves = Object.values(fleet.waves).sort((a, b) => a.startedAt - b.startedAt);
  if (json) {
    out(
      `${JSON.stringify(
        waves.map((wave) => rowOf(fleet, wave)),
        undefined,
        2,
      )}\n`,
    );
    return EXIT.done;
  }
  if (waves.length === 0) out('no wave was started\n');
  for (const wave of waves) out(`${renderWave(fleet, wave)}\n`);
  return EXIT.done;
}

function rowOf(fleet: Fleet, wave: Wave): object {
  const { waiting, active, done, failed, cancelled } = viewWave(wave);
  const { id, kind, state, why, canary, width, stopAfterFailures } = wave;
  return {
    id,
    kind,
    state,
    why,
    canary,
    width,
    stopAfterFailures,
    done,
    failed,
    cancelled,
    active,
    waiting,
    waits: waveWaits(fleet, wave),
    by: wave.by.user,
  };
}

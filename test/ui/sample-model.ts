import { nodeOf } from '../../src/core/fleet.ts';
import { setIn } from '../../src/core/shard-map.ts';
import { decodeKeys, FRESH_DECODER, flushKeys } from '../../src/ui/keys/decode-keys.ts';
import { takePreview } from '../../src/ui/screen/take-preview.ts';
import { addLogSlice, EMPTY_LOG } from '../../src/ui/state/log-buffer.ts';
import { pressKeys } from '../../src/ui/state/press-key.ts';
import { freshModel, planKey, type ScreenModel, withView } from '../../src/ui/state/screen-model.ts';
import type { UiEffect } from '../../src/ui/state/ui-effect.ts';
import {
  failedServices,
  NOW,
  refusedAudit,
  type SampleKind,
  sampleAudit,
  sampleFleet,
  sampleLog,
  samplePreview,
  sampleServices,
} from './sample-fleet.ts';

/** A whole screen's state with a fixed clock. */
export function sampleModel(kind: SampleKind, columns = 80, rows = 25): ScreenModel {
  const fresh = freshModel(columns, rows, NOW, { who: 'maria@jump2' });
  const fleet = sampleFleet(kind);
  const isEmpty = kind === 'empty';
  const isBroken = kind === 'failure' || kind === 'unsaved';
  const log = addLogSlice(EMPTY_LOG, { fromLine: 0, nextLine: sampleLog().length, lines: isEmpty ? [] : sampleLog() });
  return withView({
    ...fresh,
    fleet,
    ui: { ...fresh.ui, rack: 'r07', cursor: { nodes: 'r07-u33' } },
    link: kind === 'stale' ? { is: 'lost', lastAtMs: NOW - 12_000 } : { is: 'live', lastAtMs: NOW },
    recent: isEmpty
      ? []
      : [
          { at: NOW - 20_000, node: 'r07-u31', text: 'INSTALL 81%' },
          { at: NOW - 2_000, node: 'r06-u14', text: 'READY in 2:01' },
        ],
    bytesPerSecond: isEmpty ? 0 : 112_000_000,
    rates: isEmpty ? [] : Array.from({ length: 30 }, (_, at) => (at % 10) * 11_000_000),
    logs: new Map([
      ['r07-u33', log],
      ['*', log],
    ]),
    audit: isEmpty ? [] : isBroken ? refusedAudit : sampleAudit,
    services: isEmpty ? [] : isBroken ? failedServices : sampleServices,
    plans: new Map(isEmpty ? [] : [[planKey('r07-u33', 'install'), { is: 'here', preview: samplePreview('r07-u33') }]]),
  });
}

/** Marks these, none of which has a job. Units 1 to 3 of a rack are control-plane nodes of one cluster. */
export function withMarks(model: ScreenModel, ...names: readonly string[]): ScreenModel {
  const nodes = names.reduce((map, name) => {
    const node = nodeOf(model.fleet, name);
    if (node === undefined) throw new Error(`no ${name}`);
    const { job: _job, ...idle } = node;
    return setIn(map, name, idle);
  }, model.fleet.nodes);
  return withView({ ...model, fleet: { ...model.fleet, nodes }, ui: { ...model.ui, marks: names } });
}

/** Types keys one by one, as a person does; `<esc>` and the like are named. Previews are answered at once. */
export function play(
  model: ScreenModel,
  keys: readonly string[],
  answer = true,
): { model: ScreenModel; effects: readonly UiEffect[] } {
  const effects: UiEffect[] = [];
  let now = model;
  for (const key of keys) {
    const first = decodeKeys(FRESH_DECODER, BYTES[key] ?? key);
    const rest = flushKeys(first.decoder);
    const step = pressKeys(now, [...first.keys, ...rest.keys]);
    now = step.model;
    effects.push(...step.effects);
    for (const effect of step.effects) {
      if (effect.type === 'preview' && answer)
        now = takePreview(now, effect, { is: 'here', nodes: effect.nodes.map((name) => samplePreview(name)) });
    }
  }
  return { model: now, effects };
}

export const BYTES: Readonly<Record<string, string>> = {
  '<esc>': '\u001b',
  '<enter>': '\r',
  '<tab>': '\t',
  '<up>': '\u001b[A',
  '<down>': '\u001b[B',
  '<pgdn>': '\u001b[6~',
  '<space>': ' ',
  '<ctrl-c>': '\u0003',
  '<backspace>': '\u007f',
};

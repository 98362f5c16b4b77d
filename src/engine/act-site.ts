import { endingDoubt } from '../core/disk-doubt.ts';
import type { EventOf } from '../core/event.ts';
import type { Fleet, Wave } from '../core/fleet.ts';
import { beyondPanic } from '../core/forbidden.ts';
import { waitsForRetry } from '../core/held-back.ts';
import type { Actor } from '../core/job.ts';
import type { NodeState } from '../core/node.ts';
import type { OperatorAction } from '../core/operator-action.ts';
import { endsByProtection, isProtected } from '../core/protection.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { valuesOf } from '../core/shard-map.ts';
import { MINUTE_MS, type TimeMs } from '../core/time.ts';
import { againstResuming, unconfirmedResume } from '../core/wave-resume.ts';
import type { Ordered } from './act-drift.ts';

type Of<T extends OperatorAction['type']> = Extract<OperatorAction, { readonly type: T }>;
type WaveOrder = Of<'wavePause' | 'waveResume' | 'waveCancel'>;
export type SiteAction =
  | WaveOrder
  | Of<'trustFingerprint' | 'panic' | 'breakGlass' | 'mendGlass' | 'discovery' | 'ignoreStranger'>;

const GLASS_MS = 15 * MINUTE_MS;
const DISCOVERY_MOST_MS = 240 * MINUTE_MS;

/** What is asked of the site: its switches, its waves, whom it trusts and whom it ignores. */
export function orderSite(fleet: Fleet, at: TimeMs, action: SiteAction, by: Actor): Result<Ordered> {
  switch (action.type) {
    case 'trustFingerprint':
      return ok({
        bodies: [{ type: 'site.fingerprintTrusted', node: action.node, fingerprint: action.fingerprint, by }],
        said: `certificate of ${action.node} trusted`,
      });
    case 'wavePause':
    case 'waveResume':
    case 'waveCancel':
      return waveEvents(fleet, action, by);
    case 'panic':
      return ok({
        bodies: [{ type: 'site.panicSwitched', on: action.on, by }],
        said: action.on ? panicSaid(fleet) : released(fleet),
      });
    case 'breakGlass':
      return breakGlass(fleet, at, action, by);
    case 'mendGlass':
      return ok({ bodies: [{ type: 'site.glassMended', by }], said: lockedAgain(fleet) });
    case 'discovery': {
      const forMs = Math.min(Math.max(action.forMs, MINUTE_MS), DISCOVERY_MOST_MS);
      const until = action.on ? { until: at + forMs } : {};
      return ok({
        bodies: [{ type: 'site.discoverySwitched', ...until, by }],
        said: action.on ? `discovery on for ${Math.round(forMs / MINUTE_MS)} minutes` : 'discovery off',
      });
    }
    case 'ignoreStranger':
      return ok({
        bodies: [{ type: 'site.strangerIgnored', mac: action.mac, ignored: action.ignored, by }],
        said: action.ignored ? `${action.mac} ignored` : `${action.mac} shown again`,
      });
  }
}

/** What goes on all the same is told with it: nothing that we could answer stops that. */
function panicSaid(fleet: Fleet): string {
  const said = 'PANIC: every answer is now `local`';
  const [first, ...more] = beyondPanic(fleet);
  if (first === undefined) return said;
  const others =
    more.length === 0 ? '' : ` (and ${more.length} more that had something by then: \`status\` lists them)`;
  return `${said}; ${first.name}: ${endingDoubt(first, fleet.at)}${others}`;
}

/** Whom it kept something from is named, and the waves that it paused: nothing of that comes by itself. */
function released(fleet: Fleet): string {
  const [first, ...more] = waitsForRetry(fleet);
  const name = more.length === 0 ? `${first?.name} waits` : `${more.length + 1} machines wait`;
  const retry = first === undefined ? [] : [`${name} for a retry`];
  return ['panic released', ...retry, ...pausedWaves(fleet)].join('; ');
}

function pausedWaves(fleet: Fleet): readonly string[] {
  const [first, ...more] = Object.values(fleet.waves).filter(({ state }) => state === 'paused');
  if (first === undefined) return [];
  const { id, kind } = first;
  const others = more.length === 0 ? '' : ` (and ${more.length} more: \`crashcart wave\` lists them)`;
  return [`wave ${id} (${kind}) is paused${others}: \`crashcart wave resume ${id}\` lets it go on`];
}

/** What was armed through it was confirmed with its reason, and goes on; it is named, as the lock no longer tells of it. */
function lockedAgain(fleet: Fleet): string {
  const [first, ...more] = [...valuesOf(fleet.nodes)].filter(({ job }) => job?.underGlass === true).filter(isOpened);
  if (first === undefined) return 'locked again';
  const others = more.length === 0 ? '' : ` (and ${more.length} more like it)`;
  const { name, job } = first;
  return `locked again; ${name} stays armed (${job?.kind}), as that was confirmed before${others}: \`crashcart cancel ${name}\` ends it`;
}

/** Protected, and its job may write all the same. */
const isOpened = (node: NodeState): boolean => isProtected(node) && endsByProtection(node);

const WAVE_ORDERS: {
  readonly [T in WaveOrder['type']]: readonly [
    from: readonly Wave['state'][],
    event: EventOf<'site.wavePaused'>['type'],
    said: string,
  ];
} = {
  wavePause: [['running'], 'site.wavePaused', 'wave paused: what runs goes on, nothing new starts'],
  waveResume: [['paused', 'stopped'], 'site.waveResumed', 'wave goes on'],
  waveCancel: [['running', 'paused', 'stopped'], 'site.waveCancelled', 'wave cancelled: what runs goes on'],
};

/** What changes nothing is no deed: it would stand in the history as if somebody had ended what was over. */
function waveEvents(fleet: Fleet, action: WaveOrder, by: Actor): Result<Ordered> {
  const wave = fleet.waves[action.wave];
  if (wave === undefined) return fail(`there is no wave ${action.wave}`);
  const [from, type, said] = WAVE_ORDERS[action.type];
  if (!from.includes(wave.state))
    return fail(`this wave is ${wave.state}${wave.state === 'running' ? ' already' : ''}`);
  const against =
    action.type === 'waveResume' ? (againstResuming(fleet) ?? unconfirmedResume(wave, action.confirmed)) : undefined;
  if (against !== undefined) return fail(against);
  const waits = action.type === 'waveResume' ? { waitsForErased: true as const } : {};
  return ok({ bodies: [{ type, wave: action.wave, ...waits, by }], said });
}

function breakGlass(fleet: Fleet, at: TimeMs, action: Of<'breakGlass'>, by: Actor): Result<Ordered> {
  const { site } = fleet;
  if (action.reason.trim().length < 10) return fail('the reason needs 10 characters or more');
  const phrase = `BREAK ${site === '' ? 'GLASS' : site}`;
  if (action.phrase !== phrase) return fail(`type ${phrase} to open the lock`);
  return ok({
    bodies: [{ type: 'site.glassBroken', reason: action.reason.trim(), until: at + GLASS_MS, by }],
    said: 'lock open for 15 minutes; everything is recorded',
  });
}

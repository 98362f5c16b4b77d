import { done, refusal, type SimAnswer } from './sim-answer.ts';
import { pathsOf, type SimJson } from './sim-json.ts';
import type { SimPower } from './sim-power.ts';
import type { BootShown, SimState } from './sim-state.ts';

/** PATCH and POST on the tree, with the refusals of this family. */

const asObject = (value: unknown): SimJson =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as SimJson) : {};

function checkBootValues(state: SimState, boot: SimJson): SimAnswer | undefined {
  const { personality: own } = state;
  const { boot: rules } = own;
  const bad = (key: string, name: string) => refusal(own, 400, `Base.1.8.${key}`, [`#/Boot/${name}`]);
  const names = ['BootSourceOverrideEnabled', 'BootSourceOverrideTarget', 'BootSourceOverrideMode'];
  const [enabled, target, mode] = names.map((name) => boot[name]);
  const known = state.httpBootUri === undefined ? names : [...names, 'HttpBootUri'];
  const unknown = Object.keys(boot).find((name) => !known.includes(name));
  if (unknown !== undefined) return bad('PropertyUnknown', unknown);
  if (mode !== undefined && rules.mode === 'absent') return bad('PropertyUnknown', 'BootSourceOverrideMode');
  if (mode !== undefined && mode !== 'UEFI' && mode !== 'Legacy')
    return bad('PropertyValueNotInList', 'BootSourceOverrideMode');
  if (target !== undefined && !rules.targets.includes(String(target)))
    return bad('PropertyValueNotInList', 'BootSourceOverrideTarget');
  const allowed = rules.enabledValues ?? ['Disabled', 'Once', 'Continuous'];
  if (enabled !== undefined && !allowed.includes(String(enabled)))
    return bad('PropertyValueNotInList', 'BootSourceOverrideEnabled');
  if (rules.refusesDisabledNone && enabled === 'Disabled' && target === 'None')
    return bad('PropertyValueConflict', 'BootSourceOverrideTarget');
  if (
    rules.wantsAll &&
    enabled !== 'Disabled' &&
    [enabled, target, rules.mode === 'absent' ? '' : mode].includes(undefined)
  ) {
    return bad('PropertyMissing', 'BootSourceOverrideMode');
  }
  return undefined;
}

function patchBoot(state: SimState, boot: SimJson, shown: BootShown): SimAnswer {
  const { personality: own, faults } = state;
  const busy = own.boot.busyInPost;
  if (busy !== undefined && state.inPost) return refusal(own, busy.status, busy.messageId);
  const wrong = checkBootValues(state, boot);
  if (wrong !== undefined) return wrong;
  if (faults.jobQueued) return refusal(own, 400, 'IDRAC.2.8.RAC0207');
  if (faults.deafOverride === true || (faults.deafOverride === 'whileOn' && state.power !== 'Off')) return done(200);
  if (typeof boot.HttpBootUri === 'string') state.httpBootUri = boot.HttpBootUri;
  const [enabled, target, mode] = [
    boot.BootSourceOverrideEnabled,
    boot.BootSourceOverrideTarget,
    boot.BootSourceOverrideMode,
  ];
  // Some firmware keeps Disabled when the target alone comes; most turn the override on for the next start.
  if (target !== undefined)
    Object.assign(shown, { target: String(target), enabled: shown.enabled === 'Disabled' ? 'Once' : shown.enabled });
  if (enabled !== undefined) shown.enabled = String(enabled);
  if (mode !== undefined) shown.mode = String(mode);
  if (shown.enabled === 'Disabled') shown.target = 'None';
  const full = enabled !== undefined && target !== undefined && (mode !== undefined || own.boot.mode === 'absent');
  if (full && state.power === 'Off') state.honest = true;
  state.etag += 1;
  return done(own.errors === 'idsOnly' ? 200 : 204);
}

function patchSystem(state: SimState, body: SimJson, at: 'system' | 'settings'): SimAnswer {
  const { personality: own } = state;
  const boot = body.Boot;
  if (boot === undefined) return patchLed(state, body, 'system');
  const { settings } = own;
  const names = Object.keys(asObject(boot));
  const misplaced = names.some((name) => (at === 'settings') !== (settings?.properties.includes(name) ?? false));
  // A property belongs to the resource that lists it, and is refused by the other.
  if (settings !== undefined && misplaced)
    return refusal(
      own,
      400,
      'Base.1.8.PropertyNotWritable',
      names.map((name) => `#/Boot/${name}`),
    );
  return patchBoot(state, asObject(boot), at === 'settings' ? state.pending : state.boot);
}

function patchLed(state: SimState, body: SimJson, at: 'system' | 'chassis'): SimAnswer {
  const { led } = state.personality;
  const [[name, value] = []] = Object.entries(body);
  if (
    led.on !== at ||
    (name !== 'IndicatorLED' && name !== 'LocationIndicatorActive') ||
    !led.properties.includes(name)
  ) {
    return refusal(state.personality, 400, 'Base.1.8.PropertyNotWritable', [`#/${name ?? ''}`]);
  }
  state.led = name === 'IndicatorLED' ? String(value) : value === true ? 'Blinking' : led.resting;
  state.etag += 1;
  return done(200);
}

function insertOrEject(state: SimState, slotId: string, image: string | undefined): SimAnswer {
  state.media.set(slotId, { image: image ?? '', inserted: image !== undefined });
  state.etag += 1;
  return done(204);
}

function patchMedia(state: SimState, slotId: string, body: SimJson): SimAnswer {
  const slot = state.personality.media.slots.find((one) => one.id === slotId);
  if (slot?.by !== 'patch') return refusal(state.personality, 405, 'Base.1.8.OperationNotAllowed');
  const image = body.Image;
  return insertOrEject(state, slotId, typeof image === 'string' && body.Inserted !== false ? image : undefined);
}

export function answerPatch(state: SimState, path: string, body: unknown): SimAnswer {
  const paths = pathsOf(state);
  const json = asObject(body);
  if (path === paths.system) return patchSystem(state, json, 'system');
  if (path === paths.settings) return patchSystem(state, json, 'settings');
  if (path === paths.chassis) return patchLed(state, json, 'chassis');
  if (path.startsWith(`${paths.media}/`)) return patchMedia(state, path.slice(paths.media.length + 1), json);
  return refusal(state.personality, 405, 'Base.1.8.OperationNotAllowed');
}

function answerReset(state: SimState, body: SimJson, power: SimPower, msOf: (seconds: number) => number): SimAnswer {
  const { personality: own } = state;
  const { reset } = own;
  const type = String(body.ResetType ?? '');
  if (!reset.values.includes(type)) return refusal(own, 400, 'Base.1.8.ActionParameterValueNotInList', ['ResetType']);
  const { stalePower: _seen, ...faults } = state.faults;
  state.faults = faults;
  const there = reset.alreadyThere;
  const wantsOn = type === 'On' || type === 'ForceOn';
  const isThere = (wantsOn && state.power === 'On') || (/Off|Shutdown|Restart/.test(type) && state.power === 'Off');
  if (isThere) return there.messageId === undefined ? done(there.status) : refusal(own, there.status, there.messageId);
  const sinceOffMs = performance.now() - state.lastOffMs;
  if (wantsOn && reset.coolDownS !== undefined && sinceOffMs < msOf(reset.coolDownS)) {
    return refusal(own, 409, 'IDRAC.2.8.ActionParameterValueConflict');
  }
  if (!(reset.answer === 202 && state.faults.taskFails)) power.press(type);
  return reset.answer === 202
    ? { status: 202, headers: { location: '/redfish/v1/TaskService/Tasks/1' }, json: {} }
    : done(reset.answer);
}

function answerInsert(state: SimState, slotId: string, body: SimJson): SimAnswer {
  const { personality: own } = state;
  const { media } = own;
  const refused = media.refuses.find((name) => Object.hasOwn(body, name));
  if (refused !== undefined) return refusal(own, 400, 'Base.1.8.ActionParameterUnknown', [refused]);
  const missing = media.wants.find((name) => !Object.hasOwn(body, name));
  if (missing !== undefined) return refusal(own, 400, 'Base.1.8.ActionParameterMissing', [missing]);
  // A second medium into a slot that has one is refused: whoever forgot to eject learns it here.
  if (state.media.get(slotId)?.inserted) return refusal(own, 400, 'Base.1.8.ResourceInUse');
  return insertOrEject(state, slotId, String(body.Image ?? ''));
}

export function answerPost(
  state: SimState,
  path: string,
  body: unknown,
  power: SimPower,
  msOf: (seconds: number) => number,
): SimAnswer {
  const paths = pathsOf(state);
  if (path === `${paths.system}/Actions/ComputerSystem.Reset`) return answerReset(state, asObject(body), power, msOf);
  const action = /^(.*)\/Actions\/VirtualMedia\.(InsertMedia|EjectMedia)$/.exec(path);
  const slotId = action?.[1]?.slice(paths.media.length + 1) ?? '';
  const slot = state.personality.media.slots.find((one) => one.id === slotId && one.by === 'action');
  if (slot === undefined) return refusal(state.personality, 404, 'Base.1.8.ResourceMissingAtURI');
  if (body === undefined) return refusal(state.personality, 415, 'Base.1.8.MalformedJSON');
  return action?.[2] === 'EjectMedia'
    ? insertOrEject(state, slotId, undefined)
    : answerInsert(state, slotId, asObject(body));
}

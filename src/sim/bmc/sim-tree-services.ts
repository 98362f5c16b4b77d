import { collection, link, type Paths, type SimJson } from './sim-json.ts';
import type { SimState } from './sim-state.ts';

export function renderMediaSlot(state: SimState, paths: Paths, path: string): SimJson | undefined {
  const { media } = state.personality;
  const slot = media.slots.find((one) => `${paths.media}/${one.id}` === path);
  if (slot === undefined) return undefined;
  const now = state.media.get(slot.id);
  const actions = {
    '#VirtualMedia.InsertMedia': { target: `${path}/Actions/VirtualMedia.InsertMedia` },
    '#VirtualMedia.EjectMedia': { target: `${path}/Actions/VirtualMedia.EjectMedia` },
  };
  return {
    '@odata.id': path,
    Id: slot.id,
    ...(slot.types.length > 0 ? { MediaTypes: slot.types } : {}),
    Image: now?.inserted ? now.image : media.emptyImage,
    Inserted: now?.inserted ?? false,
    ConnectedVia: now?.inserted ? 'URI' : 'NotConnected',
    ...(slot.by === 'action' ? { Actions: actions } : {}),
  };
}

export function renderLogServices(state: SimState, paths: Paths): SimJson {
  const { log } = state.personality;
  return collection(
    paths.logs,
    [...log.others, log.id].map((id) => `${paths.logs}/${id}`),
  );
}

function renderLine(state: SimState, at: string, index: number): SimJson {
  const line = state.log[index];
  return {
    '@odata.id': `${at}/${index + 1}`,
    Id: String(index + 1),
    EntryType: 'SEL',
    Severity: line?.severity ?? 'OK',
    Created: (line?.at ?? new Date(0)).toISOString(),
    Message: line?.text ?? '',
  };
}

/** A page of lines, in this family's order. */
function renderPage(state: SimState, at: string, query: string): SimJson {
  const { log } = state.personality;
  const indexes = state.log.map((_, index) => index);
  if (log.order === 'newestFirst') indexes.reverse();
  const skip = Number(/\$skip=(\d+)/.exec(decodeURIComponent(query))?.[1] ?? 0);
  const page = indexes.slice(skip, skip + log.pageSize);
  const next =
    skip + log.pageSize < indexes.length ? { 'Members@odata.nextLink': `${at}?$skip=${skip + log.pageSize}` } : {};
  const members = page.map((index) => (log.inline ? renderLine(state, at, index) : `${at}/${index + 1}`));
  return { ...collection(at, members), 'Members@odata.count': indexes.length, ...next };
}

export function renderEntries(state: SimState, paths: Paths, path: string, query: string): SimJson | undefined {
  const [id = '', entries, index] = path.slice(paths.logs.length + 1).split('/');
  const { log } = state.personality;
  const at = `${paths.logs}/${id}/Entries`;
  if (!(id === log.id || log.others.includes(id))) return undefined;
  if (entries === undefined) return { '@odata.id': `${paths.logs}/${id}`, Id: id, Entries: link(at) };
  if (entries !== 'Entries') return undefined;
  if (id !== log.id) return collection(at, [{ '@odata.id': `${at}/1`, Id: '1', Message: 'login of an administrator' }]);
  if (index === undefined) return renderPage(state, at, query);
  return Number(index) >= 1 && Number(index) <= state.log.length ? renderLine(state, at, Number(index) - 1) : undefined;
}

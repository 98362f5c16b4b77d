import { openDrift } from '../../core/drift.ts';
import type { NodeState } from '../../core/node.ts';
import { renderAge, renderEta } from '../format/duration.ts';
import { renderSize } from '../format/size.ts';
import { type Moment, unheardOf } from '../select/awaited.ts';
import { etaMs } from '../select/eta.ts';
import type { ListColumn } from '../select/list-columns.ts';
import { addressOf, driftText, imageOf, lookOf, percentOf, rackOf, reasonOf, stepOf } from '../select/node-look.ts';
import type { SortColumn } from '../state/ui-state.ts';
import { showText } from '../terminal/fit-text.ts';
import type { Scene } from '../widgets/scene.ts';
import type { Column } from '../widgets/table.ts';
import { ageCell } from './node-age.ts';

/** How each column of the list is drawn, and by what its title says that the list is sorted. */
type Cells = { readonly [C in ListColumn]: Column<NodeState> & { readonly sort?: SortColumn } };

export function listCells({ model, theme }: Scene): Cells {
  const show = (text: string | undefined) => showText(text ?? '', theme.set);
  const { nowMs } = model;
  return {
    node: { title: 'node', width: 18, min: 10, sort: 'name', text: (node) => show(node.name) },
    phase: {
      title: 'phase',
      width: 6,
      sort: 'state',
      text: (node) => lookOf(node).word,
      tone: (node) => lookOf(node).tone,
    },
    what: {
      title: 'what',
      width: 30,
      min: 12,
      grow: true,
      text: (node) => show(whatOf(node, model)),
      tone: (node) => (reasonOf(node) === '' ? undefined : lookOf(node).tone),
    },
    done: { title: 'done', width: 5, right: true, sort: 'progress', text: percentText },
    age: { title: 'age', width: 6, right: true, sort: 'age', text: (node) => ageCell(node, nowMs) },
    rack: { title: 'rack', width: 5, text: (node) => show(rackOf(node)) },
    unit: { title: 'U', width: 3, right: true, sort: 'unit', text: (node) => String(node.spec.place.unit ?? '') },
    address: { title: 'address', width: 15, sort: 'address', text: addressOf },
    image: { title: 'image', width: 9, text: (node) => show(imageOf(node)) },
    role: { title: 'role', width: 13, text: (node) => show(node.spec.role) },
    mac: { title: 'mac', width: 17, text: (node) => node.seen.mac ?? node.spec.identity.macs[0] ?? '' },
    serial: { title: 'serial', width: 14, text: (node) => show(node.seen.serial ?? node.spec.identity.serial) },
    power: { title: 'power', width: 7, text: (node) => node.power.is },
    job: { title: 'job', width: 9, text: (node) => node.job?.kind ?? '' },
    try: {
      title: 'try',
      width: 4,
      text: (node) => (node.job === undefined ? '' : `${node.job.attempts}/${node.job.maxAttempts}`),
    },
    eta: { title: 'eta', width: 5, right: true, text: (node) => etaText(etaMs(model.view.medians, [node], nowMs)) },
    heard: {
      title: 'heard',
      width: 6,
      right: true,
      text: (node) => (node.seen.lastAt === undefined ? '-' : renderAge(nowMs - node.seen.lastAt)),
    },
    profile: { title: 'profile', width: 10, text: (node) => show(node.spec.profile) },
    cluster: { title: 'cluster', width: 10, text: (node) => show(node.spec.cluster) },
    product: { title: 'product', width: 20, min: 10, text: (node) => show(node.seen.product ?? node.seen.bmc?.model) },
    firmware: { title: 'firmware', width: 8, text: (node) => node.seen.firmware ?? node.spec.firmware ?? '' },
    disk: { title: 'disk', width: 18, min: 10, text: (node) => show(diskText(node)) },
    drift: {
      title: 'differs',
      width: 18,
      min: 7,
      text: (node) =>
        openDrift(node)
          .map((one) => one.field)
          .join(' '),
      tone: () => 'warn',
    },
    health: {
      title: 'health',
      width: 20,
      min: 10,
      text: (node) => (node.health.is === 'ok' ? '' : node.health.code),
      tone: (node) => lookOf(node).tone,
    },
  };
}

const etaText = (ms: number | undefined): string => (ms === undefined ? '' : renderEta(ms));

const percentText = (node: NodeState): string => (percentOf(node) === undefined ? '' : `${percentOf(node)}%`);

/** The disk that would be written, as the inventory names it, else the first that was seen. */
function diskText({ spec, seen }: NodeState): string {
  const rule = spec.talos.disk;
  const named = rule?.serial ?? rule?.wwid ?? rule?.byId ?? rule?.path ?? rule?.model;
  if (named !== undefined) return named;
  const first = seen.disks?.[0];
  return first === undefined ? '' : `${first.name} ${renderSize(first.sizeBytes)}`;
}

const whatOf = (node: NodeState, model: Moment): string =>
  unheardOf(node, model)?.brief ||
  reasonOf(node) ||
  stepOf(node, model) ||
  (node.job === undefined ? driftText(node) : node.job.kind);

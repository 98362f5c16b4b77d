import type { CauseCode } from '../cause.ts';
import { twinText } from '../describe-rival.ts';
import type { EventOf } from '../event.ts';
import { withHealth } from '../health.ts';
import type { NodeIn, NodeState } from '../node.ts';
import { IMAGE_PHASES, type Phase, SYSTEM_PHASES } from '../phase.ts';
import { waitsForNetwork } from '../unanswered.ts';
import { noLongerWithout } from '../without-address.ts';
import { withoutLack } from './answer-facts.ts';
import { failing, noted, on, type Row, stays } from './move.ts';

type RivalAnswered = EventOf<'dhcp.rivalAnswered'>;

/** What is known of a boot file stands behind it; older versions did not ask. */
function tookText({ server, bootFile, file }: Pick<RivalAnswered, 'server' | 'bootFile' | 'file'>): string {
  const took = `it took the offer of ${server}`;
  if (bootFile !== undefined) return `${took}, with boot file ${bootFile}`;
  if (file === undefined) return took;
  return file === 'none'
    ? `${took}, which names no boot file`
    : `${took}; whether that names a boot file was not heard`;
}

function rivalText(event: RivalAnswered): string {
  const { server, ack, bootFile } = event;
  if (event.took === true || bootFile === undefined) return tookText(event);
  return `${server} ${ack ? 'acknowledged' : 'offered'} boot file ${bootFile}`;
}

const namedRival = (node: NodeState, event: RivalAnswered): NodeState =>
  failing(node, 'stalled', event.file === undefined ? 'RIVAL_PXE' : 'RIVAL_DHCP', rivalText(event), event.time);

/** What was said of it is over: it was answered after all, and not by us. */
const LEFT_UNANSWERED: ReadonlySet<CauseCode> = new Set(['SECOND_SERVER', 'OFFER_IGNORED', 'STOPPED_ASKING']);

const namedFirst = (node: NodeState, event: RivalAnswered): NodeState =>
  failing(node, 'stalled', 'FIRST_SERVER', `the first server answered it: ${rivalText(event)}`, event.time);

/** Of who boots from the first server nothing is wrong, unless a job waits for it. What that one offers decides nothing. */
function servedByFirst(node: NodeState, phase: Phase, event: RivalAnswered): NodeState {
  if (!event.ack && !event.took) return node;
  const served = { ...node, phase };
  if (waitsForNetwork(node)) return namedFirst(served, event);
  const { health } = node;
  return health.is === 'stalled' && LEFT_UNANSWERED.has(health.code) ? withHealth(served, { is: 'ok' }) : served;
}

const refused = (node: NodeState, server: string, what: string, at: number): NodeState =>
  failing(node, 'stalled', 'RIVAL_NAK', `${server} refuses (NAK) the address ${what}`, at);

const namedTwin = (node: NodeState, event: RivalAnswered): NodeState =>
  failing(node, 'stalled', 'OWN_ADDRESS', twinText(event), event.time);

/** It took another server's offer and said so before that offer was heard; now it was, and names no boot file. */
function heardOf(node: NodeState, { server, time }: RivalAnswered): NodeState {
  const { health } = node;
  const isUnheard = 'detail' in health && health.detail === tookText({ server, file: 'unheard' });
  if (health.is !== 'stalled' || health.code !== 'RIVAL_DHCP' || !isUnheard) return node;
  return failing(node, 'stalled', 'RIVAL_DHCP', tookText({ server, file: 'none' }), time);
}

/** So long before a REQUEST is told, the NAK that it got may have been heard. */
const NAK_BEFORE_MS = 2000;

export function refusedJustNow(node: NodeState, event: EventOf<'dhcp.firmwareTook'>): NodeState {
  const nak = node.seen.rivals?.find(({ refusedAt }) => event.time - (refusedAt ?? 0) <= NAK_BEFORE_MS);
  return nak === undefined ? node : refused(node, nak.server, `that we gave it, ${event.address}`, event.time);
}

/** In iPXE and in a system that starts, a REQUEST or a NAK decides what comes next; an offer is heard there in any case. */
function afterLoader(node: NodeIn<'ipxe' | 'up'>, event: RivalAnswered): NodeState {
  const { phase } = node;
  if (event.twin !== undefined) return event.refused === true ? namedTwin(node, event) : node;
  if (event.refused === true) {
    const address = phase.is === 'ipxe' ? phase.address : node.seen.address;
    return refused(node, event.server, `that it asks for${address === undefined ? '' : `, ${address}`}`, event.time);
  }
  if (event.first === true && phase.is === 'ipxe')
    return servedByFirst(node, { ...withoutLack(phase), first: true }, event);
  const isTold = event.took === true && (event.file !== undefined || event.bootFile !== undefined);
  if (isTold && phase.is === 'ipxe') return namedRival(node, event);
  return servedElsewhere(node, event);
}

/** Its REQUEST names what another server gives it, or that one was heard to. */
const servedElsewhere = (node: NodeState, { ack, address, time }: RivalAnswered): NodeState =>
  ack || address !== undefined ? noLongerWithout(node, time, true) : node;

export const rivalAnswered: Row<'dhcp.rivalAnswered'> = {
  ...on(['idle', 'armed', 'powering', 'loader', 'script', ...IMAGE_PHASES, ...SYSTEM_PHASES, 'down'] as const, noted),
  ...on(['ipxe', 'up'] as const, stays(afterLoader)),
  diskBoot: stays((node, event) => (event.refused === true ? node : servedElsewhere(node, event))),
  firmware: stays((node, event) => {
    if (event.twin !== undefined) return namedTwin(node, event);
    if (event.refused === true) return refused(node, event.server, 'that it asks for', event.time);
    if (event.first === true) return servedByFirst(node, { ...withoutLack(node.phase), first: true }, event);
    return event.bootFile === undefined && !event.took ? heardOf(node, event) : namedRival(node, event);
  }),
  // A slow server's offer comes when another one is taken: it decides nothing yet.
  requesting: stays((node, event) => {
    if (event.twin !== undefined)
      return event.refused === true || event.ack
        ? namedTwin(node, event)
        : { ...node, phase: { ...node.phase, rival: twinText(event), isTwin: true } };
    if (event.refused === true)
      return refused(node, event.server, `that we gave it, ${node.phase.address}`, event.time);
    // What it took may be ours: of who is not waited for nothing is said before it asks anew.
    if (event.first === true)
      return event.ack && event.bootFile !== undefined && waitsForNetwork(node) ? namedFirst(node, event) : node;
    if (event.ack || event.took)
      return event.bootFile === undefined && !event.took ? heardOf(node, event) : namedRival(node, event);
    return event.bootFile === undefined
      ? heardOf(node, event)
      : { ...node, phase: { ...node.phase, rival: rivalText(event) } };
  }),
};

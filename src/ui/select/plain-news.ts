import { describeContested } from '../../core/contested.ts';
import { disarmedText } from '../../core/disarmed.ts';
import { diskDoubtText } from '../../core/disk-doubt.ts';
import type { Fleet } from '../../core/fleet.ts';
import { beyondPanic, diskText, forbiddenText } from '../../core/forbidden.ts';
import type { NodeState } from '../../core/node.ts';
import { addressTrouble, notAtIpText } from '../../core/not-at-ip.ts';
import { describePosing, posingAdvice } from '../../core/posing.ts';
import { eachChange, valuesOf } from '../../core/shard-map.ts';
import { troubleName, troubleText } from '../../core/trouble-text.ts';
import { leftAndBack } from '../state/disarm-news.ts';

export interface NodeNews {
  readonly node: string;
  readonly text: string;
}

const MOST_STANDING = 20;

/** What a screen would show standing there, for who only hears what changes. */
export function standingNews(fleet: Fleet): readonly NodeNews[] {
  const standing = [...valuesOf(fleet.nodes)]
    .map((node) => ({ node: node.name, text: standingOf(fleet, node) }))
    .filter(({ text }) => text !== '');
  if (standing.length <= MOST_STANDING) return standing;
  const left = standing.length - MOST_STANDING;
  return [
    ...standing.slice(0, MOST_STANDING),
    { node: '', text: `${left} more are in trouble, held or armed: \`crashcart status\` lists them` },
  ];
}

const OK = { is: 'ok' } as const;

const standingOf = (fleet: Fleet, node: NodeState): string =>
  [
    ...(node.health.is === 'ok' ? [] : [troubleText(OK, node, fleet.at)]),
    addressTrouble(fleet, node, fleet.at) ?? '',
    ...(node.intent.is === 'hold' ? [`held: ${node.intent.why}`] : []),
    ...(node.job === undefined ? [] : [`armed ${node.job.kind} by ${node.job.armedBy.user}`]),
    disarmedText(node) ?? '',
    diskText(fleet, node) ?? '',
  ]
    .filter((text) => text !== '')
    .join('; ');

/** What no event says by itself: that something is wrong, or well again, follows from many of them or from none. */
export function newsBetween(before: Fleet, after: Fleet): readonly NodeNews[] {
  const news: NodeNews[] = [];
  const isPanic = after.switches.panic !== undefined && before.switches.panic === undefined;
  const add = (node: string, text: string) => news.push({ node, text });
  eachChange(before.nodes, after.nodes, (name, was, node) => {
    const then = was?.health ?? OK;
    if (troubleName(then) !== troubleName(node.health)) add(name, troubleText(then, node, after.at));
    const last = node.endedJobs.at(-1);
    const isPlace = was !== undefined && last?.waited === true && was.endedJobs.at(-1)?.id !== last.id;
    const isOther = node.job?.id !== was?.job?.id;
    const ended = isPlace ? last : isOther ? node.endedJobs.findLast(({ id }) => id === was?.job?.id) : undefined;
    if (ended !== undefined)
      add(
        name,
        disarmedText(node) ??
          diskDoubtText(node) ??
          `its ${ended.kind} job is ${ended.outcome}${ended.code === undefined ? '' : ` (${ended.code})`}`,
      );
    const given = isPanic ? undefined : forbiddenText(after, node);
    if (given !== undefined && (was === undefined || given !== forbiddenText(before, was))) add(name, given);
    const instead = node.seen.notAtIp === was?.seen.notAtIp ? undefined : notAtIpText(after, node, after.at);
    if (instead !== undefined && (was === undefined || instead !== notAtIpText(before, was, before.at)))
      add(name, instead);
    if (node.phase.is === 'ready' && was?.phase.is !== 'ready') add(name, 'ready');
  });
  if (isPanic) for (const node of beyondPanic(after)) add(node.name, forbiddenText(after, node) ?? '');
  news.push(...leftAndBack(before, after));
  eachChange(before.strangers, after.strangers, (mac, was, one) => {
    const isNews = one.poses !== was?.poses || one.unproven !== was?.unproven;
    if (one.poses !== undefined && isNews) add(one.poses, `${describePosing(one, one.poses)}. ${posingAdvice(one)}`);
    else if (was === undefined) add('', `unknown machine ${mac} asks`);
  });
  for (const [key, one] of Object.entries(after.contested ?? {})) {
    const was = before.contested?.[key];
    if (was?.address !== one.address || was.mac !== one.mac) add(one.node, describeContested(one));
  }
  for (const server of Object.keys(after.rivals))
    if (before.rivals[server] === undefined) add('', `another DHCP server is heard: ${server}`);
  return news;
}

import type { Fleet, Stranger } from '../../core/fleet.ts';
import { describePosing, posingAdvice } from '../../core/posing.ts';
import { getIn } from '../../core/shard-map.ts';
import { UNSERVED_ADVICE } from '../../core/unserved.ts';
import { renderAge, renderSpan } from '../format/duration.ts';
import { renderSize } from '../format/size.ts';
import { keyIn } from '../keys/keymap.ts';
import { windowTop } from '../select/layout.ts';
import { linkText, machineText } from '../select/machine-text.ts';
import { discoveryRows, shownList } from '../select/shown-list.ts';
import { showText, wrapText } from '../terminal/fit-text.ts';
import { type Box, padLines, type Scene } from '../widgets/scene.ts';
import { renderEnds, renderSpans, type Span } from '../widgets/spans.ts';
import { type Column, renderTable } from '../widgets/table.ts';

/** Machines that nobody wrote down. They are only noted until somebody adopts them. */
export function renderDiscoveryScreen(scene: Scene, box: Box): string[] {
  const { model, theme } = scene;
  const list = shownList(model);
  const ids = list?.ids ?? [];
  const until = model.fleet.switches.discoveryUntil;
  const mode: Span =
    until === undefined ? 'discovery boot: OFF' : [`discovery boot: ON for ${renderAge(until - model.nowMs)}`, 'warn'];
  const head = [
    renderEnds(
      theme,
      [
        ` ${ids.length} unknown ${ids.length === 1 ? 'machine' : 'machines'}${box.width < 60 ? '' : ' asked for an address'}`,
      ],
      [mode],
      box.width,
    ),
    theme.glyphs.horizontal.repeat(box.width),
  ];
  if (list === undefined || ids.length === 0) {
    return padLines([...head, ...hintLines(scene, box)], box);
  }
  const height = Math.min(ids.length, discoveryRows(model.ui.size.rows));
  const top = windowTop(model.ui.tops.strangers ?? 0, list.cursor, ids.length, height);
  const rows = ids.slice(top, top + height).flatMap((mac) => getIn(model.fleet.strangers, mac) ?? []);
  const state = {
    top: 0,
    cursor: list.cursor - top,
    marked: (at: number) => model.ui.strangerMarks.includes(rows[at]?.mac ?? ''),
  };
  const table = renderTable(theme, columns(scene), rows, state, { width: box.width, height: height + 1 });
  const chosen = rows[list.cursor - top];
  const marked =
    model.ui.strangerMarks.length > 0
      ? [renderSpans(theme, [` ${model.ui.strangerMarks.length} marked`], box.width)]
      : [];
  return padLines(
    [
      ...head,
      ...table,
      theme.glyphs.horizontal.repeat(box.width),
      ...(chosen === undefined ? [] : factLines(scene, chosen, box.width)),
      ...marked,
    ],
    box,
  );
}

function columns({ model, theme }: Scene): readonly Column<Stranger>[] {
  const show = (text: string) => showText(text, theme.set);
  return [
    { title: 'seen', width: 6, right: true, text: (one) => renderAge(model.nowMs - one.lastAt) },
    { title: 'mac', width: 17, text: (one) => one.mac },
    { title: 'arch', width: 10, text: archOf },
    { title: 'asks', width: 5, right: true, text: (one) => String(one.asks) },
    {
      title: 'what it looks like',
      width: 24,
      min: 10,
      grow: true,
      text: (one) => show(likenessOf(one)),
      tone: (one) => (one.ignored ? 'dim' : (one.unserved ?? one.poses) === undefined ? undefined : 'warn'),
    },
    { title: 'address', width: 15, text: (one) => one.address ?? '' },
    { title: 'vendor class', width: 24, text: (one) => show(one.vendorClass ?? '') },
  ];
}

/** Option 93, RFC 4578 and the IANA list after it. */
const ARCHES: Readonly<Record<number, string>> = {
  0: 'x86 BIOS',
  6: 'x86 UEFI',
  7: 'x64 UEFI',
  9: 'x64 UEFI',
  10: 'arm UEFI',
  11: 'arm64 UEFI',
  15: 'x86 HTTP',
  16: 'x64 HTTP',
  18: 'arm HTTP',
  19: 'arm64 HTTP',
};

const archOf = (one: Stranger): string => (one.arch === undefined ? '-' : (ARCHES[one.arch] ?? `arch ${one.arch}`));

function likenessOf(one: Stranger): string {
  if (one.ignored) return 'ignored';
  if (one.unserved !== undefined) return 'no free address';
  if (one.poses !== undefined) return `says it is ${one.poses}`;
  if (one.halted) return 'has Talos, halted';
  if (one.asked === 'os') return `a running system${one.hostName === undefined ? '' : ` (${one.hostName})`}`;
  if (one.machine !== undefined) return [one.machine.product, one.serial].filter(Boolean).join(' ');
  if (one.serial !== undefined) return `serial ${one.serial}`;
  if (one.switchPort !== undefined) return `port ${one.switchPort}`;
  return one.hostName === undefined ? 'no match' : `says ${one.hostName}`;
}

function factLines({ model, theme }: Scene, one: Stranger, width: number): string[] {
  const show = (text: string) => showText(text, theme.set);
  const lines = [
    `${one.mac}   DHCP vendor class ${one.vendorClass ?? '-'}`,
    `serial ${one.serial ?? '-'}   uuid ${one.uuid ?? '-'}   switch port ${one.switchPort ?? '-'}`,
    ...hardwareOf(one),
    `first seen ${renderSpan(model.nowMs - one.firstAt)} ago, asked ${one.asks} times, last as ${one.asked}${one.hostName === undefined ? '' : `; says it is ${one.hostName}`}`,
    one.ignored
      ? `Ignored: it gets no answer. ${keyIn(model.keymap, 'discovery', 'ignore')} takes that back.`
      : (onPortOf(model.fleet, one) ?? sentTo(one)),
  ];
  return lines
    .flatMap((line) => wrapText(show(line), width - 2))
    .map((line) => renderSpans(theme, [` ${line}`], width));
}

/** It was given an address as what it is on the port of a machine, and taken for no sign of that. */
function onPortOf({ index }: Fleet, { asked, switchPort, poses, address, unserved }: Stranger): string | undefined {
  const owners = switchPort === undefined ? undefined : getIn(index.switchPorts, switchPort);
  if (asked !== 'os' || owners === undefined || (poses ?? unserved) !== undefined) return undefined;
  const has = address === undefined ? '' : `, and has ${address}`;
  return `A system on the switch port of ${owners.join(', ')}${has}: a BMC that shares it, a guest, or a NIC that is in no file. It tells nothing of that machine.`;
}

/** What this machine has had from us, as far as it is noted: a loader goes to whoever asks for its name. */
function sentTo(one: Stranger): string {
  const { unserved, machine, offered, asked, scripted, address, poses, halted } = one;
  if (poses !== undefined) return `${describePosing(one, poses)}. ${posingAdvice(one)}`;
  if (unserved !== undefined) return `It got no answer: ${unserved}. ${UNSERVED_ADVICE}`;
  if (halted)
    return 'Talos is on one of its disks: booted for discovery it halted, and nothing was written or read. Start it from its disk; or adopt it, and `reinstall` erases what is there.';
  if (machine !== undefined) return `It was booted into maintenance mode and read; ${UNTIL_ADOPTED}`;
  if (offered !== undefined)
    return `It was offered ${offered}, while discovery was on: that boots it into maintenance mode, to be read; ${UNTIL_ADOPTED}`;
  // Snapshots of older versions know only what it asked last.
  if (scripted || asked === 'script') return `Its boot script sent it to its own disk; ${UNTIL_ADOPTED}`;
  const has = address === undefined ? '' : `; it has ${address}`;
  return `No boot file was offered to it here${has}. Whether it fetched a loader by its name is not noted; ${UNTIL_ADOPTED}`;
}

const UNTIL_ADOPTED = 'nothing is written until you adopt and arm it.';

/** What Talos read of it in maintenance mode; nothing before that. */
function hardwareOf(one: Stranger): readonly string[] {
  if (one.machine === undefined) return [];
  const disks = (one.disks ?? []).map(
    (disk) =>
      `${disk.name} ${renderSize(disk.sizeBytes)}${disk.serial === undefined ? '' : ` sn ${disk.serial}`}${disk.holds === undefined || disk.holds.length === 0 ? '' : ` holds ${disk.holds.join(' ')}`}`,
  );
  return [
    `${machineText(one.machine)}${one.talosVersion === undefined ? '' : `   in maintenance mode of Talos ${one.talosVersion}`}`,
    `disks ${disks.join(', ') || 'none'}`,
    `links ${one.machine.links.map(linkText).join(', ') || 'none'}`,
    ...(one.fingerprint === undefined ? [] : [`certificate ${one.fingerprint} (its console shows the same)`]),
  ];
}

function hintLines({ model, theme }: Scene, box: Box): string[] {
  const text = [
    '',
    'Nothing unknown was heard.',
    '',
    `A machine that is not in the inventory shows here as soon as it asks for an address. Power it on with network boot (often F12). ${keyIn(model.keymap, 'discovery', 'discovery')} lets strangers boot into maintenance for 30 minutes, to read their serial numbers and disks; nothing is written.`,
  ];
  return text
    .flatMap((line) => wrapText(line, box.width - 4))
    .map((line) => renderSpans(theme, [`  ${line}`], box.width));
}

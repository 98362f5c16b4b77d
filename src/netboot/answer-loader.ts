import { cleanText } from '../core/clean-text.ts';
import type { EventBody } from '../core/event.ts';
import type { NodeState } from '../core/node.ts';
import type { LoadedFile } from '../core/ports.ts';
import { parseTftpPath } from '../protocols/tftp/parse-tftp-path.ts';
import { askGate, type BootView } from './gate-question.ts';
import { localManner } from './local-manner.ts';

/**
 * A boot loader by name, over TFTP or HTTP. `expected`: the refusal is part of a healthy boot and worth no line.
 * `events`: the machine is sent to its disk by it, or asks for a name that nobody here gave to it.
 */
export type LoaderAnswer =
  | { readonly ok: true; readonly name: string; readonly file: LoadedFile }
  | { readonly ok: false; readonly reason: string; readonly expected: boolean; readonly events: readonly EventBody[] };

/**
 * Only names that the site advertises, however a ROM writes the root before them (`/`, `//`, `\\`, `./`); nothing else is a path
 * here, so there is nothing to climb out of.
 */
export function loaderName(raw: string): string {
  const path = parseTftpPath(raw);
  return path.ok ? path.value.join('/') : '';
}

/**
 * ROMs that read option 67 as a C string ask for what stands behind it in the packet as well, up to the next NUL: its END,
 * once and again (`netboot.xyz.kpxe\xff\xff`: Jetway J7F4, Kontron VX3040), or the next option, whose code may be a letter.
 */
function namesBefore(raw: string): readonly string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what no name holds is where it ends
  const end = raw.search(/[\u0000-\u001f\u007f-\uffff]/);
  return end === -1 ? [] : [raw.slice(0, end), raw.slice(0, Math.max(0, end - 1))];
}

function findLoader({ artefacts }: BootView, rawName: string): { name: string; file: LoadedFile } | undefined {
  for (const raw of [rawName, ...namesBefore(rawName)]) {
    const name = loaderName(raw);
    const file = /^[\w][\w.+-]{0,99}$/.test(name) ? artefacts.loader(name) : undefined;
    if (file !== undefined) return { name, file };
  }
  return undefined;
}

export function answerLoader(view: BootView, rawName: string, node: NodeState | undefined): LoaderAnswer {
  // iPXE of 2025 looks for it beside its own file; a quick no costs nothing, silence costs half a minute.
  if (loaderName(rawName) === 'autoexec.ipxe')
    return { ok: false, reason: 'there is no autoexec.ipxe', expected: true, events: [] };
  const found = findLoader(view, rawName);
  if (found === undefined)
    return { ok: false, reason: 'no such file', expected: false, events: notServed(rawName, node) };
  const { name, file } = found;
  const sentAway = node === undefined ? undefined : whySentAway(view, node);
  if (node === undefined || sentAway === undefined) return { ok: true, name, file };
  const event = { type: 'loader.withheld', node: node.name, file: name, reason: sentAway } as const;
  return { ok: false, reason: sentAway, expected: true, events: [event] };
}

/**
 * Firmware that has our address and asks for another name was told that by somebody else. Once per name: it asks for it some
 * three times. What a loader asks for later is its own affair.
 */
export function notServed(rawName: string, node: NodeState | undefined): readonly EventBody[] {
  if (node?.phase.is !== 'requesting') return [];
  const file = cleanText(rawName, 80);
  return node.phase.notServed === file ? [] : [{ type: 'loader.notServed', node: node.name, file }];
}

/** A machine that takes to its disk only when the network has nothing for it finds nothing. */
export function whySentAway(view: BootView, node: NodeState): string | undefined {
  const gate = askGate(view, 'loader', { is: 'node', node, sure: false, matched: ['address'], why: 'by its address' });
  const manner = localManner(node, undefined);
  if (gate.give !== 'local' || (manner !== 'notFound' && manner !== 'silence')) return undefined;
  return `it is sent to its disk: ${gate.reason}`;
}

import { type Fleet, nodeOf } from '../core/fleet.ts';
import type { ArtefactPort, RenderedPort } from '../core/ports.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { mayInsert } from '../netboot/answer-medium.ts';
import { mediumToken } from '../netboot/attempt-token.ts';
import type { BootMedia } from './boot-media.ts';

export interface MediaUrlParts {
  readonly fleet: () => Fleet;
  readonly rendered: RenderedPort;
  readonly artefacts: ArtefactPort;
  readonly media: BootMedia;
  readonly secret: Uint8Array;
}

/** Where the BMC of an armed machine fetches iPXE from. The gate is asked before anything is made or inserted. */
export async function mediaUrl(parts: MediaUrlParts, name: string, job: string): Promise<Result<string>> {
  const node = nodeOf(parts.fleet(), name);
  if (node?.job?.id !== job) return fail('its job is over');
  const { rendered, artefacts } = parts;
  const may = mayInsert({ fleet: parts.fleet(), at: parts.fleet().at, rendered, artefacts }, node);
  if (!may.ok) return may;
  const made = await parts.media.prepare(node.spec);
  if (!made.ok) return made;
  const base = parts.media.baseFor(node.spec);
  return base.ok ? ok(`${base.value}${mediumPath(parts.secret, name, job)}`) : base;
}

/** The same over restarts, so that the end of a job finds what its beginning inserted. `.iso`: some BMCs look at the name alone. */
export const mediumPath = (secret: Uint8Array, name: string, job: string): string =>
  `/m/${mediumToken(secret, name, job)}/boot.iso`;

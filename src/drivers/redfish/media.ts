import type { BmcProblem } from '../../core/bmc.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { bmcProblem } from '../bmc-problem.ts';
import { createDeadline, type Deadline, sleep } from '../bmc-wait.ts';
import { answerProblem } from './answer-problem.ts';
import { awaitTask } from './await-task.ts';
import type { BmcContext } from './bmc-context.ts';
import type { Reply } from './connection.ts';
import { booleanAt, type Json, textAt } from './json.ts';
import { findMediaSlots, type MediaSlot } from './media-slots.ts';
import { patchResource } from './patch-resource.ts';
import { createWalk } from './walk.ts';

type Done = Result<void, BmcProblem>;

/** AMI writes the word None where nothing is in. */
function imageOf(json: Json): string | undefined {
  const image = textAt(json, 'Image') ?? textAt(json, 'ImageName');
  return image === undefined || image.toLowerCase() === 'none' ? undefined : image;
}

/** Some show the name of the file alone. */
function shows(json: Json, image: string): boolean {
  const shown = imageOf(json);
  if (shown === undefined) return false;
  return shown === image || pathOf(shown) === pathOf(image) || shown === nameOf(image);
}

const pathOf = (image: string): string => URL.parse(image)?.pathname ?? image;
const nameOf = (image: string): string => pathOf(image).split('/').at(-1) ?? '';

/** One that this program inserted for an earlier job: the token alone differs. */
function isOlder(json: Json, imageUrl: string): boolean {
  const [shown, own] = [URL.parse(imageOf(json) ?? ''), URL.parse(imageUrl)];
  if (shown === null || own === null || shown.origin !== own.origin) return false;
  const shape = (path: string) => path.replace(/^(\/m\/)[^/]+(?=\/)/, '$1');
  return shape(shown.pathname) === shape(own.pathname);
}

const isInserted = (json: Json): boolean => booleanAt(json, 'Inserted') ?? imageOf(json) !== undefined;

/** Ever other sets of parameters: what one firmware demands, another refuses. */
function insertBodies(imageUrl: string): readonly Json[] {
  const protocol = (URL.parse(imageUrl)?.protocol ?? 'http:').replace(':', '').toUpperCase();
  const typed = { Image: imageUrl, TransferProtocolType: protocol };
  return [
    { Image: imageUrl, Inserted: true, WriteProtected: true },
    { Image: imageUrl },
    typed,
    { ...typed, TransferMethod: 'Stream' },
    { ...typed, TransferMethod: 'Stream', UserName: 'none', Password: 'none' },
  ];
}

async function readSlots(context: BmcContext, deadline: Deadline): Promise<Result<readonly MediaSlot[], BmcProblem>> {
  const system = await context.client.get(context.system, deadline);
  if (!system.ok) return system;
  const walk = createWalk(context.client, deadline);
  const slots = await findMediaSlots(context, walk, system.value.json);
  const problem = walk.problem();
  if (problem !== undefined) return fail(problem);
  if (slots.length > 0) return ok(slots);
  return fail(
    bmcProblem(
      'unsupported',
      `${context.client.host} takes no image as virtual medium.`,
      'Some BMCs need a licence for it, or remote media enabled in their own page first.',
    ),
  );
}

async function waitUntil(
  context: BmcContext,
  slot: MediaSlot,
  good: (json: Json) => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const deadline = createDeadline(context.timings.readBackMs, signal, context.client.heldMs);
  for (;;) {
    const got = await context.client.get(slot.path, deadline);
    if (got.ok && good(got.value.json)) return true;
    if (deadline.expired()) return false;
    await sleep(Math.min(context.timings.readBackPollMs, deadline.remainingMs()), signal);
  }
}

async function patchSlot(context: BmcContext, slot: MediaSlot, body: Json, deadline: Deadline) {
  const now = await context.client.get(slot.path, deadline);
  return now.ok ? patchResource(context.client, now.value, body, deadline) : now;
}

/** 5xx while an older eject is not through (Dell) is asked again some times. */
async function send(context: BmcContext, once: () => Promise<Result<Reply, BmcProblem>>, signal: AbortSignal) {
  let sent = await once();
  for (let attempt = 0; attempt < 3 && sent.ok && sent.value.status >= 500; attempt += 1) {
    await sleep(context.timings.mediaSettleMs, signal);
    sent = await once();
  }
  return sent;
}

async function eject(context: BmcContext, slot: MediaSlot, deadline: Deadline): Promise<Done> {
  const once = () =>
    slot.eject === undefined
      ? patchSlot(context, slot, { Image: null, Inserted: false }, deadline)
      : // HPE wants a JSON body even where there is nothing to say.
        context.client.request({ method: 'POST', path: slot.eject, body: {} }, deadline);
  const sent = await send(context, once, deadline.signal);
  context.note(`eject ${slot.path}: ${sent.ok ? sent.value.status : sent.error.code}`);
  if (!sent.ok) return sent;
  // Supermicro keeps the name of the image after the eject: only Inserted counts.
  const gone = await waitUntil(context, slot, (json) => !isInserted(json), deadline.signal);
  if (gone) return ok(undefined);
  if (sent.value.status >= 300) return fail(answerProblem('the eject', context.client.host, sent.value));
  return fail(bmcProblem('notTaken', `${context.client.host} accepted the eject, but the medium is still in.`));
}

async function insertInto(context: BmcContext, slot: MediaSlot, imageUrl: string, deadline: Deadline): Promise<Done> {
  let last = bmcProblem('unsupported', `${context.client.host} took no way of inserting the image.`);
  const bodies = slot.insert.by === 'patch' ? insertBodies(imageUrl).slice(0, 2) : insertBodies(imageUrl);
  for (const body of bodies) {
    const { insert } = slot;
    const once = () =>
      insert.by === 'patch'
        ? patchSlot(context, slot, body, deadline)
        : context.client.request({ method: 'POST', path: insert.target, body }, deadline);
    const sent = await send(context, once, deadline.signal);
    context.note(
      `insert ${slot.path} (${Object.keys(body).join(', ')}): ${sent.ok ? sent.value.status : sent.error.code}`,
    );
    if (!sent.ok) return sent;
    if (sent.value.status < 300) {
      const failed = await awaitTask(context, sent.value, 'inserting the image', deadline);
      if (failed !== undefined) return fail(failed);
      const inside = await waitUntil(
        context,
        slot,
        (json) => isInserted(json) && shows(json, imageUrl),
        deadline.signal,
      );
      if (inside) return ok(undefined);
      last = bmcProblem(
        'notTaken',
        `${context.client.host} accepted the image, but does not show it inserted.`,
        'Check that the BMC itself can reach the image server: it is another network than the host.',
      );
      return fail(last);
    }
    last = answerProblem('inserting the image', context.client.host, sent.value);
    if (last.code === 'credentials' || sent.value.status === 404 || sent.value.status === 405) return fail(last);
  }
  return fail(last);
}

export async function insertMedia(context: BmcContext, imageUrl: string, signal: AbortSignal): Promise<Done> {
  const deadline = createDeadline(context.timings.inventoryMs, signal, context.client.heldMs);
  const read = await readSlots(context, deadline);
  if (!read.ok) return read;
  // An older one of ours goes first, even with the same URL: an iDRAC shows what was ejected long ago as inserted.
  const old = read.value.filter(({ json }) => isInserted(json) && (shows(json, imageUrl) || isOlder(json, imageUrl)));
  const slots = [...old, ...read.value.filter(({ json }) => !isInserted(json))];
  let last: Done = fail(occupied(context, read.value));
  for (const slot of slots) {
    if (old.includes(slot)) {
      last = await eject(context, slot, deadline);
      if (!last.ok) continue;
      await sleep(context.timings.mediaSettleMs, signal);
    }
    last = await insertInto(context, slot, imageUrl, deadline);
    if (last.ok || deadline.expired()) return last;
  }
  return last;
}

/** The name of the file and no more: a URL may hold a password. */
function occupied(context: BmcContext, slots: readonly MediaSlot[]): BmcProblem {
  const held = slots.map(({ json }) => nameOf(imageOf(json) ?? '') || 'an image without a name').join(', ');
  return bmcProblem(
    'busy',
    `${context.client.host} has no empty slot for a virtual medium: ${held} is inserted, and not by this program.`,
    'Whoever inserted it may need it. Eject it on the page of the BMC, then retry.',
  );
}

export async function ejectMedia(context: BmcContext, image: string, signal: AbortSignal): Promise<Done> {
  const deadline = createDeadline(context.timings.inventoryMs, signal, context.client.heldMs);
  const slots = await readSlots(context, deadline);
  if (!slots.ok) return slots.error.code === 'unsupported' ? ok(undefined) : slots;
  let result: Done = ok(undefined);
  for (const slot of slots.value) {
    if (!isInserted(slot.json) || !shows(slot.json, image)) continue;
    const done = await eject(context, slot, deadline);
    if (!done.ok) result = done;
  }
  return result;
}

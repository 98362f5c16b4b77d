import type { Dispatcher } from 'undici';
import { cleanText } from '../../core/clean-text.ts';
import { fail, ok, type Result } from '../../core/result.ts';
import { reasonOf } from '../vault/download-refusal.ts';

export interface TextRequest {
  readonly dispatcher: Dispatcher;
  readonly url: string;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const MAX_BYTES = 8 * 1024 * 1024;

/** A short answer as text, or a sentence that says what went wrong and what to look at. */
export async function requestText(request: TextRequest): Promise<Result<string>> {
  const { dispatcher, url, body, timeoutMs, signal } = request;
  if (!URL.canParse(url)) return fail(`"${url}" is no URL: correct talos.factory`);
  const { origin, pathname, search } = new URL(url);
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const response = await dispatcher.request({
      origin,
      path: pathname + search,
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/yaml' } }),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    const text = await boundedText(response.body);
    if (text === undefined) return fail(`the answer of ${url} is larger than ${MAX_BYTES} bytes`);
    if (response.statusCode >= 200 && response.statusCode < 300) return ok(text);
    return fail(`${sentenceOf(response.statusCode, text)} (HTTP ${response.statusCode}): ${url}`);
  } catch (error) {
    if (signal?.aborted === true) return fail('stopped');
    if (limit.aborted) return fail(`no answer within ${Math.round(timeoutMs / 1000)} s from ${url}`);
    return fail(reasonOf(error, url));
  }
}

async function boundedText(body: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let lengthBytes = 0;
  for await (const part of body) {
    lengthBytes += part.length;
    if (lengthBytes > MAX_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** The factory's own words help with 400 (which extension?); its error pages do not. */
function sentenceOf(status: number, text: string): string {
  const said = cleanText(text, 160);
  const detail = said === '' || said.startsWith('<') ? '' : ` ("${said}")`;
  if (status === 400) return `the image factory refuses this as invalid${detail}`;
  if (status === 402)
    return `this is an enterprise feature of the image factory: leave it out, or name a factory that has it${detail}`;
  if (status === 404) return `the image factory does not know this${detail}`;
  if (status >= 500) return `the image factory failed, or cannot read the version${detail}`;
  return `unexpected answer${detail}`;
}

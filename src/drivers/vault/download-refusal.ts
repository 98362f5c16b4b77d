import { errors } from 'undici';
import { cleanText } from '../../core/clean-text.ts';
import { messageOf } from './vault-error.ts';

/** Why there is no file, in words that say what to do. */

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'the image factory refuses the request as invalid: check version, schematic and extension names',
  401: 'the server asks for a login',
  402: 'this is an enterprise feature of the image factory: leave it out, or name a factory that has it (talos.factory)',
  403: 'the server forbids it',
  404: 'not found: does this version exist for this schematic? `crashcart images versions` lists them',
};

const FAILED = 'the server failed, as a factory does for a version that it does not have';

export function describeStatus(url: string, status: number): string {
  return `${REFUSALS[status] ?? (status >= 500 ? FAILED : 'unexpected answer')} (HTTP ${status}): ${url}`;
}

export function reasonOf(error: unknown, url: string): string {
  if (error instanceof errors.HeadersTimeoutError) return `no answer in time from ${url}`;
  if (error instanceof errors.BodyTimeoutError) return `the transfer stalled: ${url}`;
  return `${cleanText(messageOf(error), 120) || 'the connection broke'}: ${url}`;
}

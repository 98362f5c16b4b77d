import type { HttpRequest } from '../protocols/http/http-request.ts';
import type { HttpQuestion } from './http-question.ts';

/** As it was before it crossed threads; of its headers only those that a question carries mean anything here. */
export function requestOf({ method, path, query }: HttpQuestion): HttpRequest {
  const pairs = new Map<string, string>();
  for (let at = 0; at < query.length; at += 2) pairs.set(query[at] ?? '', query[at + 1] ?? '');
  const segments = path === '/' ? [] : path.slice(1).split('/');
  const rest = { headers: new Map<string, string>(), version: '1.1', keepAlive: true, contentLength: 0 } as const;
  return { method, path, segments, query: pairs, ...rest };
}

/** Under which address of ours this machine reaches us: what it must be told to fetch from. */
export const baseOf = ({ localAddress, localPort }: HttpQuestion): string =>
  `http://${localAddress}${localPort === 80 ? '' : `:${localPort}`}`;

/** Paths of attempts hold a token, which must not be read in a log. */
export const shownPath = ({ path }: Pick<HttpQuestion, 'path'>): string => {
  const [, first, , third = ''] = path.split('/');
  return first === 't' || first === 'm' ? `/${first}/…/${third.slice(0, 40)}` : path.slice(0, 80);
};

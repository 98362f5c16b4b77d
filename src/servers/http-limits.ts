import { renderHttpHead } from '../protocols/http/render-http-head.ts';
import { type Share, WHOLE_SHARES } from './file-shares.ts';
import type { TcpLimits } from './listen-tcp.ts';

const WHY = 'too many connections at a time; try again\n';

/** What one thread holds. */
export const httpLimits = (share: Share = WHOLE_SHARES.http): TcpLimits => ({
  ...share,
  refusal: `${renderHttpHead({
    status: 503,
    contentLength: WHY.length,
    keepAlive: false,
    headers: { 'Retry-After': '2', 'Content-Type': 'text/plain' },
  })}${WHY}`,
});

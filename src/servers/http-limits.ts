import { renderHttpHead } from '../protocols/http/render-http-head.ts';
import type { TcpLimits } from './listen-tcp.ts';

const WHY = 'too many connections at a time; try again\n';

/** What one thread holds. A room behind one router is one address; more than a quarter of all is one that keeps others out. */
export const HTTP_LIMITS: TcpLimits = {
  connections: 16_384,
  perClient: 4096,
  refusal: `${renderHttpHead({
    status: 503,
    contentLength: WHY.length,
    keepAlive: false,
    headers: { 'Retry-After': '2', 'Content-Type': 'text/plain' },
  })}${WHY}`,
};

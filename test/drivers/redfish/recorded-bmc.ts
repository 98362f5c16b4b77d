import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

/** Serves a recorded tree of a real BMC: reads alone, with a session in front as the real one has. */
export interface RecordedBmc {
  readonly url: string;
  readonly missing: string[];
  close(): Promise<void>;
}

export async function serveRecorded(folder: string): Promise<RecordedBmc> {
  const missing: string[] = [];
  const sessions = new Set<string>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/').replace(/\/+$/, '');
    request.resume();
    const answer = (status: number, body: string, headers: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    if (request.method === 'POST' && path.endsWith('/Sessions')) {
      sessions.add('7');
      return answer(201, '{}', { 'x-auth-token': 'recorded', location: `${path}/7` });
    }
    if (request.method === 'DELETE') {
      sessions.delete('7');
      return response.writeHead(204).end();
    }
    if (path !== '/redfish/v1' && request.headers['x-auth-token'] !== 'recorded') return answer(401, '{}');
    const file = join(folder, normalize(path), 'index.json');
    if (request.method !== 'GET') return answer(405, '{}');
    if (!existsSync(file)) {
      missing.push(path);
      return answer(404, '{"error":{"code":"Base.1.0.GeneralError","message":"not recorded"}}');
    }
    return answer(200, readFileSync(file, 'utf8'));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    missing,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

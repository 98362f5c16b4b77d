import { createServer } from 'node:net';
import { serveConnection } from '../../src/servers/http-connection.ts';
import { createSilenceWatch } from '../../src/servers/silence-watch.ts';

/** Run as a process of its own: answers every request some turns later, as a bulk thread does; tells its port, then its peak. */

const BODY = 'a'.repeat(600);
const silence = createSilenceWatch();
const local = { address: '127.0.0.1', port: 80 };
const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  serveConnection(socket, { client: '127.0.0.1', local }, silence, ({ send }) => {
    setTimeout(() => send({ status: 200, contentLength: BODY.length, body: BODY }), 1);
  });
});
const before = process.memoryUsage.rss();
let peak = before;
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 50);
process.on('message', () => process.send?.({ grown: peak - before }));
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  const bound = server.address();
  process.send?.({ port: typeof bound === 'object' ? bound?.port : undefined });
});

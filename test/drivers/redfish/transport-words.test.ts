import { expect, test } from 'vitest';
import { explainTransport } from '../../../src/drivers/redfish/transport-error.ts';

test.each([
  ['UND_ERR_SOCKET', 'bmc.lan cut the connection.'],
  ['ECONNRESET', 'bmc.lan cut the connection (ECONNRESET).'],
])('a connection that ends with %s is told in words, without the name of a library', (code, message) => {
  const error = Object.assign(new Error('a secret'), { code });
  const { problem } = explainTransport(error, { host: 'bmc.lan', stopped: false, late: false, timeoutMs: 1 });
  expect(problem).toMatchObject({ code: 'unreachable', message });
});

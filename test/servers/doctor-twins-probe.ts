import { lookForTwins } from '../../src/cli/doctor-twins.ts';
import { subnet } from '../netboot/boot-fixture.ts';

/** Run in a namespace, with our address on s0: what doctor says of others at it, whom it asks as a machine would. */
const [address = ''] = process.argv.slice(2);
const { relay: _relay, ...net } = subnet({ interface: 's0', address });
const looking = lookForTwins([{ net, address }], (bytes) => bytes.toString());
setTimeout(() => looking.ask('s0', Buffer.from('who gives addresses')), 1_000);
setTimeout(() => {
  const found = looking.end();
  process.stdout.write(JSON.stringify(found.ok ? found.value.get('s0') : found.error), () => process.exit(0));
}, 3_000);

import { openEars } from '../../src/servers/radar-ears.ts';

/** Run in a namespace, with how long: listens on s0 as 10.9.0.1. Tells as JSON what it warned of, and what that cost. */
let news = 0;
let most = 0;
let last: readonly string[] = [];
const nothing = () => undefined;
const ears = await openEars({ ifaces: ['s0'], port: 6868, own: ['10.9.0.1'] }, nothing, nothing, () => {
  news += 1;
  last = ears.warnings.filter((text) => !text.includes('KiB'));
  most = Math.max(most, last.join().length);
});
const began = process.cpuUsage();
setTimeout(() => {
  const { user, system } = process.cpuUsage(began);
  const told = { news, most, last, cpuMs: Math.round((user + system) / 1000) };
  process.stdout.write(JSON.stringify(told), () => process.exit(0));
}, Number(process.argv[2]));

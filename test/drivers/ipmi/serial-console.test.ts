import { expect, test } from 'vitest';
import { serialConsole } from '../../../src/drivers/ipmi/serial-console.ts';

const there = () => true;
const target = (url: string, password = 'geheim', username = 'admin') => ({
  spec: { url, username, password: { from: 'env', name: 'X' } as const },
  password,
});

test.each([
  ['ipmi://10.0.0.5', '10.0.0.5', '623'],
  ['ipmi://10.0.0.5:6230', '10.0.0.5', '6230'],
  ['https://10.0.0.5:8443', '10.0.0.5', '623'],
  ['https://[fd00::5]', 'fd00::5', '623'],
])('the console of %s is a command without the password', (url, host, port) => {
  const made = serialConsole(target(url), there);
  if (!made.ok) throw new Error(made.error);
  const { args, env } = made.value;
  expect(args).toEqual(['-I', 'lanplus', '-H', host, '-p', port, '-U', 'admin', '-E', 'sol', 'activate']);
  expect(env).toEqual({ IPMI_PASSWORD: 'geheim' });
  expect(args.join(' ')).not.toContain('geheim');
});

test.each([
  ['the program is missing', target('ipmi://10.0.0.5'), () => false, /apt install ipmitool/],
  ['the password cannot fit', target('ipmi://10.0.0.5', 'x'.repeat(21)), there, /20 characters/],
  ['the user looks like an option', target('ipmi://10.0.0.5', 'p', '-f/etc/shadow'), there, /bmc\.username/],
  ['the address is none', target('nonsense'), there, /not a URL/],
])('there is none where %s, and it is said why', (_, asked, hasProgram, why) => {
  const made = serialConsole(asked, hasProgram);
  expect(made.ok ? '' : made.error).toMatch(why);
});

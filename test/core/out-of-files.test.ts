import { expect, test } from 'vitest';
import { isOutOfFiles } from '../../src/core/out-of-files.ts';
import { createSafeLook } from '../../src/core/safe-look.ts';

const failed = (message: string, more: object): Error => Object.assign(new Error(message), more);

test.each<[string, unknown, boolean]>([
  ['a file that cannot be opened', failed('EMFILE: too many open files', { code: 'EMFILE' }), true],
  ['the whole host has none left', failed('ENFILE: file table overflow', { code: 'ENFILE' }), true],
  [
    'what Node says of interfaces',
    failed('A system error occurred: uv_interface_addresses returned Unknown system error 24', {
      code: 'ERR_SYSTEM_ERROR',
      errno: 24,
    }),
    true,
  ],
  ['a thread that cannot begin', failed('Worker initialization failure: EMFILE', { code: 'X' }), true],
  ['a file that is not there', failed('ENOENT: no such file', { code: 'ENOENT', errno: -2 }), false],
  ['a fault of the program', new TypeError('x is not a function'), false],
  ['no error at all', 'EMFILE', false],
])('%s', (_what, error, expected) => {
  expect(isOutOfFiles(error)).toBe(expected);
});

test('a look that fails is made again, and told once; that it works again, too', async () => {
  let why: string | undefined = 'no file';
  let looks = 0;
  const told: string[] = [];
  const { look, ended } = createSafeLook(
    'the look',
    () => {
      looks += 1;
      if (why !== undefined) throw new Error(why);
    },
    (level, text) => told.push(`${level} ${text}`),
  );
  await look();
  await Promise.all([look(), look()]);
  expect(looks).toBe(2);
  why = undefined;
  await look();
  await look();
  await ended();
  expect(looks).toBe(4);
  expect(told).toEqual(['warn the look failed, and is tried again: no file', 'info the look works again']);
});

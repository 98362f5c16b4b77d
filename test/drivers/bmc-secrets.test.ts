import { expect, test } from 'vitest';
import { hideSecrets } from '../../src/drivers/bmc-secrets.ts';

test.each([
  ['a secret goes wherever it stands', 'xhunter2x', 'hunter2', 'x***x'],
  ['its encoded forms go too', 'a%2Fbcd YS9iY2Q=', 'a/bcd', '*** ***'],
  ['a secret of one letter mangles no word', 'BMC is powered, sent p.', 'p', 'BMC is powered, sent ***.'],
  ['nor does one of three', 'on one: "one"', 'one', 'on ***: "***"'],
  ['a sign of patterns is a letter like others', 'a.b a+b .', '.', 'a.b a+b ***'],
  ['no secret hides nothing', 'as it is', '', 'as it is'],
])('%s', (_, text, secret, expected) => {
  expect(hideSecrets(text, [secret])).toBe(expected);
});

import { describe, expect, test } from 'vitest';
import { evidenceOfFact } from '../../src/talos/evidence-of.ts';
import { maskMessage, maskText } from '../../src/talos/mask-text.ts';

describe('a secret is told by its looks', () => {
  test.each([
    ['an argument', 'a=b my.password=S1 c=d', 'a=b my.password=******** c=d'],
    ['user and password', 'http://joe:S1@host/x', 'http://********@host/x'],
    ['a password with @ and /', 'http://joe:S/1@S2@host/x', 'http://********@host/x'],
    ['a signature', 'https://h/a?X-Amz-Signature=S1&b=c', 'https://h/a?X-Amz-Signature=********&b=c'],
    ['a bearer', 'curl -H "Authorization: Bearer S1abcdef" x', 'curl -H "Authorization: ********" x'],
    ['a bootstrap token', 'join abcdef.0123456789abcdef now', 'join ******** now'],
    ['the token of an attempt is filled in later', 'talos.config=http://{server}/t/{token}/config.yaml', undefined],
    ['an ordinary argument', 'console=ttyS0,115200 printk.devkmsg=on slab_nomerge', undefined],
  ])('%s', (_name, text, masked) => {
    expect(maskText(text)).toBe(masked ?? text);
  });
});

describe('a message of Talos keeps its sense and no quoted secret', () => {
  test.each([
    ['unknown keys found during decoding: machine', undefined],
    ['cannot unmarshal "hunter2" into token', 'cannot unmarshal "********" into token'],
    ['machine.token: hunter2 is too short', 'machine.token: ******** is too short'],
    ["bad token 'abcdef.0123456789abcdef'", "bad token '********'"],
    ['illegal base64 in cluster.ca.key: `LS0t!`', 'illegal base64 in cluster.ca.key: `********`'],
    ['disk "/dev/sda" not found', undefined],
  ])('%s', (text, masked) => {
    expect(maskMessage(text)).toBe(masked ?? text);
    expect(evidenceOfFact('a', { kind: 'configFailed', message: text })).toMatchObject({ message: masked ?? text });
  });
});

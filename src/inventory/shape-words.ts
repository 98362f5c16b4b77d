import * as v from 'valibot';
import { nearestName } from './nearest-name.ts';

/** The kinds of value that the shapes are made of. Every message says what is expected, with an example. */

/** Numbers are welcome as text: a serial or an asset tag is often all digits. */
export const text = (example: string) =>
  v.pipe(
    v.union([v.string(), v.number()], `expected text, such as ${example}`),
    v.transform((value) => String(value).trim()),
    v.minLength(1, `empty; expected text, such as ${example}`),
    v.maxLength(4096, 'longer than 4,096 characters'),
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
    v.regex(/^[^\u0000-\u001f\u007f]*$/, 'holds a control character or a line break'),
  );

/** A command line or a command may be folded over several lines. */
export const longText = (example: string) =>
  v.pipe(
    v.union([v.string(), v.number()], `expected text, such as ${example}`),
    v.transform((value) => String(value).replace(/\s+/g, ' ').trim()),
    v.maxLength(8192, 'longer than 8,192 characters'),
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for
    v.regex(/^[^\u0000-\u001f\u007f]*$/, 'holds a control character'),
  );

export const whole = (from: number, to: number, example: number) => {
  const message = `expected a whole number from ${from} to ${to}, such as ${example}`;
  return v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^(0|[1-9][0-9]*)$/), v.transform(Number))], message),
    v.integer(message),
    v.minValue(from, message),
    v.maxValue(to, message),
  );
};

const SAID_YES = ['yes', 'on', 'true', 'y'];
const SAID_NO = ['no', 'off', 'false', 'n'];

/** Python's YAML, which the article's script used, takes `yes` and `on` for true. */
export const flag = v.pipe(
  v.union(
    [v.boolean(), v.pipe(v.string(), v.toLowerCase(), v.picklist([...SAID_YES, ...SAID_NO]))],
    'expected true or false',
  ),
  v.transform((value) => value === true || SAID_YES.includes(String(value))),
);

export const choice = <const T extends readonly string[]>(options: T) =>
  v.picklist(options, (issue) => {
    const nearest = typeof issue.input === 'string' ? nearestName(issue.input, options) : undefined;
    return `expected ${options.join(' or ')}${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`;
  });

/** A list, or one text with commas between its parts. */
export const textList = (example: string) => {
  const word = text(example);
  const list = v.array(word);
  const single = v.pipe(
    v.union([v.string(), v.number()], `expected a list, such as [${example}]`),
    v.transform((value) =>
      String(value)
        .split(/[\s,]+/)
        .filter((part) => part !== ''),
    ),
  );
  return v.lazy((input): v.GenericSchema<unknown, string[]> => (Array.isArray(input) ? list : single));
};

/** A list of texts that may hold spaces, or one such text. */
export const phraseList = (example: string) => {
  const word = longText(example);
  const list = v.array(word);
  const single = v.pipe(
    word,
    v.transform((value) => [value]),
  );
  return v.lazy((input): v.GenericSchema<unknown, string[]> => (Array.isArray(input) ? list : single));
};

export const dhcpOptions = v.record(
  v.string(),
  phraseList('10.77.0.1'),
  'expected a map, such as { tftpServers: 10.77.0.1, 224: "hex:0a4d0001" }',
);

export const map = <const T extends v.ObjectEntries>(entries: T, example: string) =>
  v.object(entries, `expected a map, such as ${example}`);

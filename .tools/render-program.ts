// One file of the program out of the parts that esbuild made of it; program-head.js says why there are parts.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { transformSync } from 'esbuild';

/** What stands for the end of a comment in a part, since the parts stand in one. */
const HELD = '*~!/';
const TAIL = '*/\n';

/** A part has no file of its own: what it requires, and what it starts as a thread, is the program's. */
const PLACE = 'const __program="__PROGRAM_URL__";';
const REQUIRE = "import{createRequire as __createRequire}from'node:module';const require=__createRequire(__program);";

/** A file of esbuild's with `splitting`. */
interface Output {
  readonly path: string;
  readonly text: string;
}

const partName = (path: string): string => `crashcart:${basename(path, '.mjs')}`;

function renderPart({ path, text }: Output, outputs: readonly Output[]): string {
  let body = text;
  for (const other of outputs)
    body = body.replaceAll(`"./${basename(other.path)}"`, JSON.stringify(partName(other.path)));
  const asksRequire = /\brequire\b/.test(body);
  const place = asksRequire || body.includes('__program') ? PLACE : '';
  const whole = `//${partName(path)}\n${place}${asksRequire ? REQUIRE : ''}${body}`;
  // A part is cut out of the file by bytes.
  if (whole.includes(HELD) || Buffer.byteLength(whole) !== whole.length)
    throw new Error(`${path} holds what a part may not hold`);
  return whole.replaceAll('*/', HELD);
}

/** `entry` is the name of the output that runs first, `start` what the file begins with; it has to make `require`. */
export function renderProgram(outputs: readonly Output[], entry: string, start: string): string {
  const texts = outputs.map((output) => renderPart(output, outputs));
  let fromEnd = texts.join('').length + TAIL.length;
  const places = texts.map((text, at): [string, readonly [number, number]] => {
    const place = [fromEnd, text.length] as const;
    fromEnd -= text.length;
    return [partName(outputs[at]?.path ?? ''), place];
  });
  const constants = [
    `const __PARTS = ${JSON.stringify(Object.fromEntries(places))};`,
    `const __HELD = ${JSON.stringify(HELD)};`,
    `const __MAIN = ${JSON.stringify(partName(entry))};`,
  ];
  const head = readFileSync(join(import.meta.dirname, 'program-head.js'), 'utf8');
  const { code } = transformSync(`${constants.join('\n')}\n${head}`, {
    format: 'esm',
    minifyWhitespace: true,
    target: 'node22',
  });
  return `${start}\n${code}/*${texts.join('')}${TAIL}`;
}

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { renderProgram } from '../../.tools/render-program.ts';
import { runTool } from './run-tool.ts';

/** The program is one file of parts that are read when they are imported: small ones made as the build makes the big one. */

const START = "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);";
const folder = mkdtempSync(join(tmpdir(), 'crashcart-parts-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a program says whose first part is `main` and whose other one, imported by its name, is `late`. */
async function say(main: string, late: string, inFolder = 'plain') {
  const outputs = [
    { path: '/out/late-A1.mjs', text: late },
    { path: '/out/main.mjs', text: main },
  ];
  const file = join(folder, inFolder, 'program.mjs');
  mkdirSync(join(folder, inFolder), { recursive: true });
  writeFileSync(file, renderProgram(outputs, 'main.mjs', START));
  return runTool(process.execPath, [file]);
}

const IMPORTS = 'const{said}=await import("./late-A1.mjs");console.log(said);';

describe('a part of the program', () => {
  test('may hold what would end the comment that it stands in', async () => {
    const late = 'export const said="/* a */ b".replace(/ .*/,"")+/*!*/"$&*/";';
    expect(await say(IMPORTS, late)).toEqual({ code: 0, out: '/*$&*/\n', err: '' });
  });

  test('requires, and names the program, as the file that it stands in, whatever its folder is called', async () => {
    const late = 'export const said=require("node:url").fileURLToPath(__program);';
    const name = '$& \'"%20 *';
    expect(await say(IMPORTS, late, name)).toEqual({ code: 0, out: `${join(folder, name, 'program.mjs')}\n`, err: '' });
  });

  test('is not compiled before it is imported', async () => {
    expect(await say('console.log("no need");const later=()=>import("./late-A1.mjs");', 'not a program')).toEqual({
      code: 0,
      out: 'no need\n',
      err: '',
    });
  });

  test('is still the old one when the file was replaced by a newer program', async () => {
    const main = `import{renameSync as r,writeFileSync as w}from"node:fs";w("${folder}/new","new");r("${folder}/new",process.argv[1]);${IMPORTS}`;
    expect(await say(main, 'export const said="old";')).toEqual({ code: 0, out: 'old\n', err: '' });
  });

  test.each([
    ['longer', 'appendFileSync(process.argv[1]," ")'],
    ['shorter', 'truncateSync(process.argv[1],10)'],
    ['empty', 'truncateSync(process.argv[1],0)'],
  ])('is refused when its file was overwritten by one that is %s', async (_, overwrite) => {
    const main = `import{appendFileSync,truncateSync}from"node:fs";${overwrite};${IMPORTS}`;
    const { code, out, err } = await say(main, 'export const said="wrong";');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain("the program's file was overwritten while it ran");
  });

  test('with letters beyond ASCII fails the build: parts are cut by bytes', () => {
    expect(() => renderProgram([{ path: 'main.mjs', text: 'say("ä")' }], 'main.mjs', START)).toThrow('main.mjs');
  });
});

// The licences of what is bundled: most of them ask that their text goes with every copy.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Package folders that gave at least one file to the bundle. */
function packagesOf(inputs) {
  const folders = inputs
    .map((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1])
    .filter((folder) => folder !== undefined);
  return [...new Set(folders)].sort();
}

export async function renderLicences(top, inputs) {
  const parts = ['crashcart contains these packages. Their licences follow.\n'];
  for (const folder of packagesOf(inputs)) {
    const { name, version, license, author } = JSON.parse(await readFile(join(top, folder, 'package.json'), 'utf8'));
    const files = (await readdir(join(top, folder)))
      .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
      .sort();
    const texts = await Promise.all(files.map((file) => readFile(join(top, folder, file), 'utf8')));
    const by = typeof author === 'string' ? author : (author?.name ?? 'its authors');
    // Some packages name their licence and bring no text.
    const text = texts.length > 0 ? texts.join('\n') : `${license}, by ${by}\n`;
    parts.push(`${'='.repeat(80)}\n${name} ${version} (${license})\n${'='.repeat(80)}\n\n${text.trim()}\n`);
  }
  return parts.join('\n');
}

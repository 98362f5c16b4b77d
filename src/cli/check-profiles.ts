import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Inventory, Problem, ProfileSpec } from '../core/spec.ts';
import { resolveDocument } from '../inventory/resolve-reference.ts';
import { renderBootScript, renderTemplate, TEMPLATE_WORDS, unfilledWords } from '../netboot/boot-scripts.ts';
import { documentOf } from './machine-words.ts';

const PROFILES_FILE = '_profiles.yaml';
/** Addresses of documentation: what is checked is the script, not where it would point. */
const SERVER = '192.0.2.1';
const BASE = `http://${SERVER}`;

/** What would be refused when it is armed, known without a machine. Commands are not run: a check has no effect. */
export async function checkProfiles(inventory: Inventory, folder: string): Promise<readonly Problem[]> {
  const found: Problem[] = [];
  for (const [name, profile] of Object.entries(inventory.profiles)) {
    if (profile.kind === 'script') found.push(...(await checkTemplates(inventory, folder, name, profile)));
    if (profile.kind === 'linux' || profile.kind === 'efi')
      found.push(...(await checkArgs(folder, name, profile.args)));
  }
  return found;
}

async function checkTemplates(
  { nodes }: Inventory,
  folder: string,
  name: string,
  { template }: Extract<ProfileSpec, { readonly kind: 'script' }>,
): Promise<readonly Problem[]> {
  if (template.from !== 'file') return [];
  const users = nodes.filter((node) => node.profile === name).map((node) => documentOf(template, node));
  const refs = template.path.includes('{node}') ? users : [template];
  const found: Problem[] = [];
  for (const ref of refs) {
    if (ref.from !== 'file') continue;
    const bytes = await resolveDocument(ref, { folder });
    const values = { base: BASE, server: SERVER, token: 'TOKEN', node: 'node', mac: '' };
    const template = bytes.ok ? bytes.value.toString('utf8') : '';
    const script = bytes.ok ? renderTemplate(template, values) : bytes;
    if (!script.ok) found.push(problem(ref.path, 1, `profile ${name}: ${script.error}`));
    found.push(...unfilledWords(template).map((word) => unfilled(ref.path, name, template, word)));
  }
  return found;
}

/** Braces may be meant: a script that has them is served. */
function unfilled(
  file: string,
  name: string,
  template: string,
  { text, at }: ReturnType<typeof unfilledWords>[number],
): Problem {
  const before = template.slice(0, at).split('\n');
  const message = `profile ${name}: ${text} goes out as it stands: a script takes {${TEMPLATE_WORDS.join('}, {')}}; what iPXE knows is written \${${text.slice(1)}`;
  return { file, line: before.length, column: (before.at(-1) ?? '').length + 1, severity: 'warning', message };
}

async function checkArgs(folder: string, name: string, args: readonly string[]): Promise<readonly Problem[]> {
  const found: Problem[] = [];
  for (const arg of args) {
    const script = renderBootScript('node', 'rescue', { kernelUrl: `${BASE}/kernel`, args: [arg] }, undefined);
    if (script.ok) continue;
    const text = await readFile(join(folder, PROFILES_FILE), 'utf8').catch(() => '');
    const line = text.split('\n').findIndex((one) => one.includes(arg)) + 1;
    found.push(problem(PROFILES_FILE, Math.max(1, line), `profile ${name}: its args: ${script.error}`));
  }
  return found;
}

const problem = (file: string, line: number, message: string): Problem => ({
  file,
  line,
  column: 1,
  severity: 'error',
  message,
});

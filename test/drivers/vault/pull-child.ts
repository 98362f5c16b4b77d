import { Agent } from 'undici';
import { openVault } from '../../../src/drivers/vault/open-vault.ts';

/** A program that pulls and is killed by its test: `node pull-child.ts VAULT FACTORY SCHEMATIC`. */
const [directory = '', baseUrl = '', schematic = ''] = process.argv.slice(2);
const vault = await openVault(directory);
if (!vault.ok) throw new Error(vault.error);
const done = await vault.value.pull({
  version: 'v1.13.9',
  schematic,
  arch: 'amd64',
  source: { from: 'factory', baseUrl },
  dispatcher: new Agent(),
  anyShape: true,
  timing: { headersTimeoutMs: 60_000, stallTimeoutMs: 60_000 },
});
process.stdout.write(`${JSON.stringify(done)}\n`);

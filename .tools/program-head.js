// The head of dist/crashcart.mjs. V8 reads through all of a file before any of it runs: 4 MB of program are 120 ms of a core
// for every thread, and for every command, of which most need a tenth. So the program stands in parts behind this head, in a
// comment, which costs next to nothing; a part is compiled when it is imported.
const { fstatSync, openSync, readSync } = require('node:fs');
const { registerHooks } = require('node:module');
const { fileURLToPath } = require('node:url');
const { getRawAsset, isSea } = require('node:sea');

// Kept open: who puts a newer program in this one's place must not give this one the other's parts.
const file = isSea() ? Buffer.from(getRawAsset('program')) : openSync(fileURLToPath(import.meta.url), 'r');

function readBytes(fromEnd, length) {
  if (typeof file !== 'number') return file.subarray(file.length - fromEnd, file.length - fromEnd + length);
  const bytes = Buffer.alloc(length);
  const from = Math.max(0, fstatSync(file).size - fromEnd);
  for (let at = 0; at < length; ) {
    const got = readSync(file, bytes, at, length - at, from + at);
    if (got === 0) break;
    at += got;
  }
  return bytes;
}

function readPart(name) {
  const [fromEnd, length] = __PARTS[name];
  const text = readBytes(fromEnd, length).toString('latin1');
  if (!text.startsWith(`//${name}\n`))
    throw new Error("the program's file was overwritten while it ran: start it again");
  return text.replaceAll(__HELD, '*/').replace('__PROGRAM_URL__', () => import.meta.url);
}

registerHooks({
  resolve: (specifier, context, next) =>
    Object.hasOwn(__PARTS, specifier)
      ? { url: specifier, format: 'module', shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    Object.hasOwn(__PARTS, url) ? { source: readPart(url), format: 'module', shortCircuit: true } : next(url, context),
});
await import(__MAIN);

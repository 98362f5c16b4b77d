// What the single executable starts with, in its main thread and in its workers. Node's executables begin in CommonJS and
// the program is an ES module with top-level await, so it is imported under a name that only this hook knows. (A data: URL
// does it too, and takes 1.5 s longer: three megabytes of base64 are parsed and hashed as a name.)
const { getAsset } = require('node:sea');
const { registerHooks } = require('node:module');

// In a folder that only root could make: nothing beside the executable is ever loaded into it.
const PROGRAM = 'file:///crashcart.executable/crashcart.mjs';

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === PROGRAM ? { url: PROGRAM, format: 'module', shortCircuit: true } : next(specifier, context),
  load: (url, context, next) =>
    url === PROGRAM
      ? { source: getAsset('program', 'utf8'), format: 'module', shortCircuit: true }
      : next(url, context),
});
import(PROGRAM);

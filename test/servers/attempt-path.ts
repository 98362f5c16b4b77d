/** Where the files of the attempt are that a boot script names: `/t/` and its token. */
export function attemptPath(script: Buffer): string {
  const [, path] = /(\/t\/[a-z2-7]{32})\/kernel/.exec(script.toString()) ?? [];
  if (path === undefined) throw new Error(script.toString());
  return path;
}

/** Whether this process is the one executable that `npm run build` makes, not Bun running the sources. */
export function isExecutable(): boolean {
  return process.argv[1]?.startsWith("/$bunfs/") ?? false;
}

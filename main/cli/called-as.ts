/** How one calls this command again from where one is: what npm runs is on nobody's PATH, but `npx` finds it in the same directory. */
export function calledAs(env: NodeJS.ProcessEnv): string {
  return env['npm_command'] === undefined ? 'berth' : 'npx berth'
}

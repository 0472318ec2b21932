/**
 * Variables for an agent's commands, as the lite server takes them: under names of their own, so that none of them sets up
 * the server itself or the Node that runs it. `settings.ts` of the server takes the prefix off again.
 */
export function forCommands(environment: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [`BERTH_ENV_${name}`, value]))
}

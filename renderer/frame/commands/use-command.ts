import { createContext, use, useEffect, useEffectEvent, useSyncExternalStore } from 'react'
import { createCommands, type Command, type Commands } from './command.ts'

export const CommandsContext = createContext<Commands>(createCommands())

/** All commands of the moment, and `run(id)`. */
export function useCommands(): Commands {
  const commands = use(CommandsContext)
  useSyncExternalStore(commands.onChange, commands.all)
  return commands
}

/** There while this is shown. null, or `when: false`: not now. */
export function useCommand(command: (Command & { readonly when?: boolean | undefined }) | null): void {
  const commands = use(CommandsContext)
  const run = useEffectEvent(() => command?.run())
  const key = command === null || command.when === false ? null : JSON.stringify({ ...command, run: undefined, when: undefined })
  useEffect(() => {
    if (key === null) return
    return commands.add({ ...(JSON.parse(key) as Omit<Command, 'run'>), run: () => run() })
  }, [commands, key])
}

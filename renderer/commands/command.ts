import { createContext, use, useEffect, useEffectEvent, useSyncExternalStore } from 'react'
import { listeners } from '../../shared/listeners.ts'
import type { IconName } from '../parts/indicators.tsx'

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

/** What can be done from the keyboard, the palette, the application's menu and the tray, by one name. */
export interface Command {
  readonly id: string
  /** As a verb and its object: "Open logs". */
  readonly title: string
  /** Quieter, after the title: what it would act on. */
  readonly detail?: string | undefined
  /** The first is shown. `n`, `Mod+k` (Ctrl, ⌘ on a Mac), `g s` (one after the other), `Shift+Mod+k`, `Backspace`. */
  readonly keys?: readonly string[] | undefined
  readonly icon?: IconName | undefined
  /** Heading in the palette: the thing chosen in the list, for what acts on it. Without: Commands. */
  readonly group?: string | undefined
  /** Not in the palette: only a key. */
  readonly hidden?: boolean | undefined
  /** Its keys act only while a row of a list has the focus: what ends something is not for a press that meets nothing. */
  readonly onRow?: boolean | undefined
  readonly run: () => void
}

export interface Commands {
  /** Adds one; a later one of the same id stands in front of an earlier. Gives what takes it away. */
  add(command: Command): () => void
  /** Those there are, each id once. Stable until one comes or goes. */
  all(): readonly Command[]
  /** False: there is none of this name now. */
  run(id: string): boolean
  onChange(listener: () => void): () => void
}

export function createCommands(): Commands {
  const stack: Command[] = []
  const { tell, on: onChange } = listeners()
  let all: readonly Command[] = []

  function changed(): void {
    const byId = new Map<string, Command>()
    for (const command of stack) byId.set(command.id, command)
    all = [...byId.values()]
    tell()
  }

  return {
    add(command) {
      stack.push(command)
      changed()
      return () => {
        stack.splice(stack.indexOf(command), 1)
        changed()
      }
    },
    all: () => all,
    run(id) {
      const command = all.find((one) => one.id === id)
      command?.run()
      return command !== undefined
    },
    onChange,
  }
}

/** Longest that a page which has just opened takes until its screens have brought their commands. */
const comingMs = 5000

/** Runs it now, or as soon as it is there: menu and tray may speak to a page that is only coming. */
export function runWhenThere(commands: Commands, id: string, now: () => number): void {
  if (commands.run(id)) return
  const until = now() + comingMs
  const off = commands.onChange(() => {
    const late = now() > until
    if (!late && !commands.all().some((one) => one.id === id)) return
    off()
    if (!late) commands.run(id)
  })
}

import type { IconName } from '../../parts/signs/icon.tsx'

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
  const listeners = new Set<() => void>()
  let all: readonly Command[] = []

  function changed(): void {
    const byId = new Map<string, Command>()
    for (const command of stack) byId.set(command.id, command)
    all = [...byId.values()]
    for (const listener of listeners) listener()
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
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
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

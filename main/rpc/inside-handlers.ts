import type { Commands } from '../commands/commands.ts'
import type { Terminals } from '../terminals/terminals.ts'
import type { Handlers } from './handlers.ts'

export interface InsideDeps { readonly commands: Commands; readonly terminals: Terminals }

type InsideCalls = 'interrupt' | 'terminal_open' | 'terminal_close'

/** A person at work in a sandbox, beside the agents. */
export function insideHandlers({ commands, terminals }: InsideDeps): Pick<Handlers, InsideCalls> {
  return {
    interrupt: async ({ command }, context) => ({ interrupted: commands.interrupt(command, context.who) }),
    terminal_open: async ({ cols, rows, ...selection }, context) => await terminals.open(selection, { cols, rows }, context.who),
    terminal_close: async ({ terminal }, context) => ({ closed: await terminals.shut(terminal, context.who) }),
  }
}

import { openSessions, ticketStore } from '../../main/house/tokens/sessions.ts'
import { fail } from '../../shared/errors.ts'
import type { Clock } from '../../main/base/clock.ts'
import { openCommands } from '../../main/work/commands/commands.ts'
import type { Events } from '../../main/house/events/events.ts'
import type { Provider } from '../../main/core/provider-api.ts'
import { openTerminals } from '../../main/work/terminals/terminals.ts'
import type { Tokens } from '../../main/house/tokens/tokens.ts'

const absent = (): Promise<never> => Promise.reject(fail('NOT_SUPPORTED', 'Not in this house', { next: 'Ask a whole one.' }))

/** What the handlers of screens need, for a house that is put together by hand. */
export function desktopParts({ clock, events, tokens, provider }: { clock: Clock; events: Events; tokens: Tokens; provider: Provider }) {
  return {
    sessions: openSessions({ kept: tokens.sessions, clock, publish: events.publish }),
    tickets: ticketStore(clock),
    commands: openCommands(clock),
    terminals: openTerminals({ provider, clock, events }),
    bridgeUrl: () => 'http://127.0.0.1:1',
    backendWatch: { retry: absent, better: () => null },
    restart: () => undefined,
    details: absent,
    images: null,
    setConfig: absent,
    diagnostics: absent,
  }
}

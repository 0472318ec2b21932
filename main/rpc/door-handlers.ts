import { fail } from '../../shared/errors.ts'
import type { Selection } from '../../shared/select.ts'
import type { BackendWatch } from '../backend-watch.ts'
import type { Events } from '../events/events.ts'
import type { Provider } from '../provider/provider-api.ts'
import type { Sessions } from '../bridge/ui/sessions.ts'
import { safeName, type TicketStore } from '../bridge/ui/ticket-store.ts'
import type { Handlers } from './handlers.ts'

export interface DoorDeps {
  readonly provider: Pick<Provider, 'get' | 'use'>
  readonly events: Pick<Events, 'publish'>
  readonly sessions: Sessions
  readonly tickets: TicketStore
  /** The home's own token. */
  readonly token: string
  /** Of the bridge, by the name the caller used, where that is not loopback. */
  readonly bridgeUrl: (via: string | undefined) => string
  readonly backendWatch: Pick<BackendWatch, 'retry' | 'better'>
  /** Starts the engine anew, a moment after this call's answer. */
  readonly restart: () => void
}

type DoorCalls = 'retry' | 'switch_backend' | 'ticket' | 'session_open' | 'session_end' | 'login_link' | 'token_copy'

/** Who gets in by a browser, and how bytes do. */
export function doorHandlers(deps: DoorDeps): Pick<Handlers, DoorCalls> {
  const { sessions, tickets, provider } = deps
  return {
    retry: async () => await deps.backendWatch.retry(),
    switch_backend: async (_args, context) => {
      const better = deps.backendWatch.better()
      if (better === null) return { switching: false }
      deps.events.publish({ type: 'engine.switching', who: context.who, text: `The engine starts again with ${better}` })
      deps.restart()
      return { switching: true }
    },
    ticket: async ({ path, direction, ...selection }, context) => {
      const { id } = provider.get(selection)
      // A download that cannot be is better refused here, where the reason can be told, than in a browser's download list.
      if (direction === 'download') await mustBeFile(provider, { id, user: selection.user }, path, context.who, context.signal)
      const name = safeName(path)
      const { secret, expires } = tickets.issue({ sandbox: id, path, name, direction, who: context.who })
      return { path: `/tickets/${secret}`, name, expires_at: new Date(expires).toISOString() }
    },
    session_open: async ({ code }, context) => await sessions.open(code, context.agent ?? ''),
    session_end: async ({ id }, context) => {
      tickets.drop(`session:${id}`)
      return { ended: await sessions.end(id, context.who) }
    },
    login_link: async (_args, context) => {
      const { code, expires } = sessions.code()
      return { url: `${deps.bridgeUrl(context.via)}/#login=${code}`, expires_at: new Date(expires).toISOString() }
    },
    token_copy: async (_args, context) => {
      deps.events.publish({ type: 'token.copied', who: context.who, text: "The home's own token was copied" })
      return { token: deps.token }
    },
  }
}

async function mustBeFile(provider: Pick<Provider, 'use'>, selection: Selection, path: string, who: string, signal: AbortSignal): Promise<void> {
  const cut = path.replace(/\/+$/, '')
  const at = cut.lastIndexOf('/')
  const listed = await provider.use(selection, who, (api) => api.list(cut.slice(0, at) || '/', { recursive: false, hidden: true }), { signal, counts: false })
  const entry = listed.find((it) => it.name === cut.slice(at + 1))
  if (!entry) throw fail('FILE_NOT_FOUND', `There is no file ${path} in the sandbox`, { next: 'List the directory: it may have been moved.' })
  if (entry.directory) throw fail('FILE_FAILED', `${path} is a directory`, { next: 'Download its files one by one, or pack it first: tar czf.' })
}

import { fail } from '../../shared/errors.ts'
import type { Provider } from '../provider/provider-api.ts'
import { whoFor } from './context.ts'
import type { Handler, Handlers } from './handlers.ts'

/** Characters of log that an answer without a stream carries at most; the oldest lines go first. */
const logLimit = 8_388_608

type SandboxCalls = 'acquire' | 'get' | 'list' | 'release' | 'destroy' | 'dismiss' | 'logs'

/** Getting, holding and ending sandboxes. */
export function sandboxHandlers(deps: { provider: Provider }): Pick<Handlers, SandboxCalls> {
  const { provider } = deps
  return {
    acquire: acquireWith(provider),
    get: async (args) => provider.get(args),
    list: async (args) => {
      const all = provider.list()
      const wanted = all.sandboxes.filter(
        (it) => (args.status === undefined || it.status === args.status) && (args.user === undefined || it.user === args.user),
      )
      return { ...all, sandboxes: wanted }
    },
    release: async ({ holder, ...selection }, context) => {
      const whose = holder ?? context.client
      return await provider.release(selection, whose, whoFor(context, whose))
    },
    destroy: async ({ only_if_unheld, ...selection }, context) =>
      await provider.destroy(selection, { who: context.who, onlyIfUnheld: only_if_unheld }),
    dismiss: async (selection, context) => ({ dismissed: provider.dismiss(selection, context.who) }),
    logs: logsWith(provider),
  }
}

function acquireWith(provider: Provider): Handler<'acquire'> {
  return async (args, context) => {
    const holder = args.holder ?? context.client
    const deadline = args.timeout === undefined ? null : deadlineAfter(args.timeout)
    const emit = context.emit
    try {
      const got = await provider.acquire({
        user: args.user,
        thread: args.thread ?? null,
        holder,
        who: whoFor(context, holder),
        client: context.client,
        signal: deadline ? AbortSignal.any([context.signal, deadline.signal]) : context.signal,
        // Progress is told while the work goes on: the work does not wait for a slow reader, and a reader that
        // is gone shows up as an aborted signal.
        report: emit ? (progress) => void emit(progress).catch(() => undefined) : undefined,
      })
      // Nobody else can ever name an anonymous sandbox, so one whose caller left in this very moment would only idle.
      if (got.thread === null && context.signal.aborted) await provider.release({ id: got.id, user: got.user }, holder)
      return got
    } catch (thrown) {
      if (!deadline?.signal.aborted || context.signal.aborted) throw thrown
      throw fail('TIMEOUT', `The sandbox was not there after ${args.timeout} s`, {
        next: 'Call again, with a longer timeout if this one is short for a cold start.',
        cause: thrown,
      })
    } finally {
      deadline?.cancel()
    }
  }
}

function deadlineAfter(seconds: number): { signal: AbortSignal; cancel: () => void } {
  const controller = new AbortController()
  const timer = setTimeout(
    () => controller.abort(fail('TIMEOUT', `Nothing after ${seconds} s`, { next: 'Call again.' })),
    seconds * 1000,
  )
  return { signal: controller.signal, cancel: () => clearTimeout(timer) }
}

/** With a stream the lines come as chunks and the result has none; without, the result has the newest ones. */
function logsWith(provider: Provider): Handler<'logs'> {
  return async ({ tail, follow, ...selection }, context) => {
    const emit = context.emit
    if (follow && !emit) {
      throw fail('BAD_INPUT', 'logs: `follow` needs a stream', {
        next: 'Ask with `Accept: text/event-stream` or `Accept: application/x-ndjson`.',
      })
    }
    const source = provider.logs(selection, { tail, follow, signal: context.signal })
    if (emit) {
      for await (const line of source) await emit({ type: 'line', line })
      return { lines: [], truncated: false }
    }
    const lines: string[] = []
    let held = 0
    let first = 0
    for await (const line of source) {
      lines.push(line)
      held += line.length
      while (held > logLimit && first < lines.length - 1) held -= lines[first++]?.length ?? 0
    }
    return { lines: lines.slice(first), truncated: first > 0 }
  }
}

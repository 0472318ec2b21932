import { asBerthError, fail } from '../../../shared/errors.ts'
import { timerMs } from '../../../shared/timer.ts'
import type { Events } from '../../house/events/events.ts'
import { containerId } from '../../house/home/generations.ts'
import type { Provider } from '../../core/provider-api.ts'
import type { Addressing } from './addressing.ts'
import { type Handler, type Handlers, whoFor } from './handlers.ts'

/** Characters of log that an answer without a stream carries at most; the oldest lines go first. */
const logLimit = 8_388_608

type SandboxCalls = 'address_copy' | 'acquire' | 'hint' | 'get' | 'list' | 'release' | 'destroy' | 'rotate' | 'rename_holder' | 'dismiss' | 'logs'

export interface SandboxDeps {
  readonly provider: Provider
  readonly addressing: Addressing
  readonly events: Events
}

/** Getting, holding and ending sandboxes. */
export function sandboxHandlers(deps: SandboxDeps): Pick<Handlers, SandboxCalls> {
  const { provider, addressing } = deps
  const acquire = acquireWith(provider)
  return {
    acquire: async (args, context) => {
      const got = await acquire(args, context)
      await addressing.settled(got.id)
      return addressing.hand(got, context.via)
    },
    hint: async (key, context) => provider.hint(key, context.who),
    get: async (args, { via }) => addressing.show(provider.get(args), via),
    list: async (args, { via }) => {
      const all = provider.list()
      const wanted = all.sandboxes.filter(
        (it) => (args.status === undefined || it.status === args.status) && (args.user === undefined || it.user === args.user),
      )
      return { ...all, sandboxes: wanted.map((it) => addressing.show(it, via)) }
    },
    release: async ({ holder, ...selection }, context) => {
      const whose = holder ?? context.client
      const { released, sandbox } = await provider.release(selection, whose, whoFor(context, whose))
      return { released, sandbox: sandbox && addressing.show(sandbox, context.via) }
    },
    destroy: destroyWith(deps),
    rotate: async (selection, context) => {
      const id = selection.id ?? containerId(selection.user, selection.thread ?? '')
      await addressing.rotate(id)
      deps.events.publish({
        type: 'sandbox.rotated',
        who: context.who,
        sandbox: id,
        text: 'Its address was changed: those handed out before are no longer taken',
      })
      return { id }
    },
    rename_holder: async ({ holder, name }, context) => ({ renamed: provider.renameHolder(holder, name, context.who) }),
    address_copy: async (selection, context) => {
      const it = provider.get(selection)
      const url = addressing.given(it, context.via)
      if (url === null) throw fail('SANDBOX_NOT_FOUND', `The sandbox is ${it.status}, and has no address`, { next: 'Acquire it again.' })
      await addressing.settled(it.id)
      deps.events.publish({
        type: 'address.copied',
        who: context.who,
        sandbox: it.id,
        user: it.user,
        thread: it.thread,
        text: 'Its address was copied, with the secret in it',
      })
      return { url, enter_url: addressing.enter(it.id) }
    },
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
        ...context.terms,
        user: args.user,
        thread: args.thread ?? null,
        holder,
        who: whoFor(context, holder),
        client: context.client,
        program: args.program,
        signal: deadline ? AbortSignal.any([context.signal, deadline.signal]) : context.signal,
        // Progress is told while the work goes on: the work does not wait for a slow reader, and a reader that
        // is gone shows up as an aborted signal.
        report: emit ? (progress) => void emit(progress).catch(() => undefined) : undefined,
      })
      // Nobody can ever name an anonymous sandbox without a name, so one whose caller left in this very moment would only idle.
      if (got.thread === null && context.terms?.anonymousId === undefined && context.signal.aborted)
        await provider.release({ id: got.id, user: got.user }, holder)
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

function destroyWith({ provider, addressing, events }: SandboxDeps): Handler<'destroy'> {
  return async ({ only_if_unheld, only_if_idle, ...selection }, context) => {
    const before = provider
      .list()
      .sandboxes.find((it) => (selection.id === undefined ? it.thread === selection.thread && it.user === selection.user : it.id === selection.id))
    const done = await provider.destroy(selection, { who: context.who, onlyIfUnheld: only_if_unheld, onlyIfIdle: only_if_idle })
    // The id of an anonymous one never comes again.
    if (!done.destroyed || !before || before.thread === null) return done
    try {
      await addressing.rotate(before.id)
    } catch (error) {
      // It is destroyed, which is what was asked for. Only a restart could bring the old address back to life.
      events.publish({
        type: 'berth.problem',
        who: 'berth:addresses',
        sandbox: before.id,
        text: `Its new address could not be written down: ${asBerthError(error).message}`,
      })
    }
    return done
  }
}

function deadlineAfter(seconds: number): { signal: AbortSignal; cancel: () => void } {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(fail('TIMEOUT', `Nothing after ${seconds} s`, { next: 'Call again.' })), timerMs(seconds * 1000))
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
      for await (const { text } of source) await emit({ type: 'line', line: text })
      return { lines: [], truncated: false }
    }
    const lines: string[] = []
    let held = 0
    let first = 0
    for await (const { text } of source) {
      lines.push(text)
      held += text.length
      while (held > logLimit && first < lines.length - 1) held -= lines[first++]?.length ?? 0
    }
    return { lines: lines.slice(first), truncated: first > 0 }
  }
}

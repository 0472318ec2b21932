import { chunkLimit } from '../../../shared/calls/work-calls.ts'
import { fail } from '../../../shared/errors.ts'
import type { Commands } from '../../work/commands/commands.ts'
import type { Provider } from '../../core/provider-api.ts'
import { shellLine } from '../../../shared/shell-quote.ts'
import type { Handlers } from './handlers.ts'
import type { CallResult } from '../../../shared/contract.ts'
import type { Sandbox } from '../../../shared/sandbox.ts'
import type { ImageShelf } from '../../backends/backend.ts'
import type { ImageState } from '../../../shared/image.ts'
import type { Terminals } from '../../work/terminals/terminals.ts'

/** A person at a screen who looks at files does not keep the sandbox from being reaped. */
const looks = ({ transport }: { readonly transport: string }): boolean => transport === 'ipc' || transport === 'socket'

/** Agents at work in a sandbox: everything here counts as activity. */
export function workHandlers(deps: { provider: Provider; commands: Commands }): Pick<Handlers, 'exec' | 'read' | 'write' | 'files' | 'search'> {
  const { provider, commands } = deps
  return {
    // A caller that is gone takes its command with it, streamed or not: nobody would ever read the end of it. What is to
    // go on runs in the background of its own shell (`nohup ... &`).
    exec: async ({ command, cwd, env, timeout, max_output, repeat_output, ...selection }, context) => {
      const line = typeof command === 'string' ? command : shellLine(command)
      const { emit } = context
      // What was streamed is not sent again: the client has it, and one line with all of it would break some.
      const told = emit !== undefined && !repeat_output
      const done = await provider.use(
        selection,
        context.who,
        (api, used, sandbox) =>
          commands.run({ sandbox, command: line, who: context.who, signal: used }, (signal) =>
            api.exec({
              command: line,
              cwd,
              env,
              timeout,
              maxOutput: told ? 0 : max_output,
              signal,
              onOutput:
                emit &&
                (async (type, data) => {
                  for (const piece of pieces(data, chunkLimit)) await emit({ type, data: piece })
                }),
            }),
          ),
        { signal: context.signal },
      )
      return {
        exit_code: done.exitCode,
        status: done.status,
        stdout: told ? '' : done.stdout,
        stderr: told ? '' : done.stderr,
        truncated: done.truncated,
      }
    },
    read: async ({ path, encoding, ...selection }, context) => {
      const { emit } = context
      if (emit) {
        const pass = async (chunk: Uint8Array) => await emit({ type: 'data', content: encode64(chunk) })
        const size = await provider.use(selection, context.who, (api, signal) => api.stream(path, pass, signal), {
          signal: context.signal,
          counts: !looks(context),
        })
        return { path, content: '', encoding: 'base64' as const, size }
      }
      const bytes = await provider.use(selection, context.who, (api) => api.read(path), { signal: context.signal, counts: !looks(context) })
      return { path, content: decode(path, bytes, encoding), encoding, size: bytes.byteLength }
    },
    write: async ({ path, content, encoding, append, ...selection }, context) => {
      const bytes = encode(content, encoding)
      const size = await provider.use(selection, context.who, (api) => api.write(path, bytes, append), { signal: context.signal })
      return { path, size }
    },
    files: async ({ path, recursive, hidden, glance, ...selection }, context) => {
      const found = await provider.use(selection, context.who, (api) => api.list(path, { recursive, hidden, look: glance || looks(context) }), {
        signal: context.signal,
        counts: !glance && !looks(context),
        wakes: !glance,
      })
      return {
        path,
        files: found.map(({ modifiedAt, ...entry }) => ({ ...entry, modified_at: modifiedAt })),
      }
    },
    search: async ({ pattern, path, fixed, ignore_case, include, max_results, ...selection }, context) => {
      const found = await provider.use(
        selection,
        context.who,
        (api, signal) => api.search({ pattern, path, fixed, ignoreCase: ignore_case, include, maxResults: max_results, signal }),
        { signal: context.signal },
      )
      return { path, matches: [...found.matches], truncated: found.truncated }
    },
  }
}

/** A text in parts of at most so many characters; none ends between the halves of a surrogate pair. */
function* pieces(text: string, most: number): Generator<string> {
  for (let at = 0; at < text.length;) {
    const end = at + most
    const split = end < text.length && (text.charCodeAt(end) & 0xfc00) === 0xdc00 ? end - 1 : end
    yield text.slice(at, split)
    at = split
  }
}

function decode(path: string, bytes: Uint8Array, encoding: 'utf-8' | 'base64'): string {
  if (encoding === 'base64') return encode64(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw fail('FILE_FAILED', `${path} is not UTF-8 text`, { next: 'Read it with `encoding: base64`.', cause })
  }
}

const encode64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')

function encode(content: string, encoding: 'utf-8' | 'base64'): Uint8Array {
  if (encoding === 'utf-8') return Buffer.from(content, 'utf8')
  // Buffer.from skips what is not base64, which would write something else than was meant.
  if (content.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(content)) {
    throw fail('BAD_INPUT', 'write: `content` is not base64', {
      next: 'Send standard base64 with padding, or plain text with `encoding: utf-8`.',
    })
  }
  return Buffer.from(content, 'base64')
}

export interface ScreenDeps {
  readonly commands: Commands
  readonly terminals: Terminals
  readonly provider: Pick<Provider, 'get' | 'list'>
  readonly details: (sandbox: Sandbox) => Promise<CallResult<'details'>>
  /** null: this backend has none. */
  readonly images: {
    readonly shelf: ImageShelf
    readonly keeper: { start(): void; cancel(): boolean; state(): ImageState; look(): Promise<void> }
    readonly name: () => string
  } | null
  readonly setConfig: (key: string, value: unknown, who: string) => Promise<CallResult<'config_set'>>
  readonly diagnostics: () => Promise<CallResult<'diagnostics'>>
}

type ScreenCalls =
  | 'interrupt'
  | 'terminal_open'
  | 'terminal_close'
  | 'details'
  | 'images'
  | 'image_prepare'
  | 'image_cancel'
  | 'image_remove'
  | 'config_set'
  | 'diagnostics'

/** A person at work in a sandbox, beside the agents. */
export function screenHandlers({ commands, terminals, provider, details, images, setConfig, diagnostics }: ScreenDeps): Pick<Handlers, ScreenCalls> {
  /** Names of the images in use, and what the engine has of them. */
  async function shelved({ shelf, name }: NonNullable<ScreenDeps['images']>) {
    const used = provider.list().sandboxes.filter(({ container }) => container !== null)
    const names = [...new Set([name(), ...used.flatMap(({ image }) => (image === null ? [] : [image]))])]
    const [rows, ids] = await Promise.all([shelf.list(names), Promise.all(names.map(async (each) => [each, await shelf.idOf(each)] as const))])
    const idOf = new Map(ids)
    return rows.map((row) => ({
      ...row,
      current: row.id === idOf.get(name()),
      usedBy: used.filter(({ image }) => image !== null && idOf.get(image) === row.id).map(({ id }) => id),
    }))
  }

  return {
    details: async (selection) => await details(provider.get(selection)),
    interrupt: async ({ command }, context) => ({ interrupted: commands.interrupt(command, context.who) }),
    terminal_open: async ({ cols, rows, ...selection }, context) => await terminals.open(selection, { cols, rows }, context.who),
    terminal_close: async ({ terminal }, context) => ({ closed: await terminals.shut(terminal, context.who) }),
    images: async () => {
      if (!images) return { images: [] }
      const rows = await shelved(images)
      return {
        images: rows.map(({ id, names, bytes, createdAt, current, usedBy }) => ({
          id,
          names: [...names],
          bytes,
          created_at: new Date(createdAt).toISOString(),
          current,
          used_by: usedBy,
        })),
      }
    },
    image_prepare: async () => {
      if (!images) throw fail('NOT_SUPPORTED', 'This backend needs no image', { next: 'Nothing need be done.' })
      if (images.keeper.state().since !== null) return { started: false }
      // Asked: it may have gone since anybody looked.
      const there = (await images.shelf.idOf(images.name())) !== null
      images.keeper.start()
      return { started: !there }
    },
    image_cancel: async () => ({ cancelled: images?.keeper.cancel() ?? false }),
    image_remove: async ({ id }) => {
      const row = images && (await shelved(images)).find((each) => each.id === id)
      if (!row) throw fail('IMAGE_MISSING', `Berth has no image ${id.slice(0, 19)} here`, { next: 'Look at the list again.' })
      if (row.usedBy.length > 0)
        throw fail('THREAD_IN_USE', `The image ${row.names[0] ?? id} is in use by ${row.usedBy.length} of your sandboxes`, { next: 'Destroy them first.' })
      await images.shelf.remove(id, row.names)
      await images.keeper.look()
      return { removed: true }
    },
    config_set: async ({ key, value }, context) => await setConfig(key, value, context.who),
    diagnostics,
  }
}

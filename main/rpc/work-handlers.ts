import { chunkLimit } from '../../shared/calls/work-calls.ts'
import { fail } from '../../shared/errors.ts'
import type { Commands } from '../commands/commands.ts'
import type { Provider } from '../provider/provider-api.ts'
import { quote } from '../sandbox/quote.ts'
import type { Handlers } from './handlers.ts'

/** A person at a screen who looks at files does not keep the sandbox from being reaped. */
const looks = ({ transport }: { readonly transport: string }): boolean => transport === 'ipc' || transport === 'socket'

/** Agents at work in a sandbox: everything here counts as activity. */
export function workHandlers(deps: { provider: Provider; commands: Commands }): Pick<Handlers, 'exec' | 'read' | 'write' | 'files' | 'search'> {
  const { provider, commands } = deps
  return {
    // A caller that is gone takes its command with it, streamed or not: nobody would ever read the end of it. What is to
    // go on runs in the background of its own shell (`nohup ... &`).
    exec: async ({ command, cwd, env, timeout, max_output, repeat_output, ...selection }, context) => {
      const line = typeof command === 'string' ? command : quote(command)
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
              onOutput: emit && (async (type, data) => {
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
        const size = await provider.use(selection, context.who, (api, signal) => api.stream(path, pass, signal), { signal: context.signal, counts: !looks(context) })
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
      const found = await provider.use(selection, context.who, (api) => api.list(path, { recursive, hidden, look: glance || looks(context) }), { signal: context.signal, counts: !glance && !looks(context), wakes: !glance })
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
  for (let at = 0; at < text.length; ) {
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

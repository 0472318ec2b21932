import { Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import { readFile, realpath } from 'node:fs/promises'
import { StringDecoder } from 'node:string_decoder'
import type { CallChunk, CallInput, CallName, CallResult } from '../../../shared/contract.ts'
import { BerthError, errorData, fail, fromErrorData } from '../../../shared/errors.ts'
import type { Endpoint } from '../../../shared/wire/endpoint.ts'
import { homePaths } from '../../house/home/paths.ts'
import { contractId } from '../../calls/rpc/contract-hash.ts'
import { version } from '../../base/version.ts'
import { type BridgeFile, readBridgeFile } from './bridge-file.ts'
import { type AnsweringEngine, whoAnswers } from './who-answers.ts'

export interface CallOptions<K extends CallName> {
  /** Ends the call, and what it does: a command is killed. */
  readonly signal?: AbortSignal | undefined
  /** Asks for a stream. Awaited: a slow reader slows the source. */
  readonly onChunk?: ((chunk: CallChunk<K>) => void | Promise<void>) | undefined
}

/** A running engine, from outside. */
export interface BridgeClient {
  readonly url: string
  readonly instance: string
  /** The same engine with its topics, over a WebSocket; `onClosed` hears that it broke. */
  socket(onClosed: (reason: string) => void): Promise<Endpoint>
  /** Throws the engine's own BerthError; NOT_RUNNING when the engine went away. */
  call<K extends CallName>(name: K, input: CallInput<K>, options?: CallOptions<K>): Promise<CallResult<K>>
  close(): void
}

/** On a busy machine an answer may take its time; where nobody listens, that is known at once. Milliseconds. */
const patienceMs = 10_000

/**
 * Finds the engine of a home by its `bridge.json`. The other side proves that it knows the token before it is sent.
 * NOT_RUNNING says how to start one; CONTRACT_MISMATCH names both versions.
 */
export async function connect(homeDir: string): Promise<BridgeClient> {
  const paths = homePaths(homeDir)
  const { value: file, problem } = await readBridgeFile(paths.bridge)
  if (!file || file.pid === null) throw notRunning(homeDir, problem ?? 'no engine is there')
  const token = await tokenOf(file, homeDir)
  const there = await whoAnswers(file.url, { token, home: await realpath(homeDir) }, patienceMs)
  if (there.who !== 'ours') throw notRunning(homeDir, `at ${file.url}: ${there.reason}`)
  return clientOf({ url: file.url, pid: file.pid, health: there.health }, token)
}

/** A client for an engine that was just found. CONTRACT_MISMATCH names both versions. */
export function clientOf({ url, pid, health }: AnsweringEngine, token: string): BridgeClient {
  agree(health, pid)
  return createClient({ url, token, instance: health.instance })
}

/** A client for an address that has been proven. */
export function createClient(to: { url: string; token: string; instance: string }): BridgeClient {
  // An agent of our own: kept connections, and no proxy of the environment.
  const agent = new Agent({ keepAlive: true })
  return {
    url: to.url,
    instance: to.instance,
    async call(name, input, options = {}) {
      const response = await post(agent, to, name, input, options)
      const last = options.onChunk
        ? await readStream(response, options.onChunk as (chunk: unknown) => void | Promise<void>, options.signal)
        : await readWhole(response, options.signal)
      return last as CallResult<typeof name>
    },
    socket: async (onClosed) => (await (await import('../wire/socket-client.ts')).openSocketEndpoint(to, onClosed)).endpoint,
    close: () => agent.destroy(),
  }
}

function post(
  agent: Agent,
  to: { url: string; token: string },
  name: string,
  input: unknown,
  options: { signal?: AbortSignal | undefined; onChunk?: unknown },
): Promise<IncomingMessage> {
  const body = Buffer.from(JSON.stringify(input), 'utf8')
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      `${to.url}/berth/v1/${name}`,
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${to.token}`,
          accept: options.onChunk ? 'application/x-ndjson' : 'application/json',
          'content-type': 'application/json',
          'content-length': body.byteLength,
        },
        ...(options.signal ? { signal: options.signal } : {}),
      },
      resolve,
    )
    request.on('error', (thrown) => reject(lost(thrown, options.signal)))
    request.end(body)
  })
}

async function readWhole(response: IncomingMessage, signal: AbortSignal | undefined): Promise<unknown> {
  const parts: Buffer[] = []
  try {
    for await (const part of response as AsyncIterable<Buffer>) parts.push(part)
  } catch (thrown) {
    throw lost(thrown, signal)
  }
  const body = parse(Buffer.concat(parts).toString('utf8'))
  if (response.statusCode === 200) return body
  throw errorOf(body) ?? strange(`status ${response.statusCode}`)
}

/** Chunks, then the result; an error that came before the first of them is a plain answer. */
async function readStream(response: IncomingMessage, onChunk: (chunk: unknown) => void | Promise<void>, signal: AbortSignal | undefined): Promise<unknown> {
  if (!response.headers['content-type']?.startsWith('application/x-ndjson')) return await readWhole(response, signal)
  let result: { value: unknown } | null = null
  const fromReader: unknown[] = []
  try {
    // To the very end, so that the connection can be kept.
    for await (const line of jsonLines(response)) {
      const frame = parse(line) as { chunk?: unknown; result?: unknown; error?: unknown }
      if (frame.error !== undefined) throw errorOf(frame) ?? strange('an error without a code')
      if (frame.result !== undefined) {
        result = { value: frame.result }
        continue
      }
      try {
        await onChunk(frame.chunk)
      } catch (thrown) {
        fromReader.push(thrown)
        throw thrown
      }
    }
  } catch (thrown) {
    if (fromReader.length > 0) throw fromReader[0]
    throw thrown instanceof BerthError ? thrown : lost(thrown, signal)
  }
  if (!result) throw lost(new Error('the stream ended without a result'), signal)
  return result.value
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw strange('no JSON', cause)
  }
}

function errorOf(body: unknown): BerthError | null {
  const parsed = errorData.safeParse((body as { error?: unknown } | null)?.error)
  return parsed.success ? fromErrorData(parsed.data) : null
}

function strange(what: string, cause?: unknown): BerthError {
  return fail('INTERNAL', `Berth answered in a way that this program does not know: ${what}`, {
    next: 'Check that `berth` and the running engine are of one version.',
    cause,
  })
}

function lost(thrown: unknown, signal: AbortSignal | undefined): BerthError {
  if (signal?.aborted) {
    return signal.reason instanceof BerthError ? signal.reason : fail('CANCELLED', 'The call was cancelled', { next: 'Call again.', cause: thrown })
  }
  return fail('NOT_RUNNING', 'The engine went away during the call', {
    next: 'Start it again with `berth serve`; what it did last is in `berth events` and `berth ls`.',
    cause: thrown,
  })
}

async function tokenOf(file: BridgeFile, homeDir: string): Promise<string> {
  try {
    return (await readFile(file.token_file, 'utf8')).trim()
  } catch (cause) {
    throw fail('UNAUTHORIZED', `The token of the home ${homeDir} cannot be read`, {
      next: 'Run this as the user who runs Berth, or name another home with --home.',
      cause,
    })
  }
}

function agree({ version: theirVersion, contract: theirs }: CallResult<'health'>, pid: number): void {
  const ours = contractId()
  if (theirs.version === ours.version && theirs.hash === ours.hash) return
  throw fail('CONTRACT_MISMATCH', `The running engine is Berth ${theirVersion}, this is ${version}: they do not speak the same calls`, {
    next: `Restart the engine (pid ${pid}) with this version, or use the berth command of ${theirVersion}.`,
    details: { theirs: { version: theirVersion, contract: theirs }, ours: { version, contract: ours } },
  })
}

function notRunning(homeDir: string, reason: string): BerthError {
  return fail('NOT_RUNNING', `Berth is not running for the home ${homeDir} (${reason})`, {
    next: 'Start it in another terminal: berth serve',
    details: { home: homeDir },
  })
}

/** The lines of a stream of bytes, without their ends; empty ones are skipped. */
async function* jsonLines(source: AsyncIterable<unknown>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let parts: string[] = []
  for await (const bytes of source) {
    const lines = decoder.write(bytes as Buffer).split('\n')
    const rest = lines.pop() ?? ''
    for (const line of lines) {
      parts.push(line)
      const whole = parts.join('')
      parts = []
      if (whole !== '') yield whole
    }
    if (rest !== '') parts.push(rest)
  }
  const last = parts.join('') + decoder.end()
  if (last !== '') yield last
}

import { z } from 'zod'
import { BerthError, fail } from '../../shared/errors.ts'
import { answerBrokeOff, dataOf, type HttpAnswer, refused, type SandboxHttp } from './http.ts'
import type { FileEntry, SearchRequest, SearchResult } from './sandbox-api.ts'

const fileMs = 60_000
/** As much as deer-flow's own client takes. */
const readLimit = 100 * 1024 * 1024

/** Bytes as they are, of any number. Returns how many. Throws FILE_NOT_FOUND, FILE_DENIED, FILE_FAILED. */
export async function streamFile(http: SandboxHttp, path: string, onData: (chunk: Uint8Array) => void | Promise<void>, signal?: AbortSignal): Promise<number> {
  let size = 0
  const take = async (chunk: Uint8Array): Promise<void> => {
    size += chunk.byteLength
    await onData(chunk)
  }
  try {
    await http.send({ method: 'GET', path: downloadOf(path), timeoutMs: fileMs, signal, safe: true, onData: take })
  } catch (error) {
    if (!answerBrokeOff(error) || size === 0) throw error
    // A sandbox that has ended breaks off too: then nobody answers this.
    await http.send({ method: 'GET', path: '/v1/sandbox', timeoutMs: 2_000, safe: true, lane: 'control' }).catch(() => {
      throw error
    })
    throw fail('FILE_FAILED', `${path} broke off after ${size} bytes: it got shorter while it was read`, { next: 'Read it again.', cause: error })
  }
  // Nothing came: it is empty, or it only says so, or the reason why it cannot be read is still to be told.
  if (size === 0) await take(await readFile(http, path))
  return size
}

const downloadOf = (path: string) => `/v1/file/download?${new URLSearchParams({ path }).toString()}`

/** Bytes as they are. Throws FILE_NOT_FOUND, FILE_DENIED, FILE_FAILED, TOO_LARGE. */
export async function readFile(http: SandboxHttp, path: string): Promise<Uint8Array> {
  try {
    const answer = await orBrokenOff(http.send({ method: 'GET', path: downloadOf(path), timeoutMs: fileMs, safe: true, limit: readLimit }))
    if (answer?.status === 200 && answer.bytes.length > 0) return answer.bytes
    if (answer?.status === 401) throw refused()
    // Why it failed is told by `read` alone: bodies of failed downloads differ between images, and old ones have no download.
    // And it reads to the end: an image may download what `stat` says, which is nothing below /proc and too much below /sys,
    // and breaks off where a file gets shorter under it.
    const read = await http.send({ method: 'POST', path: '/v1/file/read', body: { file: path }, timeoutMs: fileMs, safe: true, limit: readLimit })
    return Buffer.from(dataOf(read, 'file/read', z.object({ content: z.string() })).content, 'utf8')
  } catch (error) {
    throw error instanceof BerthError && error.code === 'TOO_LARGE' ? tooLargeToRead(path, error) : error
  }
}

/** null: it had begun to answer and broke off. */
async function orBrokenOff(answer: Promise<HttpAnswer>): Promise<HttpAnswer | null> {
  return await answer.catch((error: unknown) => {
    if (answerBrokeOff(error)) return null
    throw error
  })
}

function tooLargeToRead(path: string, cause: BerthError): BerthError {
  const size = cause.details?.['size']
  return fail(
    'TOO_LARGE',
    `${path} has ${typeof size === 'number' ? `${size} bytes` : 'more bytes than that'}, and one answer carries at most ${readLimit / 1024 / 1024} MiB`,
    {
      next: 'Fetch it as a stream: `berth read … -o FILE`, this call with `Accept: application/x-ndjson`, or GET /v1/file/download?path=… below the `url` of the sandbox; or read it in parts with a command (`head -c`, `tail -c`).',
      details: cause.details,
      cause,
    },
  )
}

/** Bytes written. */
export async function writeFile(http: SandboxHttp, path: string, content: Uint8Array, append: boolean): Promise<number> {
  const encoded = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('base64')
  const answer = await http.send({
    method: 'POST',
    path: '/v1/file/write',
    body: { file: path, content: encoded, encoding: 'base64', append },
    timeoutMs: fileMs,
    safe: false,
  })
  return dataOf(answer, 'file/write', z.object({ bytes_written: z.number().int().nullish() })).bytes_written ?? content.byteLength
}

const listed = z.object({
  files: z.array(
    z.object({
      name: z.string(),
      path: z.string(),
      is_directory: z.boolean(),
      size: z.number().nullish(),
      modified_time: z.string().nullish(),
    }),
  ),
})

export async function listFiles(http: SandboxHttp, path: string, options: { recursive: boolean; hidden: boolean; look?: boolean }): Promise<FileEntry[]> {
  const answer = await http.send({
    method: 'POST',
    path: '/v1/file/list',
    body: { path, recursive: options.recursive, show_hidden: options.hidden, include_size: true },
    timeoutMs: fileMs,
    safe: true,
    look: options.look === true,
  })
  return dataOf(answer, 'file/list', listed).files.map((file) => ({
    name: file.name,
    path: file.path,
    directory: file.is_directory,
    size: file.size ?? null,
    modifiedAt: file.modified_time ?? null,
  }))
}

const found = z.object({
  matches: z.array(z.object({ file: z.string(), line_number: z.number().int(), line_content: z.string() })),
  truncated: z.boolean().nullish(),
})

/** By the sandbox's own search, which can be stopped: a pattern may take for ever. A caller that is gone ends it. */
export async function searchFiles(http: SandboxHttp, request: SearchRequest): Promise<SearchResult> {
  const { path, pattern, fixed, ignoreCase, include, maxResults, signal } = request
  const answer = await http.send({
    method: 'POST',
    path: '/v1/file/grep',
    body: {
      path,
      pattern,
      fixed_strings: fixed,
      case_insensitive: ignoreCase,
      max_results: maxResults,
      recursive: true,
      ...(include.length > 0 ? { include } : {}),
    },
    timeoutMs: fileMs,
    signal,
    safe: true,
  })
  const { matches, truncated } = dataOf(answer, 'file/grep', found)
  return {
    matches: matches.map((it) => ({ file: it.file, line: it.line_number, text: it.line_content })),
    truncated: truncated ?? false,
  }
}

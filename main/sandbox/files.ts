import { z } from 'zod'
import { dataOf, refused } from './answer.ts'
import type { SandboxHttp } from './http.ts'
import type { FileEntry, SearchRequest, SearchResult } from './sandbox-api.ts'

const fileMs = 60_000
/** As much as deer-flow's own client takes. */
const readLimit = 100 * 1024 * 1024

/** Bytes as they are. Throws FILE_NOT_FOUND, FILE_DENIED, FILE_FAILED, TOO_LARGE. */
export async function readFile(http: SandboxHttp, path: string): Promise<Uint8Array> {
  const query = new URLSearchParams({ path })
  const answer = await http.send({ method: 'GET', path: `/v1/file/download?${query.toString()}`, timeoutMs: fileMs, safe: true, limit: readLimit })
  if (answer.status === 200) return answer.bytes
  if (answer.status === 401) throw refused()
  // Why it failed is told by `read` alone: bodies of failed downloads differ between images, and old ones have no download.
  const read = await http.send({ method: 'POST', path: '/v1/file/read', body: { file: path }, timeoutMs: fileMs, safe: true, limit: readLimit })
  return Buffer.from(dataOf(read, 'file/read', z.object({ content: z.string() })).content, 'utf8')
}

/** Bytes written. */
export async function writeFile(http: SandboxHttp, path: string, content: Uint8Array, append: boolean): Promise<number> {
  const encoded = Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('base64')
  const answer = await http.send({
    method: 'POST', path: '/v1/file/write', body: { file: path, content: encoded, encoding: 'base64', append }, timeoutMs: fileMs, safe: false,
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

export async function listFiles(http: SandboxHttp, path: string, options: { recursive: boolean; hidden: boolean }): Promise<FileEntry[]> {
  const answer = await http.send({
    method: 'POST', path: '/v1/file/list', body: { path, recursive: options.recursive, show_hidden: options.hidden, include_size: true },
    timeoutMs: fileMs, safe: true,
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
      path, pattern, fixed_strings: fixed, case_insensitive: ignoreCase, max_results: maxResults, recursive: true,
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

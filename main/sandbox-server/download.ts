import { constants } from 'node:fs'
import type { Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { once } from 'node:events'
import type { Call } from './call.ts'
import { errorCode } from './file-error.ts'
import { InvalidRequest } from './reply.ts'
import type { JsonReply, Reply } from './reply.ts'
import { work } from './router.ts'
import type { Route } from './router.ts'

/** Up to this many bytes are read before anything is sent, so that a change can still be answered with 409. */
const heldLimit = 1024 * 1024

const pieceBytes = 128 * 1024

/** Failures of a download are HTTP statuses; a 2xx body is the file. */
const statuses: Readonly<Record<string, [number, string]>> = {
  ENOENT: [404, 'File not found'],
  ENOTDIR: [404, 'File not found'],
  EACCES: [403, 'Permission denied'],
  EPERM: [403, 'Permission denied'],
  EINVAL: [400, 'Invalid path'],
  ENAMETOOLONG: [400, 'Invalid path'],
  ELOOP: [400, 'Invalid path'],
}

export function downloadRoutes(): Route[] {
  return [work('GET', '/v1/file/download', 'Download a file', download)]
}

async function download(call: Call): Promise<Reply> {
  const asked = call.query.get('path')
  const path = asked && call.place(asked)
  const policy = call.query.get('change_policy') ?? 'ignore'
  if (!path) throw new InvalidRequest([{ loc: ['query', 'path'], msg: 'Field required', type: 'missing' }])
  if (policy !== 'ignore' && policy !== 'abort') {
    throw new InvalidRequest([{ loc: ['query', 'change_policy'], msg: "Input should be 'ignore' or 'abort'", type: 'enum' }])
  }
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const [status, text] = statuses[errorCode(error) ?? ''] ?? [500, 'The file cannot be read']
    return detail(status, text)
  }
  try {
    return await send(call, file, path, policy)
  } finally {
    await file.close()
  }
}

async function send(call: Call, file: FileHandle, path: string, policy: 'ignore' | 'abort'): Promise<Reply> {
  const before = await file.stat()
  if (!before.isFile()) return detail(400, 'Not a regular file')
  const { response } = call
  const first = Buffer.allocUnsafeSlow(Math.min(before.size, heldLimit))
  const { bytesRead } = await file.read(first, 0, first.length, 0)
  const changed = async (): Promise<boolean> => policy === 'abort' && differs(before, await file.stat())
  if (await changed()) return detail(409, 'The file changed while it was read')
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-length': before.size,
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(basename(path))}`,
    'x-content-type-options': 'nosniff',
  })
  if (call.request.method === 'HEAD') {
    response.end()
    return 'sent'
  }
  response.write(first.subarray(0, bytesRead))
  let sent = bytesRead
  const piece = Buffer.allocUnsafeSlow(pieceBytes)
  while (sent < before.size && !call.gone) {
    const { bytesRead: count } = await file.read(piece, 0, Math.min(piece.length, before.size - sent), sent)
    if (count === 0 || (await changed())) break
    sent += count
    // A copy: the response keeps what it is given until the socket has taken it.
    if (!response.write(Buffer.from(piece.subarray(0, count)))) await drained(call)
  }
  // Fewer bytes than promised must look like a failure to the client, so the connection breaks instead of ending.
  if (sent < before.size) response.destroy()
  else response.end()
  return 'sent'
}

async function drained(call: Call): Promise<void> {
  if (call.gone) return
  const gone = Promise.withResolvers<void>()
  const stop = call.onGone(gone.resolve)
  const ended = new AbortController()
  // Aborted when the client has gone: then there is nothing to wait for.
  await Promise.race([once(call.response, 'drain', { signal: ended.signal }).catch(() => undefined), gone.promise])
  ended.abort()
  stop()
}

function differs(a: Stats, b: Stats): boolean {
  return a.mtimeMs !== b.mtimeMs || a.size !== b.size
}

function detail(status: number, text: string): JsonReply {
  return { status, body: { detail: text } }
}

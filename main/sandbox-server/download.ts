import { constants, type Stats } from 'node:fs'
import { basename } from 'node:path'
import { once } from 'node:events'
import type { Call } from './served-call.ts'
import type { DiskFile } from './disk.ts'
import { errorCode, FileError, InvalidRequest, type JsonReply, type Reply } from './reply.ts'
import { openRegular } from './read-file.ts'
import { type Route, work } from './router.ts'

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
  let file: DiskFile
  try {
    file = await openRegular(path, constants.O_RDONLY)
  } catch (error) {
    if (error instanceof FileError && error.type === 'invalid_target') return detail(400, 'Not a regular file')
    const [status, text] = statuses[errorCode(error) ?? ''] ?? [500, 'The file cannot be read']
    return detail(status, text)
  }
  try {
    return await send(call, file, path, policy)
  } finally {
    await file.close()
  }
}

async function send(call: Call, file: DiskFile, path: string, policy: 'ignore' | 'abort'): Promise<Reply> {
  const before = await file.stat()
  const { response } = call
  const changed = async (): Promise<boolean> => policy === 'abort' && differs(before, await file.stat())
  const { bytes, ended } = await beginning(file, before.size)
  if (await changed()) return detail(409, 'The file changed while it was read')
  // What `stat` says is promised only where nothing better is known: files of /proc and /sys are longer or shorter.
  const promised = ended ? bytes.length : before.size > bytes.length ? before.size : null
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    ...(promised === null ? {} : { 'content-length': promised }),
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(basename(path))}`,
    'x-content-type-options': 'nosniff',
  })
  if (call.request.method === 'HEAD') {
    response.end()
    return 'sent'
  }
  response.write(bytes)
  const wanted = promised ?? Infinity
  let sent = bytes.length
  let over = ended
  const piece = Buffer.allocUnsafeSlow(pieceBytes)
  while (!over && sent < wanted && !call.gone) {
    const count = await file.read(piece)
    over = count === 0
    if (over || (await changed())) break
    // A file that grows meanwhile is sent as long as it was.
    const taken = piece.subarray(0, Math.min(count, wanted - sent))
    sent += taken.length
    // A copy: the response keeps what it is given until the socket has taken it.
    if (!response.write(Buffer.from(taken))) await drained(call)
  }
  // Fewer bytes than promised must look like a failure to the client, so the connection breaks instead of ending.
  if (promised === null ? over : sent === promised) response.end()
  else response.destroy()
  return 'sent'
}

/** The file as far as it is held; `ended`: that is all of it. */
async function beginning(file: DiskFile, size: number): Promise<{ bytes: Buffer; ended: boolean }> {
  const whole = Buffer.allocUnsafeSlow(Math.min(Math.max(size + 1, 64 * 1024), heldLimit))
  let length = 0
  while (length < whole.length) {
    const count = await file.read(whole.subarray(length))
    if (count === 0) return { bytes: whole.subarray(0, length), ended: true }
    length += count
  }
  return { bytes: whole, ended: false }
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

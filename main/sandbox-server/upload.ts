import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Call } from './call.ts'
import { open, stat } from './disk.ts'
import type { DiskFile } from './disk.ts'
import { errorCode, fileFailure } from './file-error.ts'
import { makeDirectories } from './make-directories.ts'
import { MultipartError, boundaryOf, readMultipart } from './multipart.ts'
import type { PartHead, PartSink } from './multipart.ts'
import { InvalidRequest, ok } from './reply.ts'
import type { Reply } from './reply.ts'
import { work } from './router.ts'
import type { Route } from './router.ts'
import type { Workspace } from './workspace.ts'
import { discard, moveFile } from './write-file.ts'

/** Bytes of a form field that is no file. */
const fieldLimit = 64 * 1024

/** The file as far as it has come: beside its place where that is known already, in the temporary directory otherwise. */
interface Received { readonly handle: DiskFile; readonly path: string; readonly filename: string; size: number }

export function uploadRoutes(workspace: Workspace): Route[] {
  return [work('POST', '/v1/file/upload', 'Upload a file', (call) => upload(call, workspace))]
}

async function upload(call: Call, workspace: Workspace): Promise<Reply> {
  const boundary = boundaryOf(call.request.headers['content-type'])
  if (boundary === null) throw missing('file')
  const fields = new Map<string, string>()
  const asked = call.query.get('path')
  const query = asked === null ? null : call.place(asked)
  if (query !== null) fields.set('path', query)
  let received: Received | null = null

  const fileSink = async (head: PartHead): Promise<PartSink> => {
    const path = await scratch(fields.get('path'))
    const handle = await open(path, 'wx', 0o666)
    const file: Received = { handle, path, filename: basename(head.filename ?? 'upload') || 'upload', size: 0 }
    received = file
    return {
      data: async (chunk) => {
        await handle.write(chunk)
        file.size += chunk.length
      },
      end: () => handle.close(),
    }
  }

  const openPart = (head: PartHead): Promise<PartSink> => {
    if (head.name === 'file') {
      if (received) throw new MultipartError('There are two files')
      return fileSink(head)
    }
    return Promise.resolve(fieldSink(head.name, (value) => fields.set(head.name, head.name === 'path' ? call.place(value) : value)))
  }

  let place = query ?? workspace.path()
  try {
    // Not destroyed half-way: whoever is refused is still writing, and would see a broken connection instead of the reason.
    await readMultipart(call.request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>, boundary, openPart)
    const file = received as Received | null
    if (!file) throw missing('file')
    place = await destination(fields.get('path'), file.filename, workspace)
    await moveFile(file.path, place)
    return ok({ file_path: place, file_size: file.size, success: true }, 'File uploaded successfully')
  } catch (error) {
    call.request.resume()
    const file = received as Received | null
    if (file) {
      await file.handle.close().catch(() => undefined) // It may be closed already; the first error is the one to tell.
      await discard(file.path)
    }
    if (error instanceof MultipartError) throw new InvalidRequest([{ loc: ['body'], msg: error.message, type: 'multipart_invalid' }])
    if (error instanceof InvalidRequest || errorCode(error) === 'ECONNRESET') throw error
    return fileFailure(error, 'upload', fields.get('path') ?? place)
  }
}

function fieldSink(name: string, take: (value: string) => void): PartSink {
  const chunks: Buffer[] = []
  let size = 0
  return {
    data: (chunk) => {
      size += chunk.length
      if (size > fieldLimit) throw new MultipartError(`The field ${name} is too long`)
      chunks.push(Buffer.from(chunk))
      return Promise.resolve()
    },
    end: () => {
      take(Buffer.concat(chunks).toString('utf8'))
      return Promise.resolve()
    },
  }
}

/** Where a directory is meant, the file's own name (`blob` from the JavaScript SDK) is its name there. */
async function destination(path: string | undefined, filename: string, workspace: Workspace): Promise<string> {
  if (path === undefined || path === '') return join((await workspace.enter()).directory, filename)
  const directory = path.endsWith('/') || ((await stat(path).catch(() => null))?.isDirectory() ?? false)
  return directory ? join(path, filename) : path
}

async function scratch(path: string | undefined): Promise<string> {
  const name = `.upload-${randomBytes(8).toString('hex')}.tmp`
  if (path === undefined || path === '') return join(tmpdir(), name)
  const directory = path.endsWith('/') || ((await stat(path).catch(() => null))?.isDirectory() ?? false) ? path : dirname(path)
  await makeDirectories(directory)
  return join(directory, name)
}

function missing(field: string): InvalidRequest {
  return new InvalidRequest([{ loc: ['body', field], msg: 'Field required', type: 'missing' }])
}

import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { asBerthError, errorData, fail, fromErrorData } from '../../shared/errors.ts'

/** Streams what is behind a ticket into a file; half a file is never left under its name. */
export async function downloadTo(url: string, file: string): Promise<void> {
  const part = `${file}.part`
  try {
    const response = await answered(ask(url, 'GET', {}))
    await pipeline(response, createWriteStream(part, { flags: 'w' }))
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true })
    throw problem(error, 'downloaded')
  }
}

/** Streams a file to where a ticket leads. `onProgress`: bytes so far. */
export async function uploadFrom(url: string, file: string, onProgress: (done: number) => void): Promise<void> {
  try {
    const { size } = await stat(file)
    let done = 0
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        done += chunk.byteLength
        onProgress(done)
        next(null, chunk)
      },
    })
    const request = ask(url, 'PUT', { 'content-type': 'application/octet-stream', 'content-length': String(size) })
    const response = answered(request)
    // An early refusal breaks the pipe: then the answer says why.
    await Promise.all([pipeline(createReadStream(file), counted, request).catch(async (error: unknown) => {
      await response
      throw error
    }), response])
    await response.then((message) => message.resume())
  } catch (error) {
    throw problem(error, 'uploaded')
  }
}

function ask(url: string, method: string, headers: Record<string, string>): ClientRequest {
  return httpRequest(url, { method, headers, agent: false })
}

/** The response, once it says that all is well; else the engine's own error. */
async function answered(request: ClientRequest): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', reject)
    if (request.method === 'GET') request.end()
  })
  if ((response.statusCode ?? 500) < 300) return response
  let text = ''
  response.setEncoding('utf8')
  for await (const part of response) text += String(part)
  throw errorIn(text) ?? fail('FILE_FAILED', `The engine answered ${response.statusCode}`, { next: 'Try again.' })
}

function errorIn(text: string): Error | null {
  try {
    return fromErrorData(errorData.parse((JSON.parse(text) as { error: unknown }).error))
  } catch {
    // Not one of the engine's errors: the status says what there is to say.
    return null
  }
}

function problem(thrown: unknown, what: string): Error {
  const { code } = thrown as NodeJS.ErrnoException
  if (code === 'ENOSPC') return fail('DISK_FULL', `The file could not be ${what}: the disk is full`, { next: 'Free some space.', cause: thrown })
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return fail('FILE_DENIED', `The file could not be ${what}: this place does not allow it`, { next: 'Choose another.', cause: thrown })
  return asBerthError(thrown)
}

import { open, stat, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { fail } from '../../shared/errors.ts'
import type { BridgeClient } from '../bridge/client.ts'
import type { Picked } from './select.ts'

/** Bytes sent at once: well below the bridge's limit once they are base64. */
const partBytes = 6_291_456

/** Writes a stream of any length into a file of a sandbox, part by part. Returns the bytes written. */
export async function upload(
  client: BridgeClient,
  to: Picked & { path: string; append: boolean },
  source: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<number> {
  let parts: Buffer[] = []
  let held = 0
  let sent = 0
  let first = true

  async function send(): Promise<void> {
    const content = Buffer.concat(parts).toString('base64')
    parts = []
    held = 0
    const { size } = await client.call('write', { ...to, content, encoding: 'base64', append: to.append || !first }, { signal })
    first = false
    sent += size
  }

  for await (const data of source) {
    let rest = typeof data === 'string' ? Buffer.from(data) : (data as Buffer)
    while (held + rest.byteLength >= partBytes) {
      const room = partBytes - held
      parts.push(rest.subarray(0, room))
      rest = rest.subarray(room)
      await send()
    }
    parts.push(rest)
    held += rest.byteLength
  }
  // An empty source still makes, or empties, the file.
  if (held > 0 || first) await send()
  return sent
}

/** A file of a sandbox, whatever its size: it is never held as a whole, here or in the engine. Returns its size. */
export async function download(client: BridgeClient, from: Picked & { path: string }, take: (bytes: Buffer) => Promise<void>, signal: AbortSignal): Promise<number> {
  const { size } = await client.call('read', { ...from, encoding: 'base64' }, { signal, onChunk: ({ content }) => take(Buffer.from(content, 'base64')) })
  return size
}

/** The same into a file of this machine, which is touched when there is something to write; a new one that did not come whole is not kept. */
export async function downloadTo(file: string, client: BridgeClient, from: Picked & { path: string }, signal: AbortSignal): Promise<number> {
  const isNew = !(await stat(file).catch(() => null))
  const local = async <T>(work: Promise<T>): Promise<T> =>
    await work.catch((cause: unknown) => {
      throw cannotUse(file, cause)
    })
  let to: FileHandle | null = null
  try {
    const size = await download(client, from, async (bytes) => {
      to ??= await local(open(file, 'w'))
      await local(to.writeFile(bytes))
    }, signal)
    if (size === 0) to ??= await local(open(file, 'w'))
    return size
  } catch (error) {
    if (isNew && to) await unlink(file).catch(() => undefined) // The first error is the one to tell.
    throw error
  } finally {
    await (to as FileHandle | null)?.close()
  }
}

export function cannotUse(file: string, cause: unknown): Error {
  return fail('FILE_FAILED', `The file ${file} of this machine cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
    next: 'Check its path and permissions.',
    cause,
  })
}

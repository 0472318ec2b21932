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

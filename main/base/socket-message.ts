import type { RawData } from 'ws'
import { parseJson } from '../../shared/parse-json.ts'

/** What a WebSocket's text message says; null where it is no JSON. */
export function parseMessage(data: RawData): unknown {
  const text = Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data as Buffer).toString('utf8')
  try {
    return parseJson(text)
  } catch {
    // Not JSON, or deeper than anything that is meant, so no frame: whoever reads it says so to the sender.
    return null
  }
}

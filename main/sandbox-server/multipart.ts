/** One part of a form: `data` may come any number of times, `end` once. */
export interface PartSink {
  data(chunk: Buffer): Promise<void>
  end(): Promise<void>
}

export interface PartHead { readonly name: string; readonly filename: string | null }

/** Bytes of a part's head, and of what comes before the first boundary. */
const headLimit = 16 * 1024

export class MultipartError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'MultipartError'
  }
}

/** The boundary of `multipart/form-data; boundary=...`, quoted or not; null for another type. */
export function boundaryOf(contentType: string | undefined): string | null {
  if (!contentType || !/^multipart\/form-data\s*;/i.test(contentType)) return null
  const match = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType)
  return match?.[1] ?? match?.[2] ?? null
}

/** Reads a form piece by piece: no part is ever in memory as a whole, and the source is read only as fast as sinks write. */
export async function readMultipart(source: AsyncIterable<unknown>, boundary: string, open: (head: PartHead) => Promise<PartSink>): Promise<void> {
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  // The first boundary has no line end before it; with this one it is like the others.
  let rest: Buffer = Buffer.from('\r\n')
  let state: 'preamble' | 'head' | 'body' | 'done' = 'preamble'
  let sink: PartSink | null = null

  for await (const chunk of source) {
    if (state === 'done') continue
    rest = Buffer.concat([rest, chunk as Buffer])
    for (let more = true; more; ) {
      more = false
      if (state === 'preamble' || state === 'body') {
        const at = rest.indexOf(delimiter)
        // What may be the start of a delimiter stays until the rest of it is there.
        const safe = at >= 0 ? at : Math.max(0, rest.length - delimiter.length - 2)
        if (state === 'body' && safe > 0) await sink?.data(rest.subarray(0, safe))
        rest = rest.subarray(safe)
        if (at < 0 || rest.length < delimiter.length + 2) continue
        const after = rest.subarray(delimiter.length, delimiter.length + 2).toString('latin1')
        await sink?.end()
        sink = null
        rest = rest.subarray(delimiter.length)
        state = after === '--' ? 'done' : 'head'
        more = state === 'head'
      } else if (state === 'head') {
        const end = rest.indexOf('\r\n\r\n')
        if (end < 0) {
          if (rest.length > headLimit) throw new MultipartError('The head of a part is too long')
          continue
        }
        sink = await open(parseHead(rest.subarray(0, end).toString('utf8')))
        rest = rest.subarray(end + 4)
        state = 'body'
        more = true
      }
    }
  }
  if (state !== 'done') throw new MultipartError('The form ends before its last boundary')
}

function parseHead(head: string): PartHead {
  const line = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? ''
  const name = /;\s*name="((?:[^"\\]|\\.)*)"/i.exec(line)?.[1] ?? /;\s*name=([^;\s]+)/i.exec(line)?.[1]
  const filename = /;\s*filename="((?:[^"\\]|\\.)*)"/i.exec(line)?.[1] ?? /;\s*filename=([^;\s]+)/i.exec(line)?.[1] ?? null
  if (name === undefined) throw new MultipartError('A part has no name')
  return { name: unescape(name), filename: filename === null ? null : unescape(filename) }
}

/** Browsers and SDKs write a quote as `%22`, some as `\"`. */
function unescape(value: string): string {
  return value.replaceAll('%22', '"').replaceAll(/\\(.)/g, '$1')
}

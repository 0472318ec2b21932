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
  const extended = extendedValue(/;\s*filename\*=\s*([^;\s]+)/i.exec(line)?.[1])
  if (name === undefined) throw new MultipartError('A part has no name')
  return { name: unescape(name), filename: extended ?? (filename === null ? null : encodedWords(unescape(filename))) }
}

/** `utf-8''%e6%97%a5.txt` of RFC 8187; beside a plain name it is the one that is meant. Null where it is none. */
function extendedValue(value: string | undefined): string | null {
  const match = /^"?(utf-8|iso-8859-1)'[^']*'([^"]*)"?$/i.exec(value ?? '')
  if (!match) return null
  return escaped(match[2] ?? '', '%').toString(encodingOf(match[1]))
}

/** `=?utf-8?B?5pel?=` of RFC 2047, which .NET writes where a name is not ASCII. */
function encodedWords(name: string): string {
  const words = /^(?:=\?(utf-8|iso-8859-1)\?([bq])\?([^?]*)\?=\s*)+$/i
  if (!words.test(name)) return name
  const pieces = [...name.matchAll(/=\?(utf-8|iso-8859-1)\?([bq])\?([^?]*)\?=/gi)].map(([, charset = '', form = '', text = '']) => ({
    encoding: encodingOf(charset),
    bytes: form.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : escaped(text.replaceAll('_', ' '), '='),
  }))
  // A letter may be cut in two between words of the same kind.
  return Buffer.concat(pieces.map((each) => each.bytes)).toString(pieces[0]?.encoding)
}

function encodingOf(charset: string | undefined): 'utf8' | 'latin1' {
  return charset?.toLowerCase() === 'utf-8' ? 'utf8' : 'latin1'
}

/** The bytes that `%e6` or `=E6` stand for, the rest as it is. */
function escaped(text: string, mark: '%' | '='): Buffer {
  return Buffer.from(text.replaceAll(new RegExp(`${mark}([0-9a-f]{2})`, 'gi'), (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))), 'latin1')
}

/** Browsers and SDKs write a quote as `%22`, some as `\"`. */
function unescape(value: string): string {
  return value.replaceAll('%22', '"').replaceAll(/\\(.)/g, '$1')
}

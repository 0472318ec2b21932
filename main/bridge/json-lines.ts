import { StringDecoder } from 'node:string_decoder'

/** The lines of a stream of bytes, without their ends; empty ones are skipped. */
export async function* jsonLines(source: AsyncIterable<unknown>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let parts: string[] = []
  for await (const bytes of source) {
    const lines = decoder.write(bytes as Buffer).split('\n')
    const rest = lines.pop() ?? ''
    for (const line of lines) {
      parts.push(line)
      const whole = parts.join('')
      parts = []
      if (whole !== '') yield whole
    }
    if (rest !== '') parts.push(rest)
  }
  const last = parts.join('') + decoder.end()
  if (last !== '') yield last
}

import { isUtf8 } from 'node:buffer'
import { fail } from '../../shared/errors.ts'

/**
 * The text of a configuration file. Throws BAD_CONFIG where it is not UTF-8: read all the same, its letters would be other
 * ones, and an edit would write these back.
 */
export function configText(bytes: Buffer, path: string): string {
  const [first, second] = bytes
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw fail('BAD_CONFIG', `${path} is UTF-16, as some shells write it with \`>\``, { next: 'Save it as UTF-8.', details: { file: path } })
  }
  if (!isUtf8(bytes)) {
    const line = firstStrangeLine(bytes)
    throw fail('BAD_CONFIG', `${path}:${line}: a letter is not UTF-8; it may be Latin-1`, { next: 'Save the file as UTF-8.', details: { file: path, line } })
  }
  return bytes.toString('utf8')
}

function firstStrangeLine(bytes: Buffer): number {
  let line = 1
  for (let from = 0; from < bytes.length; line += 1) {
    const newline = bytes.indexOf(10, from)
    const end = newline < 0 ? bytes.length : newline
    if (!isUtf8(bytes.subarray(from, end))) return line
    from = end + 1
  }
  return line
}

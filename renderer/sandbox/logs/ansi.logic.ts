/** How a run of text looks. Colours are names of `--ansi-*` tokens, or `rgb(…)` of the wider palettes. */
export interface Look {
  readonly color?: string | undefined
  readonly back?: string | undefined
  readonly bold?: boolean | undefined
  readonly dim?: boolean | undefined
  readonly italic?: boolean | undefined
  readonly underline?: boolean | undefined
  readonly strike?: boolean | undefined
  readonly inverse?: boolean | undefined
}

export interface Run {
  readonly text: string
  readonly look: Look
}

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

/**
 * Escape sequences of ECMA-48, 5.4 (CSI), 5.6 (OSC, DCS, SOS, PM, APC: ended by ST or, as xterm has it, BEL), the rest two or three
 * characters; then the C0 and C1 controls other than the tab. An unfinished sequence takes the rest of the line.
 */
const escapes =
  // oxlint-disable-next-line no-control-regex -- controls are what it is about
  /\x1b\[([0-?]*)([ -/]*)([@-~]|$)|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)|\x1b[ -/]*(?:[0-~]|$)|\x9b[0-?]*[ -/]*(?:[@-~]|$)|[\x00-\x08\x0a-\x1f\x7f-\x9f]/g
// oxlint-disable-next-line no-control-regex -- as above
const any = /[\x00-\x08\x0a-\x1f\x7f-\x9f]/

/** A line as runs of text. Only colours and weights are followed; every other escape sequence and control is taken out. */
export function runsOf(line: string): Run[] {
  if (!any.test(line)) return line === '' ? [] : [{ text: line, look: {} }]
  const runs: Run[] = []
  let look: Look = {}
  let from = 0
  const add = (text: string) => {
    if (text === '') return
    const last = runs.at(-1)
    if (last && last.look === look) runs[runs.length - 1] = { text: last.text + text, look }
    else runs.push({ text, look })
  }
  for (const found of line.matchAll(escapes)) {
    add(line.slice(from, found.index))
    from = found.index + found[0].length
    if (found[3] === 'm' && found[2] === '') look = styled(look, found[1] ?? '')
  }
  add(line.slice(from))
  return runs
}

/** The text of a line, as it is searched and copied. */
export function plainOf(line: string): string {
  return any.test(line) ? line.replace(escapes, '') : line
}

function styled(look: Look, parameters: string): Look {
  // 4:3 (a curly underline) is an underline; 38:2::r:g:b is 38;2;r;g;b.
  const codes = parameters.split(';').flatMap((part) => {
    const [first = '', ...rest] = part.split(':')
    if (first !== '38' && first !== '48') return [Number(rest[0] === '0' ? 24 : first)]
    return [Number(first), ...(rest.length > 4 ? [rest[0], ...rest.slice(2)] : rest).map(Number)]
  })
  let next: Look = look
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0
    if (code === 38 || code === 48) {
      const wide = codes[at + 1] === 5 ? indexed(codes[at + 2]) : codes[at + 1] === 2 ? rgb(codes.slice(at + 2, at + 5)) : undefined
      at += codes[at + 1] === 5 ? 2 : codes[at + 1] === 2 ? 4 : 0
      if (wide !== undefined) next = code === 38 ? { ...next, color: wide } : { ...next, back: wide }
    } else next = one(next, code)
  }
  return next
}

function one(look: Look, code: number): Look {
  if (code === 0) return {}
  if (code === 1) return { ...look, bold: true }
  if (code === 2) return { ...look, dim: true }
  if (code === 3) return { ...look, italic: true }
  if (code === 4 || code === 21) return { ...look, underline: true }
  if (code === 7) return { ...look, inverse: true }
  if (code === 9) return { ...look, strike: true }
  if (code === 22) return { ...look, bold: undefined, dim: undefined }
  if (code === 23) return { ...look, italic: undefined }
  if (code === 24) return { ...look, underline: undefined }
  if (code === 27) return { ...look, inverse: undefined }
  if (code === 29) return { ...look, strike: undefined }
  if (code === 39) return { ...look, color: undefined }
  if (code === 49) return { ...look, back: undefined }
  if (code >= 30 && code <= 37) return { ...look, color: token(code - 30) }
  if (code >= 40 && code <= 47) return { ...look, back: token(code - 40) }
  if (code >= 90 && code <= 97) return { ...look, color: token(code - 90 + 8) }
  if (code >= 100 && code <= 107) return { ...look, back: token(code - 100 + 8) }
  return look
}

function token(index: number): string {
  return `var(--ansi-${index >= 8 ? 'bright-' : ''}${names[index % 8]})`
}

/** xterm's palette of 256: 16 named, a cube of 6 a side, 24 greys. */
function indexed(index: number | undefined): string | undefined {
  if (index === undefined || !Number.isInteger(index) || index < 0 || index > 255) return undefined
  if (index < 16) return token(index)
  if (index >= 232) return rgb([8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10])
  const step = (value: number) => (value === 0 ? 0 : 55 + value * 40)
  const cube = index - 16
  return rgb([step(Math.floor(cube / 36)), step(Math.floor(cube / 6) % 6), step(cube % 6)])
}

function rgb(parts: readonly number[]): string | undefined {
  if (parts.length !== 3 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined
  return `rgb(${parts.join(' ')})`
}

/** How deep arrays and objects of a message from outside may nest: no call needs a tenth, and what walks a value would run out of stack. */
export const deepestJson = 100

/** Thrown by `parseJson` for what nests deeper; what is no JSON throws a SyntaxError. */
export class TooDeep extends Error {
  constructor() {
    super(`Arrays and objects nest deeper than ${deepestJson} levels`)
    this.name = 'TooDeep'
  }
}

/** JSON from outside: whatever comes back may be walked by recursion. */
export function parseJson(text: string): unknown {
  refuseDeep(text)
  return JSON.parse(text) as unknown
}

function refuseDeep(text: string): void {
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) {
      at = endOfString(text, at)
      if (at < 0) return
    } else if (code === 0x5b || code === 0x7b) {
      depth += 1
      if (depth > deepestJson) throw new TooDeep()
    } else if (code === 0x5d || code === 0x7d) depth -= 1
  }
}

/** Where the string that begins there has its closing quote; -1: it has none. Most of a large body is one string, so it is hopped over. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes += 1
    if (backslashes % 2 === 0) return end
  }
  return -1
}

/** Longest text that is looked into: the answer to a terminal's sign of life is shorter. */
const lookedInto = 256

/**
 * Tells which of a WebSocket client's bytes somebody meant (RFC 6455 framing). Not: control frames, which browsers answer
 * by themselves, and `{"type":"pong"…}`, with which a terminal's page answers its server every few seconds. Called with each
 * chunk in order; what is no frame counts as meant.
 */
export function frameWatch(): (chunk: Buffer) => boolean {
  let head: number[] = []
  let need = 2
  let left = 0
  let frame = { counts: false, mask: [0, 0, 0, 0], text: null as number[] | null }

  function headDone(): void {
    const [first = 0, second = 0] = head
    const short = second & 127
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0
    const masked = (second & 128) !== 0
    const whole = 2 + extended + (masked ? 4 : 0)
    if (head.length < whole) {
      need = whole
      return
    }
    left = extended === 0 ? short : head.slice(2, 2 + extended).reduce((sum, byte) => sum * 256 + byte, 0)
    const opcode = first & 15
    const text = opcode === 1 && (first & 128) !== 0 && left <= lookedInto
    frame = { counts: opcode < 8 && !text, mask: masked ? head.slice(-4) : [0, 0, 0, 0], text: text ? [] : null }
    head = []
    need = 2
  }

  /** Whether the text of a frame that just ended is more than a sign of life. */
  function meant(): boolean {
    if (frame.text === null) return frame.counts
    const text = String.fromCharCode(...frame.text.map((byte, at) => byte ^ (frame.mask[at % 4] ?? 0)))
    return !/^\s*\{\s*"type"\s*:\s*"pong"/.test(text)
  }

  return (chunk) => {
    let counts = false
    for (let at = 0; at < chunk.length; ) {
      if (left === 0) {
        head.push(chunk[at++] ?? 0)
        if (head.length < need) continue
        headDone()
        if (head.length === 0 && left === 0) counts ||= meant()
        continue
      }
      const take = Math.min(left, chunk.length - at)
      frame.text?.push(...chunk.subarray(at, at + take))
      at += take
      left -= take
      if (frame.text === null ? take > 0 : left === 0) counts ||= meant()
    }
    return counts
  }
}

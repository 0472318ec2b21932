import { describe, expect, it } from 'vitest'
import { frameWatch } from '../../../main/doors/bridge/sandbox-port/tunnel.ts'
import { seeded } from '../../support/seeded.ts'

/** One frame of RFC 6455, masked as a client's are. */
function frame(opcode: number, payload: Buffer | string, options: { fin?: boolean; masked?: boolean } = {}): Buffer {
  const body = Buffer.from(payload)
  const length =
    body.length < 126
      ? [body.length]
      : body.length < 65_536
        ? [126, body.length >> 8, body.length & 255]
        : [127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((by) => (body.length >>> by) & 255)]
  const mask = [7, 77, 177, 9]
  const masked = options.masked ?? true
  length[0] = (length[0] ?? 0) | (masked ? 128 : 0)
  const hidden = masked ? body.map((byte, at) => byte ^ (mask[at % 4] ?? 0)) : body
  return Buffer.concat([Buffer.from([(options.fin === false ? 0 : 128) | opcode, ...length, ...(masked ? mask : [])]), hidden])
}

const pong = '{"type":"pong","data":{"timestamp":1700000000000}}'

describe('bytes of a WebSocket client', () => {
  it.each<[string, Buffer, boolean]>([
    ['a ping', frame(9, 'x'), false],
    ['a pong', frame(10, ''), false],
    ['a close', frame(8, Buffer.from([3, 232])), false],
    ["a terminal's sign of life", frame(1, pong), false],
    ['one with spaces', frame(1, `{ "type" : "pong" }`), false],
    ['text', frame(1, '{"type":"input","data":"pong"}'), true],
    ['text without a mask', frame(1, 'hi', { masked: false }), true],
    ['no text at all', frame(1, ''), true],
    ['bytes', frame(2, Buffer.alloc(10)), true],
    ['much text', frame(1, 'x'.repeat(70_000)), true],
    ['a first part', frame(1, '{"type":"pong"', { fin: false }), true],
    ['a further part', frame(0, 'x'), true],
  ])('%s', (_name, bytes, meant) => {
    expect(frameWatch()(bytes)).toBe(meant)
    // Cut anywhere, it is the same.
    const watch = frameWatch()
    expect([...bytes].map((byte) => watch(Buffer.from([byte]))).some(Boolean)).toBe(meant)
  })

  it('are told apart in any order and however they are cut', () => {
    const random = seeded(4)
    for (let round = 0; round < 200; round += 1) {
      const parts = Array.from({ length: random.int(1, 6) }, () =>
        random.chance(0.8)
          ? { bytes: frame(random.pick([9, 10, 1]), pong), meant: false }
          : { bytes: frame(random.pick([1, 2]), 'z'.repeat(random.int(1, 400))), meant: true },
      )
      const all = Buffer.concat(parts.map(({ bytes }) => bytes))
      const watch = frameWatch()
      let seen = false
      for (let at = 0; at < all.length;) {
        const size = random.int(1, 40)
        seen = watch(all.subarray(at, at + size)) || seen
        at += size
      }
      expect(seen, `round ${round}`).toBe(parts.some(({ meant }) => meant))
    }
  })
})

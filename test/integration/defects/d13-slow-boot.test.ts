import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { variantImage } from '../../support/variant-image.ts'
import { eventually } from '../../support/wait.ts'
import { withHouse, works } from './with-house.ts'

const bootMs = 300

/**
 * Stands before the server's port and turns everybody away until 300 ms after the first who came: a boot of that
 * length, as seen by whoever waits for it, on a fast machine as on a slow one. Logs when it let the first one in.
 */
const doorkeeper = [
  'const net = require("net")',
  // Not a reset: that is asked again at once, which would hide the wait that is measured here.
  String.raw`const away = "HTTP/1.1 503 Not yet\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"`,
  'let first = null',
  'let open = false',
  'net.createServer((outer) => {',
  '  outer.on("error", () => outer.destroy())',
  '  first ??= performance.now()',
  `  if (performance.now() - first < ${bootMs}) return outer.once("data", () => outer.end(away))`,
  '  if (!open) console.log("let in after", performance.now() - first)',
  '  open = true',
  '  const inner = net.connect(8081)',
  '  inner.on("error", () => outer.destroy())',
  '  outer.on("close", () => inner.destroy())',
  '  outer.pipe(inner).pipe(outer)',
  '}).listen(8080)',
].join('\n')

/** A busy machine may spoil some; a step of a second spoils all. */
const rounds = 3

needs('docker', 'lite-image').describe('D13: a slow boot costs its own time, not the next tick of a clock', () => {
  it('what is usable after 300 ms is found soon after them', async () => {
    const image = await variantImage((server) => `PUBLIC_PORT=8081 ${server} & exec node -e '${doorkeeper}'`)
    try {
      await withHouse({ sandbox: { image: image.name }, config: 'stop_grace: 0' }, async (house) => {
        let best = Infinity
        for (let round = 0; round < rounds && best > 1.5; round += 1) {
          const thread = `t${round}`
          await house.engine.call('acquire', { thread })
          expect(await works(house, thread)).toBe('works 0')
          const took = await eventually('the log says when it was let in', async () => {
            const { lines } = await house.engine.call('logs', { thread })
            return Number(lines.join('\n').match(/let in after (\S+)/)?.[1] ?? 0) || undefined
          })
          best = Math.min(best, took / bootMs)
        }
        // A step of a second makes it more than three times as long.
        expect(best).toBeLessThan(2)
      })
    } finally {
      await image.remove()
    }
  })
})

import { expect, it } from 'vitest'
import { needs } from '../../support/parts.ts'
import { variantImage } from '../../support/variant-image.ts'
import { withHouse } from './with-house.ts'

/** Answers `/v1/sandbox` at once and everything else with 500, for as long as AIO images do while they boot. */
const herald = [
  'const http = require("http")',
  'const server = http.createServer((request, response) => {',
  '  const early = request.url === "/v1/sandbox"',
  '  response.writeHead(early ? 200 : 500, { "content-type": "application/json", connection: "close" })',
  '  response.end(JSON.stringify(early ? { success: true, data: {} } : { detail: "not yet" }))',
  '})',
  'server.listen(8080)',
  'setTimeout(() => process.exit(0), 1500)',
].join('\n')

needs('docker', 'lite-image').describe('D20: an answered readiness question is not yet a usable sandbox', () => {
  it('the first command after an acquire works, though the server said 200 long before it could run one', async () => {
    const image = await variantImage((server) => `node -e '${herald}'; exec ${server}`)
    try {
      await withHouse({ sandbox: { image: image.name } }, async ({ engine }) => {
        await engine.call('acquire', { thread: 't' })
        await expect(engine.call('exec', { thread: 't', command: 'echo first' })).resolves.toMatchObject({ stdout: 'first\n', exit_code: 0 })
      })
    } finally {
      await image.remove()
    }
  })
})

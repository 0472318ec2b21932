import { request } from 'undici'
import { z } from 'zod'
import type { Found } from '../../main/backends/backend.ts'
import { eventually } from './wait.ts'

/** How a test reaches into a sandbox. A simulated engine brings its own; real ones are reached over HTTP. */
export interface Talk {
  /** Status of GET /v1/sandbox with this key, null: no answer within `timeoutMs`. */
  status(found: Found, key: string | null, timeoutMs: number): Promise<number | null>
  /** Runs a bash command line inside and waits for its end. */
  exec(found: Found, key: string, command: string): Promise<{ exitCode: number | null; stdout: string; stderr: string }>
}

const execAnswer = z.object({
  data: z.object({ exit_code: z.number().nullable(), stdout: z.string().nullable(), stderr: z.string().nullable() }),
})

/** By HTTP, as `sandbox-api.md` describes it: `X-AIO-API-Key`, `/v1/sandbox`, `/v1/bash/exec`. Never by a proxy. */
export function httpTalk(): Talk {
  const headers = (key: string | null) => (key === null ? {} : { 'x-aio-api-key': key })
  const url = (found: Found, path: string) => {
    if (found.url === null) throw new Error(`${found.name} has no url (state ${found.state})`)
    return found.url + path
  }
  return {
    async status(found, key, timeoutMs) {
      const at = url(found, '/v1/sandbox')
      try {
        const answer = await request(at, { headers: headers(key), signal: AbortSignal.timeout(timeoutMs), reset: true })
        await answer.body.dump()
        return answer.statusCode
      } catch {
        // No answer is this function's own result; a wrong url was thrown above.
        return null
      }
    },
    async exec(found, key, command) {
      const answer = await request(url(found, '/v1/bash/exec'), {
        method: 'POST',
        headers: { ...headers(key), 'content-type': 'application/json' },
        body: JSON.stringify({ command }),
        signal: AbortSignal.timeout(30_000),
        reset: true,
      })
      const text = await answer.body.text()
      if (answer.statusCode !== 200) throw new Error(`exec answered ${answer.statusCode}: ${text}`)
      const { data } = execAnswer.parse(JSON.parse(text))
      return { exitCode: data.exit_code, stdout: data.stdout ?? '', stderr: data.stderr ?? '' }
    },
  }
}

/** Waits until the sandbox answers with 200. */
export async function untilReady(talk: Talk, found: Found, key: string): Promise<void> {
  await eventually(`${found.name} is ready`, async () => (await talk.status(found, key, 2_000)) === 200)
}

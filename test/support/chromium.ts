import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { browserPath } from '../../scripts/suites/machine.ts'
import { tempDir } from './temp-dir.ts'
import { within } from './wait.ts'

export interface Page {
  /** Loads an address, as if it had been typed; resolves when what came has been loaded, an error page too. */
  goto(url: string): Promise<void>
  /** The value of an expression in the page, awaited; JSON only. */
  evaluate(expression: string): Promise<unknown>
}

export interface Browser {
  page(): Promise<Page>
  close(): Promise<void>
}

/** A real Chromium without a window, driven over its debugging protocol: no more of it than these tests need. */
export async function openChromium(): Promise<Browser> {
  const profile = await tempDir('chromium')
  const child = spawn(
    browserPath() ?? 'chromium',
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--no-proxy-server',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile.path}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  )
  const lines = createInterface(child.stderr)
  const address = await within(
    60_000,
    'Chromium starts',
    (async () => {
      for await (const line of lines) {
        const found = /DevTools listening on (ws:\S+)/.exec(line)?.[1]
        if (found !== undefined) return found
      }
      throw new Error('Chromium ended at once')
    })(),
  )
  child.stderr.resume()
  const socket = new WebSocket(address)
  await once(socket, 'open')
  const waiting = new Map<number, (message: { result?: unknown; error?: { message: string } }) => void>()
  const listeners = new Set<(event: { method: string; sessionId?: string }) => void>()
  let last = 0
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(String(data)) as { id?: number; method?: string; sessionId?: string; result?: unknown; error?: { message: string } }
    if (message.id !== undefined) waiting.get(message.id)?.(message)
    else if (message.method !== undefined) for (const listener of listeners) listener({ ...message, method: message.method })
  })

  function send<T>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    const id = ++last
    socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }))
    return within(
      30_000,
      method,
      new Promise<T>((resolve, reject) => {
        waiting.set(id, ({ result, error }) => {
          waiting.delete(id)
          if (error) reject(new Error(`${method}: ${error.message}`))
          else resolve(result as T)
        })
      }),
    )
  }

  return {
    async page() {
      const { targetId } = await send<{ targetId: string }>('Target.createTarget', { url: 'about:blank' })
      const { sessionId } = await send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
      await send('Page.enable', {}, sessionId)
      return {
        async goto(url) {
          // An interface that comes or goes, as for a container of another test, ends every request of a browser's: it goes there again.
          for (let problem: string | undefined = 'net::ERR_NETWORK_CHANGED', tries = 0; problem === 'net::ERR_NETWORK_CHANGED' && tries < 4; tries += 1) {
            const loaded = new Promise<void>((resolve) => {
              const listener = (event: { method: string; sessionId?: string }): void => {
                if (event.sessionId !== sessionId || event.method !== 'Page.loadEventFired') return
                listeners.delete(listener)
                resolve()
              }
              listeners.add(listener)
            })
            problem = (await send<{ errorText?: string }>('Page.navigate', { url }, sessionId)).errorText
            await within(30_000, `${url} loads`, loaded)
          }
          // A page that goes on by itself does so now.
          await sleep(300)
        },
        async evaluate(expression) {
          const { result, exceptionDetails } = await send<{ result: { value?: unknown }; exceptionDetails?: { exception?: { description?: string } } }>(
            'Runtime.evaluate',
            { expression, awaitPromise: true, returnByValue: true, userGesture: true },
            sessionId,
          )
          if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? 'the page threw')
          return result.value
        },
      }
    },
    async close() {
      const ended = once(child, 'exit')
      socket.close()
      // The command is a script around the browser, which has processes of its own: all of this group are ours.
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      await ended
      await profile.remove()
    },
  }
}

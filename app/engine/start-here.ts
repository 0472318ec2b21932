import type { Log } from '../../main/log.ts'
import type { Reached } from './link.ts'

/**
 * The engine in this process. It is loaded only here and only now: an attached shell never does. `attach` is for when another
 * process was faster.
 */
export async function startHere({ home, env, log, attach }: {
  home: string
  env: NodeJS.ProcessEnv
  log: Log
  attach: () => Promise<Reached | null>
}): Promise<Reached> {
  const { startEngine } = await import('../../main/engine.ts')
  for (;;) {
    const engine = await startEngine({ homeDir: home, env, log })
    if (!engine.attached) {
      const endpoint = await engine.endpoint('desktop')
      let ours = false
      const { promise: gone, resolve } = Promise.withResolvers<string>()
      void engine.closed.then(() => {
        if (!ours) resolve('it was shut down')
      })
      return {
        here: true,
        instance: engine.instance,
        endpoint,
        gone,
        async close(how) {
          ours = true
          for (const { id, error } of await engine.close(how)) log('warn', `${id} could not be ended, and is left to the next start: ${error}`)
        },
      }
    }
    await engine.close()
    const there = await attach()
    if (there) return there
  }
}

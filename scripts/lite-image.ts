// Makes the image berth-lite on the engine that answers, unless it has it: for `npm test`, and by hand.
import { openDocker } from '../main/backends/docker/docker-backend.ts'
import { liteFiles, liteName } from '../main/backends/docker/image/lite-build.ts'
import { systemClock } from '../main/base/clock.ts'
import { resources } from '../main/base/resources.ts'
import { version } from '../main/base/version.ts'
import { toErrorData } from '../shared/errors.ts'
import { root, say } from './lib/root.mjs'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort())

// The owner marks containers; none is made here, so any directory will do.
const owner = { installation: 'none', home: root }
const backend = await openDocker({ owner, version, clock: systemClock(), env: process.env, files: liteFiles(resources()) })
try {
  if (await backend.prepared(liteName)) {
    say(`the image ${liteName} is there`)
  } else {
    const started = performance.now()
    let shown = 0
    await backend.prepare(
      liteName,
      ({ text }) => {
        // debootstrap alone tells of hundreds of packages: a line now and then says that it goes on.
        if (performance.now() - shown < 3000) return
        shown = performance.now()
        say(text)
      },
      stop.signal,
    )
    say(`the image ${liteName} was made in ${Math.round((performance.now() - started) / 1000)} s`)
  }
} catch (error) {
  const { message, next, cause } = toErrorData(error)
  say([message, cause, next].filter(Boolean).join('\n  '))
  process.exitCode = 1
} finally {
  await backend.close()
}

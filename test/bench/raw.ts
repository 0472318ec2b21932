import type Docker from 'dockerode'
import { publishedPort } from '../../main/backends/docker/found.ts'
import { systemClock } from '../../main/base/clock.ts'
import { openSandbox } from '../../main/sandbox/open-sandbox.ts'
import { readiness } from '../../main/sandbox/readiness.ts'

export interface RawSandbox {
  readonly container: Docker.Container
  readonly url: string
}

/**
 * The engine's own API over one kept connection, with no Berth between: the same container as one of Berth's (its
 * configuration is copied from a living one), up to the same readiness.
 */
export async function rawStart(docker: Docker, like: Docker.ContainerInspectInfo, name: string): Promise<RawSandbox> {
  const { Image, Env, Labels: _labels, ExposedPorts, User, Entrypoint } = like.Config
  const container = await docker.createContainer({
    name,
    Image,
    Env,
    ExposedPorts,
    User,
    Entrypoint,
    Labels: { 'berth.bench': String(process.pid) },
    HostConfig: like.HostConfig,
  } as Docker.ContainerCreateOptions)
  await container.start()
  const info = await container.inspect()
  const port = publishedPort(info)
  const key = Env.find((line) => line.startsWith('SANDBOX_API_KEY='))?.slice('SANDBOX_API_KEY='.length) ?? null
  const clock = systemClock()
  const api = openSandbox({ address: { url: `http://127.0.0.1:${port}`, key }, clock })
  try {
    await readiness(api, { signal: new AbortController().signal, clock, timeoutMs: 60_000 })
  } finally {
    await api.close()
  }
  return { container, url: `http://127.0.0.1:${port}` }
}

/** One command by the engine's exec API, output read to its end, exit code asked: what `docker exec` does. */
export async function rawExec(container: Docker.Container, command: readonly string[]): Promise<number | null> {
  const exec = await container.exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true })
  const stream = await exec.start({ hijack: false, stdin: false })
  await new Promise<void>((resolve, reject) => {
    stream.on('end', resolve).on('error', reject).resume()
  })
  return (await exec.inspect()).ExitCode
}

/** Freezes or wakes by the engine's API; asked again where it still says that the last waking has not come through. */
export async function setPaused(container: Docker.Container, paused: boolean): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return void (await (paused ? container.pause() : container.unpause()))
    } catch (error) {
      const { statusCode } = error as { statusCode?: number }
      if ((statusCode !== 409 && statusCode !== 500) || tries >= 20) throw error
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
}

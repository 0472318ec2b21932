import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Progress } from '../../../../shared/sandbox.ts'
import { BerthError, fail } from '../../../../shared/errors.ts'
import type { Engine } from '../docker-engine.ts'
import { cancelled, diskFull, plain } from '../errors.ts'
import { type EngineLine, readEngineLines } from './engine-lines.ts'

/** Pulls an image. Ending the signal ends the request, upon which the engine stops the download. */
export async function pullImage(engine: Engine, image: string, auth: AuthOptions, report: (progress: Progress) => void, signal: AbortSignal): Promise<void> {
  const doing = `pull ${image}`
  const totals = layerTotals()
  try {
    const authconfig = await registryAuth(image, auth)
    const stream = await engine.call<NodeJS.ReadableStream>(
      doing,
      60_000,
      () => engine.docker.createImage({ fromImage: tagged(image), ...(authconfig ? { authconfig } : {}), abortSignal: signal }),
      { signal },
    )
    await readEngineLines(stream, signal, (line) => report({ type: 'progress', step: 'image-pull', ...totals(image, line) }))
  } catch (thrown) {
    if (signal.aborted) throw cancelled(doing)
    throw pullFailure(image, thrown)
  }
}

/** Without a tag or digest the engine would pull every tag there is. */
export function tagged(image: string): string {
  return image.includes('@') || /:[^/]+$/.test(image) ? image : `${image}:latest`
}

/** Adds up what the engine says of each layer, which becomes known one by one. */
export function layerTotals(): (image: string, line: EngineLine) => Pick<Progress, 'text' | 'done' | 'total' | 'layers'> {
  const layers = new Map<string, { done: number; total: number }>()
  const steps = new Map<string, { step: string; done: number | null; total: number | null }>()
  return (image, line) => {
    const { current, total } = line.progressDetail ?? {}
    const before = line.id === undefined ? undefined : layers.get(line.id)
    if (line.id !== undefined && line.status === 'Downloading' && total) layers.set(line.id, { done: current ?? 0, total })
    else if (line.id !== undefined && before && /^(Download complete|Pull complete|Already exists)$/.test(line.status ?? '')) {
      layers.set(line.id, { done: before.total, total: before.total })
    }
    // "latest: Pulling from …" is about the image, and its id is the tag.
    if (line.id !== undefined && line.status && !line.status.startsWith('Pulling from')) {
      const size = layers.get(line.id)
      steps.set(line.id, { step: line.status, done: current ?? size?.done ?? null, total: total ?? size?.total ?? null })
    }
    let [done, all] = [0, 0]
    for (const layer of layers.values()) {
      done += layer.done
      all += layer.total
    }
    return {
      text: `Pulling ${image}: ${line.status ?? ''}`.trimEnd(),
      done: all > 0 ? done : null,
      total: all > 0 ? all : null,
      layers: [...steps].map(([id, it]) => ({ id, ...it })),
    }
  }
}

function pullFailure(image: string, thrown: unknown): BerthError {
  if (thrown instanceof BerthError && thrown.code !== 'ENGINE_FAILED') return thrown
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  if (/no space left on device|disk quota/i.test(text)) return diskFull(`pull ${image}`, text)
  const next = /unauthorized|denied|authentication/i.test(text)
    ? `Check the image's name; if it is private, run \`docker login\` and then \`docker pull ${image}\`.`
    : /manifest unknown|not found|does not exist|invalid reference|no matching manifest/i.test(text)
      ? 'Check the image’s name and tag in the configuration (`image`).'
      : `Check the network of the engine: \`docker pull ${image}\` must work. Without one, load it from a file: \`docker load -i FILE\`.`
  return fail('IMAGE_PULL_FAILED', `The image ${image} could not be pulled: ${text}`, { next, details: { image }, cause: plain(thrown) })
}

export interface AuthOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly userHome: string
}

interface Settings {
  auths?: Record<string, { auth?: string }>
  credsStore?: string
  credHelpers?: Record<string, string>
}

/** What `docker login` left for this image's registry, as the engine's X-Registry-Auth wants it; null: none. */
async function registryAuth(image: string, options: AuthOptions): Promise<{ username: string; password: string; serveraddress: string } | null> {
  const directory = options.env['DOCKER_CONFIG'] || join(options.userHome, '.docker')
  let settings: Settings
  try {
    settings = JSON.parse(await readFile(join(directory, 'config.json'), 'utf8')) as Settings
  } catch {
    // No logins; a pull without one works for public images, and its failure says what is wrong.
    return null
  }
  const server = serverOf(image)
  const helper = settings.credHelpers?.[server] ?? settings.credsStore
  if (helper && /^[a-z0-9.-]+$/i.test(helper)) {
    try {
      const asked = promisify(execFile)(`docker-credential-${helper}`, ['get'], { timeout: 10_000 })
      asked.child.stdin?.end(server)
      const found = JSON.parse((await asked).stdout) as { Username?: string; Secret?: string }
      if (found.Username && found.Secret) return { username: found.Username, password: found.Secret, serveraddress: server }
    } catch {
      // The helper knows no login for this registry, which it says by failing.
    }
  }
  const [username, ...rest] = Buffer.from(settings.auths?.[server]?.auth ?? '', 'base64')
    .toString('utf8')
    .split(':')
  return username && rest.length > 0 ? { username, password: rest.join(':'), serveraddress: server } : null
}

/** The registry as `docker login` files it. An image without a host in its name is Docker Hub's. */
export function serverOf(image: string): string {
  const first = image.split('/')[0] ?? ''
  return image.includes('/') && /[.:]|^localhost$/.test(first) ? first : 'https://index.docker.io/v1/'
}

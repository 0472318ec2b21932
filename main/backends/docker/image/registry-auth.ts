import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface AuthOptions { readonly env: Readonly<Record<string, string | undefined>>; readonly userHome: string }

interface Settings { auths?: Record<string, { auth?: string }>; credsStore?: string; credHelpers?: Record<string, string> }

/** What `docker login` left for this image's registry, as the engine's X-Registry-Auth wants it; null: none. */
export async function registryAuth(image: string, options: AuthOptions): Promise<{ username: string; password: string; serveraddress: string } | null> {
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
  const [username, ...rest] = Buffer.from(settings.auths?.[server]?.auth ?? '', 'base64').toString('utf8').split(':')
  return username && rest.length > 0 ? { username, password: rest.join(':'), serveraddress: server } : null
}

/** The registry as `docker login` files it. An image without a host in its name is Docker Hub's. */
export function serverOf(image: string): string {
  const first = image.split('/')[0] ?? ''
  return image.includes('/') && /[.:]|^localhost$/.test(first) ? first : 'https://index.docker.io/v1/'
}

import { spawnSync } from 'node:child_process'
import { request } from 'node:http'
import { onPath } from './debian.mjs'

/** Whether a container engine answers within 3 s, at DOCKER_HOST, the default socket or the current context. */
export async function dockerAnswers() {
  if ((await get('/_ping')) !== null) return true
  if (process.env.DOCKER_HOST || !onPath('docker')) return false
  // Contexts are files of the docker command's own; only it knows where this one leads.
  return spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { stdio: 'ignore', timeout: 3000 }).status === 0
}

/**
 * Whether the engine has an image of that name, with any tag.
 * @param {string} name
 */
export async function dockerHasImage(name) {
  const rows = await get(`/images/json?filters=${encodeURIComponent(JSON.stringify({ reference: [name] }))}`)
  return rows !== null && JSON.parse(rows).length > 0
}

/**
 * @param {string} path
 * @returns {Promise<string | null>} the body of a 200, null for anything else and where nothing answers
 */
function get(path) {
  const where = address()
  if (!where) return Promise.resolve(null)
  return new Promise((resolve) => {
    const call = request({ ...where, path, timeout: 3000 }, (answer) => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (data) => {
        body += data
      })
      answer.on('end', () => resolve(answer.statusCode === 200 ? body : null))
      answer.on('error', () => resolve(null))
    })
    call.on('timeout', () => call.destroy(new Error('no answer within 3 s')))
    call.on('error', () => resolve(null))
    call.end()
  })
}

function address() {
  const host = process.env.DOCKER_HOST
  if (!host) return { socketPath: process.platform === 'win32' ? '//./pipe/docker_engine' : '/var/run/docker.sock' }
  if (host.startsWith('unix://')) return { socketPath: host.slice('unix://'.length) }
  if (!host.startsWith('tcp://')) return null
  const url = new URL(host)
  return { host: url.hostname, port: url.port || 2375 }
}

import { onAbort } from '../../shared/abort.ts'
import { addressFor } from '../../shared/address.ts'
import { errorData, fail, fromErrorData } from '../../shared/errors.ts'
import type { Endpoint } from '../../shared/wire/endpoint.ts'
import type { Native } from './native.ts'

export interface BrowserOptions {
  readonly origin: string
  /** The engine of the moment; throws NOT_RUNNING without one. */
  readonly endpoint: () => Endpoint
  readonly window: Window
}

/** What a browser can do. Folders of the host it cannot open: then the page offers to copy the path. */
export function browserNative({ origin, endpoint, window }: BrowserOptions): Native {
  const { document, navigator } = window

  async function copy(text: string): Promise<void> {
    // On http to a name that is not this machine there is no clipboard.
    if (navigator.clipboard) return await navigator.clipboard.writeText(text)
    throw fail('NOT_SUPPORTED', 'This browser gives the page no clipboard', { next: 'Choose the text and copy it by hand.' })
  }

  async function ticket(sandbox: string, path: string, direction: 'download' | 'upload') {
    return await endpoint().call('ticket', { id: sandbox, path, direction })
  }

  function save(url: string, name: string): void {
    const link = document.createElement('a')
    link.href = url
    link.download = name
    link.rel = 'noopener'
    document.body.append(link)
    link.click()
    link.remove()
  }

  return {
    kind: 'browser',
    reveal: () => Promise.resolve(false),
    openDirectory: () => Promise.resolve(false),
    copy,
    async copyToken() {
      const { token } = await endpoint().call('token_copy', {})
      await copy(token)
    },
    copyAddress: async (sandbox, where) => await copy(addressFor(where, await endpoint().call('address_copy', { id: sandbox }))),
    async openLink(url) {
      if (!isSafeLink(url)) throw fail('BAD_INPUT', 'Only https links, and http on this machine, are opened', { next: 'Copy the link and look at it first.' })
      window.open(url, '_blank', 'noopener,noreferrer')
    },
    async download({ sandbox, path }) {
      const given = await ticket(sandbox, path, 'download')
      save(`${origin}${given.path}`, given.name)
      return true
    },
    async upload({ sandbox, directory }, files, onProgress, signal) {
      const total = files.reduce((sum, file) => sum + file.size, 0)
      const written: string[] = []
      let before = 0
      for (const file of files) {
        const path = joined(directory, file.name)
        const given = await ticket(sandbox, path, 'upload')
        await put(`${origin}${given.path}`, file, (done) => onProgress(before + done, total), signal)
        before += file.size
        onProgress(before, total)
        written.push(path)
      }
      return written
    },
    async saveText(name, text) {
      const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
      save(url, name)
      // The download has its own hold on the blob by then.
      setTimeout(() => URL.revokeObjectURL(url), 10_000)
      return true
    },
    setTheme: () => undefined,
    onCommand: () => () => undefined,
    shell: null,
  }
}

/** XMLHttpRequest, because fetch tells nothing of how far an upload is. The file is streamed from the disk. */
function put(url: string, file: File, onProgress: (done: number) => void, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancelled = () => fail('CANCELLED', `The upload of ${file.name} was stopped`, { next: 'Files that were done before are there.' })
    if (signal?.aborted) return reject(cancelled())
    const request = new XMLHttpRequest()
    request.open('PUT', url)
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.upload.addEventListener('progress', ({ loaded }) => onProgress(loaded))
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) return resolve()
      reject(refused(request.responseText, request.status))
    })
    const broke = () => reject(fail('NOT_RUNNING', `The upload of ${file.name} broke off`, { next: 'Try again.' }))
    request.addEventListener('error', broke)
    request.addEventListener('abort', () => reject(cancelled()))
    request.addEventListener(
      'loadend',
      onAbort(signal, () => request.abort()),
    )
    request.send(file)
  })
}

function refused(body: string, status: number): Error {
  let answer: unknown = null
  try {
    answer = (JSON.parse(body) as { error?: unknown }).error
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  const parsed = errorData.safeParse(answer)
  return parsed.success ? fromErrorData(parsed.data) : fail('INTERNAL', `The engine answered ${status}`, { next: 'Try again.' })
}

/** https anywhere, http only to this machine; no credentials in it. */
export function isSafeLink(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, hostname, username, password } = new URL(url)
  if (username !== '' || password !== '') return false
  if (protocol === 'https:') return true
  return protocol === 'http:' && (hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]' || hostname.endsWith('.localhost'))
}

/** A file's own name below a directory of the sandbox: what a browser calls it may hold no path. */
export function joined(directory: string, name: string): string {
  const own = name.split(/[\\/]/).pop() ?? name
  return `${directory.replace(/\/+$/, '')}/${own}`
}

import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createReadStream, createWriteStream } from 'node:fs'
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { errno } from '../../main/base/write-atomic.ts'
import { addressFor } from '../../shared/address.ts'
import { sandboxId } from '../../shared/identity.ts'
import type { HouseState } from '../../shared/state.ts'
import type { Endpoint } from '../../shared/wire/endpoint.ts'
import { asBerthError, errorData, fail, fromErrorData } from '../../shared/errors.ts'
import type { Desk, Dialogs, Theme } from '../system/system.ts'
import { type IssuedPaths, isWithin } from './issued.ts'
import { openable } from './open-link.ts'
import type { CallResult } from '../../shared/contract.ts'

export interface NativeDeps {
  readonly desk: Desk
  readonly dialogs: Dialogs
  readonly issued: IssuedPaths
  endpoint(): Endpoint
  state(): HouseState | null
  progress(transfer: number, done: number, total: number): void
  setTheme(theme: Theme): void
  startEngine(): Promise<void>
  retry(): void
  readonly settings: ShellSettings
}

export interface ShellSettings {
  read(): Promise<{ login: boolean | null; command: string | null; version: string; electron: string }>
  setLogin(on: boolean): Promise<void>
  installCommand(): Promise<string>
}

const text = z.string().max(4096)
const none = z.tuple([])
/** Of the page's: a file's name for a dialog, without what could lead elsewhere. */
const fileName = z
  .string()
  .min(1)
  .max(255)
  .transform((name) => path.basename(name.replaceAll('\\', '/')))

const inputs = {
  reveal: z.tuple([text]),
  openDirectory: z.tuple([text, text]),
  copy: z.tuple([z.string().max(16_777_216)]),
  copyToken: none,
  copyAddress: z.tuple([sandboxId, z.enum(['program', 'browser'])]),
  openLink: z.tuple([text]),
  download: z.tuple([z.object({ sandbox: text, path: text, name: fileName })]),
  upload: z.tuple([z.object({ sandbox: text, directory: text }), z.array(text).max(1000), z.number().int()]),
  saveText: z.tuple([fileName, z.string().max(67_108_864)]),
  setTheme: z.tuple([z.enum(['system', 'light', 'dark'])]),
  startEngine: none,
  retry: none,
  shellSettings: none,
  setLogin: z.tuple([z.boolean()]),
  installCommand: none,
} as const

type Inputs = { readonly [N in keyof typeof inputs]: z.output<(typeof inputs)[N]> }
type Native = { readonly [N in keyof Inputs]: (...args: Inputs[N]) => unknown }

/** The native things by name; what a page gives is checked before anything is done with it. */
export function nativeCalls(deps: NativeDeps): (name: string, args: readonly unknown[]) => Promise<unknown> {
  const { desk, dialogs, endpoint, issued, settings, state } = deps

  async function reveal(asked: string): Promise<boolean> {
    if (!(await issued.has(asked, state())))
      throw fail('FILE_DENIED', 'Only directories and files that Berth has named are shown', { next: 'Copy the path instead.' })
    desk.reveal(asked)
    return true
  }

  async function openDirectory(sandbox: string, which: string): Promise<boolean> {
    const known = state()
    if (!known) throw fail('NOT_RUNNING', 'Berth is not running', { next: 'Wait until it is back.' })
    const details = await endpoint().call('details', { id: sandbox })
    await desk.openDirectory(await threadDirectory({ home: known.house.home, details, which }))
    return true
  }

  async function ticket(sandbox: string, inside: string, direction: 'download' | 'upload'): Promise<string> {
    const url = state()?.house.url
    if (url === undefined) throw fail('NOT_RUNNING', 'Berth is not running', { next: 'Wait until it is back.' })
    return `${url}${(await endpoint().call('ticket', { id: sandbox, path: inside, direction })).path}`
  }

  async function download(file: { sandbox: string; path: string; name: string }): Promise<boolean> {
    const place = await dialogs.saveFile({ title: 'Save a file of the sandbox', name: file.name })
    if (place === null) return false
    // Only now: a ticket is good for 30 s, and a dialog may stay open for longer.
    await downloadTo(await ticket(file.sandbox, file.path, 'download'), place)
    return true
  }

  async function upload(to: { sandbox: string; directory: string }, files: readonly string[], transfer: number): Promise<string[]> {
    const sizes = await Promise.all(
      files.map(async (file) => {
        const facts = await stat(file)
        if (!facts.isFile()) throw fail('FILE_FAILED', `${path.basename(file)} is not a file`, { next: 'Choose files; a directory is uploaded as an archive.' })
        return facts.size
      }),
    )
    const total = sizes.reduce((sum, size) => sum + size, 0)
    const written: string[] = []
    let before = 0
    for (const [index, file] of files.entries()) {
      const inside = path.posix.join(to.directory, path.basename(file))
      await uploadFrom(await ticket(to.sandbox, inside, 'upload'), file, (done) => deps.progress(transfer, before + done, total))
      before += sizes[index] ?? 0
      written.push(inside)
    }
    return written
  }

  const natives: Native = {
    reveal,
    openDirectory,
    download,
    upload,
    copy: (it) => desk.copy(it),
    copyToken: async () => desk.copy((await endpoint().call('token_copy', {})).token),
    copyAddress: async (sandbox, where) => desk.copy(addressFor(where, await endpoint().call('address_copy', { id: sandbox }))),
    openLink: async (url) => desk.openLink(openable(url)),
    saveText: async (name, content) => {
      const place = await dialogs.saveFile({ title: 'Save', name })
      if (place !== null) await saveTextTo(place, content)
      return place !== null
    },
    setTheme: (theme) => deps.setTheme(theme),
    startEngine: () => deps.startEngine(),
    retry: () => deps.retry(),
    shellSettings: () => settings.read(),
    setLogin: (on) => settings.setLogin(on),
    installCommand: () => settings.installCommand(),
  }

  return async (name, args) => {
    if (!Object.hasOwn(inputs, name)) throw fail('NO_SUCH_CALL', `There is no native ${name}`, { next: 'Check that page and shell are of one version.' })
    const parsed = inputs[name as keyof Inputs].safeParse(args)
    if (!parsed.success) throw fail('BAD_INPUT', `${name} cannot take this`, { next: 'Check that page and shell are of one version.', cause: parsed.error })
    return await (natives[name as keyof Inputs] as (...given: readonly unknown[]) => unknown)(...parsed.data)
  }
}

const names = ['workspace', 'uploads', 'outputs'] as const

/**
 * The host directory of a sandbox to open in a file manager: one of its thread's three, as it is at this moment. What runs in
 * a sandbox owns what lies in its mount, and might have put a link there, to another thread's files even: so it must be a
 * directory itself and no link, and lie in the home. Throws FILE_DENIED or FILE_NOT_FOUND.
 */
export async function threadDirectory({
  home,
  details,
  which,
}: {
  home: string
  details: Pick<CallResult<'details'>, 'mounts'>
  which: string
}): Promise<string> {
  const name = names.find((one) => one === which)
  const mount = details.mounts.find(({ kind }) => kind === name)
  if (!name || !mount) throw fail('FILE_NOT_FOUND', 'This sandbox has no such directory', { next: 'Look at its Mounts.' })
  const [root, above, real] = await Promise.all([realpath(home), realpath(path.dirname(mount.host)), realpath(mount.host)]).catch((cause: unknown) => {
    throw fail('FILE_NOT_FOUND', `${mount.host} is not there`, { next: 'It is made when the sandbox starts.', cause })
  })
  const inside = isWithin(real, root) && real === path.join(above, path.basename(mount.host))
  if (!inside || !(await stat(real)).isDirectory()) {
    throw fail('FILE_DENIED', `${mount.host} leads somewhere else`, { next: 'Look at it in a terminal: something in the sandbox has replaced it.' })
  }
  return real
}

/** Streams what is behind a ticket into a file; half a file is never left under its name. */
async function downloadTo(url: string, file: string): Promise<void> {
  const part = `${file}.part`
  try {
    const response = await answered(ask(url, 'GET', {}))
    await pipeline(response, createWriteStream(part, { flags: 'w' }))
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true })
    throw problem(error, 'downloaded')
  }
}

/** Streams a file to where a ticket leads. `onProgress`: bytes so far. */
async function uploadFrom(url: string, file: string, onProgress: (done: number) => void): Promise<void> {
  try {
    const { size } = await stat(file)
    let done = 0
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        done += chunk.byteLength
        onProgress(done)
        next(null, chunk)
      },
    })
    const request = ask(url, 'PUT', { 'content-type': 'application/octet-stream', 'content-length': String(size) })
    const response = answered(request)
    // An early refusal breaks the pipe: then the answer says why.
    await Promise.all([
      pipeline(createReadStream(file), counted, request).catch(async (error: unknown) => {
        await response
        throw error
      }),
      response,
    ])
    await response.then((message) => message.resume())
  } catch (error) {
    throw problem(error, 'uploaded')
  }
}

function ask(url: string, method: string, headers: Record<string, string>): ClientRequest {
  return httpRequest(url, { method, headers, agent: false })
}

/** The response, once it says that all is well; else the engine's own error. */
async function answered(request: ClientRequest): Promise<IncomingMessage> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', reject)
    if (request.method === 'GET') request.end()
  })
  if ((response.statusCode ?? 500) < 300) return response
  let text = ''
  response.setEncoding('utf8')
  for await (const part of response) text += String(part)
  throw errorIn(text) ?? fail('FILE_FAILED', `The engine answered ${response.statusCode}`, { next: 'Try again.' })
}

function errorIn(text: string): Error | null {
  try {
    return fromErrorData(errorData.parse((JSON.parse(text) as { error: unknown }).error))
  } catch {
    // Not one of the engine's errors: the status says what there is to say.
    return null
  }
}

function problem(thrown: unknown, what: string): Error {
  const code = errno(thrown)
  if (code === 'ENOSPC') return fail('DISK_FULL', `The file could not be ${what}: the disk is full`, { next: 'Free some space.', cause: thrown })
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return fail('FILE_DENIED', `The file could not be ${what}: this place does not allow it`, { next: 'Choose another.', cause: thrown })
  return asBerthError(thrown)
}

/** Writes a text where a dialog said. */
export async function saveTextTo(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (cause) {
    throw fail('FILE_DENIED', `${file} could not be written`, { next: 'Choose another place.', cause })
  }
}

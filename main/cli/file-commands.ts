import { createReadStream } from 'node:fs'
import { type FileHandle, open, stat, unlink } from 'node:fs/promises'
import type { Command } from 'commander'
import { action, common, type Run } from './cli.ts'
import { byteSize, table, textFor, write } from './io.ts'
import { none, numeric, pick, type Picked, selectable, type SelectOptions, single, usage } from './select.ts'
import { fail } from '../../shared/errors.ts'
import type { BridgeClient } from '../doors/client/client.ts'

interface SearchOptions extends SelectOptions {
  readonly fixed?: boolean
  readonly ignoreCase?: boolean
  readonly include?: string[]
  readonly max?: number
}

/** Files of a sandbox. */
export function addFileCommands(program: Command, run: Run): void {
  selectable(common(program.command('read')))
    .description('print a file of a sandbox, byte by byte')
    .argument('[operands...]')
    .usage('(--thread T | ID) PATH')
    .option('-o, --output <file>', 'write it to this file instead')
    .option('--base64', 'with --json: the content as base64; needed where it is no text')
    .addHelpText('after', '\nExamples:\n  berth read --thread demo /mnt/user-data/outputs/report.pdf -o report.pdf\n')
    .action(
      action(run, async (cli, operands: string[], options: SelectOptions & { output?: string; base64?: boolean }) => {
        const { at, rest } = pick(options, operands)
        const path = single(rest, 'The path')
        const { output } = options
        if (cli.json && output === undefined) {
          const encoding = options.base64 ? 'base64' : 'utf-8'
          const got = await cli.withEngine((client) => client.call('read', { ...at, path, encoding }, { signal: cli.signal }))
          return await cli.show(got, () => '')
        }
        const from = { ...at, path }
        const size = await cli.withEngine((client) =>
          output === undefined ? download(client, from, (bytes) => write(cli.io.stdout, bytes), cli.signal) : downloadTo(output, client, from, cli.signal),
        )
        if (output !== undefined) await cli.show({ path, size, output }, () => `${byteSize(size)} written to ${output}\n`)
      }),
    )

  selectable(common(program.command('write')))
    .description('write standard input, or a file of this machine, to a file of a sandbox')
    .argument('[operands...]')
    .usage('(--thread T | ID) PATH')
    .option('-f, --file <file>', 'the file to send instead of standard input')
    .option('-a, --append', 'append to it')
    .addHelpText(
      'after',
      '\nExamples:\n  echo hi | berth write --thread demo /mnt/user-data/workspace/a\n  berth write --thread demo /mnt/user-data/uploads/b.zip -f b.zip\n',
    )
    .action(
      action(run, async (cli, operands: string[], options: SelectOptions & { file?: string; append?: boolean }) => {
        const { at, rest } = pick(options, operands)
        const path = single(rest, 'The path')
        const size = await cli.withEngine(async (client) => {
          const source = options.file === undefined ? cli.io.stdin : createReadStream(options.file)
          try {
            return await upload(client, { ...at, path, append: options.append === true }, source, cli.signal)
          } catch (thrown) {
            throw options.file !== undefined && isSystemError(thrown) ? cannotUse(options.file, thrown) : thrown
          }
        })
        await cli.show({ path, size }, () => `${byteSize(size)} written to ${path}\n`)
      }),
    )

  selectable(common(program.command('files')))
    .description('list a directory of a sandbox')
    .argument('[operands...]')
    .usage('(--thread T | ID) [PATH]')
    .option('-r, --recursive', 'with everything below it')
    .action(
      action(run, async (cli, operands: string[], options: SelectOptions & { recursive?: boolean }) => {
        const { at, rest } = pick(options, operands)
        const [path, ...more] = rest
        none(more)
        const got = await cli.withEngine((client) => client.call('files', { ...at, path, recursive: options.recursive === true }, { signal: cli.signal }))
        const rows = got.files.map((it) => [
          it.directory ? 'dir' : byteSize(it.size ?? 0),
          it.modified_at ?? '-',
          options.recursive ? it.path : it.name + (it.directory ? '/' : ''),
        ])
        await cli.show(got, () => (rows.length === 0 ? `${got.path} is empty.\n` : table(['SIZE', 'MODIFIED', 'NAME'], rows, textFor(cli.io.stdout))))
      }),
    )

  selectable(common(program.command('search')))
    .description('search files of a sandbox for lines that match a regular expression')
    .argument('[operands...]')
    .usage('(--thread T | ID) PATTERN [PATH]')
    .option('-F, --fixed', 'the pattern is plain text')
    .option('-i, --ignore-case', 'upper and lower case are the same')
    .option('-g, --include <glob>', 'only files like this; may be repeated', another)
    .option('-m, --max <lines>', 'matching lines at most (default: 200)', numeric)
    .addHelpText('after', "\nExamples:\n  berth search --thread demo 'def \\w+' /mnt/user-data/workspace -g '*.py'\n")
    .action(
      action(run, async (cli, operands: string[], options: SearchOptions) => {
        const { at, rest } = pick(options, operands)
        const [pattern, path, ...more] = rest
        if (pattern === undefined) throw usage('The pattern is missing')
        none(more)
        const { fixed = false, ignoreCase: ignore_case = false, include, max: max_results } = options
        const got = await cli.withEngine((client) =>
          client.call('search', { ...at, pattern, path, fixed, ignore_case, include, max_results }, { signal: cli.signal }),
        )
        const shown = textFor(cli.io.stdout, '\t')
        const lines = got.matches.map((it) => `${shown(it.file)}:${it.line}:${shown(it.text)}\n`)
        if (got.truncated && !cli.json) cli.io.stderr.write('There are more matches: raise --max, or search for less.\n')
        await cli.show(got, () => lines.join(''))
        return got.matches.length === 0 ? 1 : 0
      }),
    )
}

function another(value: string, all: string[] = []): string[] {
  return [...all, value]
}

function isSystemError(thrown: unknown): boolean {
  return thrown instanceof Error && 'syscall' in thrown
}

/** Bytes sent at once: well below the bridge's limit once they are base64. */
const partBytes = 6_291_456

/** Writes a stream of any length into a file of a sandbox, part by part. Returns the bytes written. */
export async function upload(
  client: BridgeClient,
  to: Picked & { path: string; append: boolean },
  source: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<number> {
  let parts: Buffer[] = []
  let held = 0
  let sent = 0
  let first = true

  async function send(): Promise<void> {
    const content = Buffer.concat(parts).toString('base64')
    parts = []
    held = 0
    const { size } = await client.call('write', { ...to, content, encoding: 'base64', append: to.append || !first }, { signal })
    first = false
    sent += size
  }

  for await (const data of source) {
    let rest = typeof data === 'string' ? Buffer.from(data) : (data as Buffer)
    while (held + rest.byteLength >= partBytes) {
      const room = partBytes - held
      parts.push(rest.subarray(0, room))
      rest = rest.subarray(room)
      await send()
    }
    parts.push(rest)
    held += rest.byteLength
  }
  // An empty source still makes, or empties, the file.
  if (held > 0 || first) await send()
  return sent
}

/** A file of a sandbox, whatever its size: it is never held as a whole, here or in the engine. Returns its size. */
async function download(client: BridgeClient, from: Picked & { path: string }, take: (bytes: Buffer) => Promise<void>, signal: AbortSignal): Promise<number> {
  const { size } = await client.call('read', { ...from, encoding: 'base64' }, { signal, onChunk: ({ content }) => take(Buffer.from(content, 'base64')) })
  return size
}

/** The same into a file of this machine, which is touched when there is something to write; a new one that did not come whole is not kept. */
async function downloadTo(file: string, client: BridgeClient, from: Picked & { path: string }, signal: AbortSignal): Promise<number> {
  const isNew = !(await stat(file).catch(() => null))
  const local = async <T>(work: Promise<T>): Promise<T> =>
    await work.catch((cause: unknown) => {
      throw cannotUse(file, cause)
    })
  let to: FileHandle | null = null
  try {
    const size = await download(
      client,
      from,
      async (bytes) => {
        to ??= await local(open(file, 'w'))
        await local(to.writeFile(bytes))
      },
      signal,
    )
    if (size === 0) to ??= await local(open(file, 'w'))
    return size
  } catch (error) {
    if (isNew && to) await unlink(file).catch(() => undefined) // The first error is the one to tell.
    throw error
  } finally {
    await (to as FileHandle | null)?.close()
  }
}

function cannotUse(file: string, cause: unknown): Error {
  return fail('FILE_FAILED', `The file ${file} of this machine cannot be used: ${cause instanceof Error ? cause.message : String(cause)}`, {
    next: 'Check its path and permissions.',
    cause,
  })
}

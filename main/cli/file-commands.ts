import { createReadStream } from 'node:fs'
import type { Command } from 'commander'
import { action, common, type Run } from './cli.ts'
import { write } from './io.ts'
import { none, numeric, pick, selectable, type SelectOptions, single, usage } from './select.ts'
import { byteSize, table, textFor } from './text.ts'
import { cannotUse, download, downloadTo, upload } from './transfer.ts'

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
          output === undefined ? download(client, from, (bytes) => write(cli.io.stdout, bytes), cli.signal) : downloadTo(output, client, from, cli.signal))
        if (output !== undefined) await cli.show({ path, size, output }, () => `${byteSize(size)} written to ${output}\n`)
      }),
    )

  selectable(common(program.command('write')))
    .description('write standard input, or a file of this machine, to a file of a sandbox')
    .argument('[operands...]')
    .usage('(--thread T | ID) PATH')
    .option('-f, --file <file>', 'the file to send instead of standard input')
    .option('-a, --append', 'append to it')
    .addHelpText('after', '\nExamples:\n  echo hi | berth write --thread demo /mnt/user-data/workspace/a\n  berth write --thread demo /mnt/user-data/uploads/b.zip -f b.zip\n')
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
        const got = await cli.withEngine((client) =>
          client.call('files', { ...at, path, recursive: options.recursive === true }, { signal: cli.signal }),
        )
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

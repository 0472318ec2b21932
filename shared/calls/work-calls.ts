import { z } from 'zod'
import { row } from '../call.ts'
import { selecting } from '../select.ts'

const atSandbox = ['SANDBOX_NOT_FOUND', 'SANDBOX_LOST', 'SANDBOX_UNREACHABLE', 'SANDBOX_FAILED', 'SANDBOX_REFUSED', 'TIMEOUT'] as const
const atFile = [...atSandbox, 'FILE_NOT_FOUND', 'FILE_DENIED', 'FILE_FAILED', 'TOO_LARGE'] as const
const path = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^\/[^\0]*$/, 'A path inside the sandbox is absolute')
  .describe('Absolute, inside the sandbox.')
/** Characters of output in one chunk: JSON writes some with six bytes, and clients have limits for a line. */
export const chunkLimit = 65_536
const glob = z.string().min(1).max(1000)

/** Agents at work: commands and files, all through the sandbox's own server. */
export const workCalls = {
  exec: row({
    summary: 'Run a command in a sandbox. Streams output where asked; keeps the exit code.',
    scope: 'agent',
    kind: 'write',
    repeats: false,
    input: selecting({
      command: z
        .union([z.string().min(1), z.array(z.string()).min(1)])
        .describe('A string is a bash command line; an array is run word by word, without a shell reading it.'),
      cwd: path.optional(),
      env: z
        .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string())
        .optional()
        .describe('For this command only.'),
      timeout: z.number().positive().max(86_400).optional().describe('Seconds; then the whole process group is killed.'),
      max_output: z
        .number()
        .int()
        .min(1024)
        .max(16_777_216)
        .default(1_048_576)
        .describe('Characters kept of each stream in the result; what is streamed is never cut.'),
      repeat_output: z.boolean().default(false).describe('In a stream: the result carries the output as well, as it does without one.'),
    }),
    result: z.object({
      exit_code: z.number().int().nullable().describe('null: it was ended from outside.'),
      status: z.enum(['completed', 'timed_out', 'killed']),
      stdout: z.string().describe('Empty where it was streamed: the chunks have it.'),
      stderr: z.string().describe('Empty where it was streamed: the chunks have it.'),
      truncated: z.boolean().describe('Something is left out of the output.'),
    }),
    errors: atSandbox,
    chunk: z.object({
      type: z.enum(['stdout', 'stderr']),
      data: z.string().max(chunkLimit).describe('In pieces: no line of a stream is longer than 512 KiB.'),
    }),
  }),
  read: row({
    summary:
      'Read a file in a sandbox. A stream carries one of any size, in chunks of base64, and ends with an empty `content`; an answer in one piece carries up to 100 MiB.',
    scope: 'agent',
    kind: 'read',
    repeats: true,
    input: selecting({ path, encoding: z.enum(['utf-8', 'base64']).default('utf-8') }),
    result: z.object({ path: z.string(), content: z.string(), encoding: z.enum(['utf-8', 'base64']), size: z.number().int() }),
    errors: atFile,
    chunk: z.object({ type: z.literal('data'), content: z.string().describe('base64.') }),
  }),
  write: row({
    summary: 'Write or append to a file in a sandbox; missing directories are made.',
    scope: 'agent',
    kind: 'write',
    repeats: false,
    input: selecting({
      path,
      content: z.string(),
      encoding: z.enum(['utf-8', 'base64']).default('utf-8'),
      append: z.boolean().default(false),
    }),
    result: z.object({ path: z.string(), size: z.number().int().describe('Bytes written by this call.') }),
    errors: atFile,
  }),
  files: row({
    summary: 'List a directory in a sandbox.',
    scope: 'agent',
    kind: 'read',
    repeats: true,
    input: selecting({
      path: path.default('/mnt/user-data/workspace'),
      recursive: z.stringbool().or(z.boolean()).default(false),
      hidden: z.stringbool().or(z.boolean()).default(true),
      glance: z.stringbool().or(z.boolean()).default(false).describe('Only a look: no activity, and a paused sandbox is not woken (SANDBOX_PAUSED).'),
    }),
    result: z.object({
      path: z.string(),
      files: z.array(
        z.object({
          name: z.string(),
          path: z.string(),
          directory: z.boolean(),
          size: z.number().nullable(),
          modified_at: z.string().nullable(),
        }),
      ),
    }),
    errors: [...atFile, 'SANDBOX_PAUSED'],
  }),
  search: row({
    summary: 'Search the files below a directory of a sandbox, or one file, for lines that match. Hidden files are searched, `.git` is not.',
    scope: 'agent',
    kind: 'read',
    repeats: true,
    input: selecting({
      pattern: z.string().min(1).max(10_000).describe('A regular expression of ripgrep (no look-around), or plain text with `fixed`.'),
      path: path.default('/mnt/user-data/workspace'),
      fixed: z.stringbool().or(z.boolean()).default(false).describe('The pattern is plain text.'),
      ignore_case: z.stringbool().or(z.boolean()).default(false),
      include: z
        .array(glob)
        .or(glob.transform((one) => [one]))
        .default([])
        .describe('Only files that match one of these globs, like `*.py`.'),
      max_results: z.coerce.number().int().min(1).max(10_000).default(200).describe('Matching lines at most.'),
    }),
    result: z.object({
      path: z.string(),
      matches: z.array(z.object({ file: z.string(), line: z.number().int(), text: z.string().describe('The line; a very long one is cut.') })),
      truncated: z.boolean().describe('There are more matches, or the search was stopped before its end.'),
    }),
    errors: [...atFile, 'NOT_SUPPORTED'],
  }),
}

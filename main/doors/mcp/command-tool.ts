import { z } from 'zod'
import { calls, type CallResult } from '../../../shared/contract.ts'
import { contentLimit, cutBoth } from './answers.ts'
import { notes, placeOf, where } from './place.ts'
import { hints, tool } from './tool.ts'

const { cwd, env, timeout, max_output: maxOutput } = calls.exec.input.shape

export const commandTool = tool({
  name: 'command_run',
  title: 'Run a command',
  description:
    'Run a bash command line in the sandbox and wait for its end. Gives exit code, stdout and stderr; a command that fails is a normal ' +
    'result, look at exit_code. Each call is a shell of its own: chain with && or give cwd. There is no terminal and no input. ' +
    'It runs as long as it takes, unless timeout is given. A cancelled call ends the command, so start what shall go on ' +
    'like this: nohup PROGRAM > /tmp/log 2>&1 &',
  annotations: hints('write', { destructiveHint: true, openWorldHint: true }),
  input: z.strictObject({
    command: z.string().min(1).describe('The command line, as bash reads it.'),
    cwd: cwd.describe('The directory in which it runs, absolute; default: the workspace of the thread, /mnt/user-data/workspace.'),
    env,
    timeout,
    max_output: maxOutput
      .unwrap()
      .max(contentLimit)
      .default(30_000)
      .describe('Characters kept of stdout and of stderr: the middle of a longer one is left out. For more, write to a file and read it in parts.'),
    ...where,
  }),
  output: calls.exec.result.extend(notes),
  async run({ command, cwd: directory, env: variables, timeout: seconds, max_output: kept, ...selection }, work) {
    const { place, notes: known } = await placeOf(selection, work)
    const { session, signal, progress } = work
    const done = await session.calls.call(
      'exec',
      { ...place, command, cwd: directory, env: variables, timeout: seconds, max_output: kept, repeat_output: true },
      { signal, ...(progress.wanted ? { onChunk: ({ data }) => progress.output(data) } : {}) },
    )
    const [stdout, stderr] = cutBoth(done.stdout, done.stderr, contentLimit)
    const truncated = done.truncated || stdout.left > 0 || stderr.left > 0
    const cut = 'Output was cut: its beginning and its end are here, the middle is left out. Write it to a file and read that in parts.'
    const data = { ...done, stdout: stdout.text, stderr: stderr.text, truncated, notes: truncated ? [...known, cut] : known }
    return { text: commandText(data), data }
  },
})

function commandText(it: CallResult<'exec'> & { notes: readonly string[] }): string {
  const ending = {
    completed: `[exit code ${it.exit_code}]`,
    timed_out: '[its time was up: it was killed]',
    killed: '[it was killed]',
  }[it.status]
  const ended = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)
  const stderr = it.stderr === '' ? '' : `[stderr]\n${ended(it.stderr)}`
  return `${ended(it.stdout)}${stderr}${ending}${it.notes.map((note) => `\n[${note}]`).join('')}`
}

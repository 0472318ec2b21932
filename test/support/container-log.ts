import Docker from 'dockerode'

/** Runs a script as a container's first user, whose output is the container's own log: no agent has that log to write to. */
export async function printInLog(container: string, script: string): Promise<void> {
  const exec = await new Docker()
    .getContainer(container)
    .exec({ Cmd: ['bash', '-c', `exec > /proc/1/fd/1; ${script}`], AttachStdout: true, AttachStderr: true })
  const stream = await exec.start({})
  await new Promise<void>((resolve, reject) => void stream.on('end', resolve).on('error', reject).resume())
  const { ExitCode } = await exec.inspect()
  if (ExitCode !== 0) throw new Error(`the script ended with ${String(ExitCode)}`)
}

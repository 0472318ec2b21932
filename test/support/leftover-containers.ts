import type Docker from 'dockerode'

/**
 * Everything that carries the label of a home or of an installation, in any state, the probes of a process that was killed
 * included: Berth sweeps those at a later start, and a test's home has none.
 */
export async function removeContainersOf(docker: Docker, owner: { home: string } | { installation: string }): Promise<void> {
  const labels =
    'home' in owner
      ? [`berth.home=${owner.home}`, `berth.probe.home=${owner.home}`]
      : [`berth.installation=${owner.installation}`, `berth.probe=${owner.installation}`]
  for (const label of labels) {
    const rows = await docker.listContainers({ all: true, filters: { label: [label] } })
    await Promise.all(rows.map(({ Id }) => removeNow(docker, Id)))
  }
}

export async function removeNow(docker: Docker, id: string): Promise<void> {
  try {
    await docker.getContainer(id).remove({ force: true, v: true })
  } catch (error) {
    // Gone, or on its way: the engine has just been closed in the middle of it.
    if (!(error instanceof Error && 'statusCode' in error && (error.statusCode === 404 || error.statusCode === 409))) throw error
  }
}

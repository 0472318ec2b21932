// The agent's user may end whatever runs as that user. So where the container starts as root with the right to change
// users (`BERTH_AGENT`), this server keeps root as its real user, by whom the kernel judges who may signal it, and takes
// the agent's as its effective one, by whom it judges what files it may touch and whose the files are that it makes.
// The right is kept across the change by SECBIT_NO_SETUID_FIXUP, which `start` sets; programs are started with all
// their users changed (`agent-process.ts`), and have no right at all.

/** Steps behind the agent; before anything else is opened. Throws where the start did not leave the right to. */
export function actAsAgent(agent: string | undefined): void {
  if (agent === undefined || agent === '') return
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(agent) ?? []
  if (uid === undefined || gid === undefined) throw new RangeError(`BERTH_AGENT is not a uid:gid: ${agent}`)
  if (!process.setgroups || !process.setegid || !process.seteuid) throw new Error('users cannot be changed on this system')
  process.setgroups([])
  process.setegid(Number(gid))
  process.seteuid(Number(uid))
}

import { posix } from 'node:path'
import { leaves } from './ensure-thread.ts'

export const userDataTarget = '/mnt/user-data'

const trees = ['/proc', '/sys', '/dev']
/** What a sandbox needs to run at all; a path below them may be mounted. */
const exactly = [
  '/', '/mnt', '/etc', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/usr', '/usr/bin', '/usr/sbin', '/usr/lib', '/usr/lib64',
  '/usr/local', '/usr/local/bin', '/usr/local/lib', '/run', '/var', '/var/run', '/opt', '/root', '/home', '/boot',
]

/** One spelling for one place: no `..`, no doubled or trailing slashes. */
export function normalTarget(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/+$/, '')
}

/** Why nothing may be mounted at a (normal) path of a sandbox, as the second half of a sentence; null: it may. */
export function whyNotAt(target: string): string | null {
  if (target === userDataTarget || leaves.some((leaf) => target === `${userDataTarget}/${leaf}`)) return "would hide the thread's own files"
  if (exactly.includes(target)) return 'would hide a directory that the sandbox itself needs'
  const tree = trees.find((one) => target === one || target.startsWith(`${one}/`))
  return tree === undefined ? null : `lies in ${tree}, which is the kernel's`
}

import type { Config } from '../../../shared/config.ts'
import type { EngineTraits } from './engine-traits.ts'

export interface UserIds { readonly uid: number; readonly gid: number }

/** The image's own `agent`. */
const ordinary: UserIds = { uid: 1000, gid: 1000 }
const root: UserIds = { uid: 0, gid: 0 }

/**
 * As whom a sandbox's programs run. The owner of Berth's home where uids mean the same on both sides, so that files are
 * that person's; where that is root, an ordinary user all the same: programs that find themselves root rely on powers
 * that a sandbox does not have. A rootless engine's root is the one who runs it.
 */
export function agentUser({ traits, homeUser, user }: { traits: EngineTraits; homeUser: UserIds; user: Config['user'] }): UserIds {
  if (user === 'root' || (traits.native && traits.rootless)) return root
  if (typeof user === 'number') return { uid: user, gid: user }
  return traits.native && homeUser.uid !== 0 ? homeUser : ordinary
}

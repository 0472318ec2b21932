import { walk } from './walk.ts'

export interface DiskUse {
  /** On the disk, not in the files: holes are free, and a file with several names counts once. */
  readonly bytes: number
  readonly files: number
  /** Directories and files that could not be looked at, and so are not in the two above. */
  readonly unread: number
}

/** Inodes remembered at most; above it a file with several names counts for its share under each. */
const rememberedLinks = 200_000

export async function diskUse(dir: string): Promise<DiskUse> {
  const links = new Set<string>()
  const use = { bytes: 0, files: 0, unread: 0 }
  for await (const met of walk(dir)) {
    if ('code' in met) {
      use.unread++
      continue
    }
    const { facts } = met
    // Windows has no blocks.
    const bytes = facts.blocks === undefined ? facts.size : facts.blocks * 512
    if (facts.isDirectory()) {
      use.bytes += bytes
      continue
    }
    use.files++
    if (facts.nlink <= 1) use.bytes += bytes
    else {
      const inode = `${facts.dev} ${facts.ino}`
      if (links.has(inode)) continue
      if (links.size < rememberedLinks) links.add(inode)
      use.bytes += links.has(inode) ? bytes : Math.round(bytes / facts.nlink)
    }
  }
  return use
}

/**
 * Without isolation nothing can be mounted: directories of this machine stand for the paths that callers know. File calls
 * speak of `/mnt/user-data/…` there as everywhere; commands find the real place in WORKSPACE.
 */
export interface StandIns {
  /** A path that a caller names, as it is here. */
  inward(path: string): string
  /** What the answer says of paths, as the caller knows them. */
  outward(text: string): string
}

interface Mount {
  readonly source: string
  readonly target: string
}

/** Where a request or an answer has paths. */
const inKeys: ReadonlySet<string> = new Set(['file', 'path', 'exec_dir', 'cwd'])
/** These are absolute or refused. */
const absoluteKeys: ReadonlySet<string> = new Set(['exec_dir'])
const outKeys: ReadonlySet<string> = new Set(['file', 'path', 'file_path', 'files', 'message', 'hint'])

/** From BERTH_MOUNTS; null: every path is what it says. */
export function standIns(mounts: string | undefined): StandIns | null {
  if (mounts === undefined || mounts === '') return null
  // The innermost decides.
  const all = (JSON.parse(mounts) as Mount[]).toSorted((a, b) => b.target.length - a.target.length)
  const bySource = all.toSorted((a, b) => b.source.length - a.source.length)
  return {
    inward(path) {
      const found = all.find(({ target }) => path === target || path.startsWith(`${target}/`))
      return found === undefined ? path : `${found.source}${path.slice(found.target.length)}`
    },
    outward: (text) => bySource.reduce((said, { source, target }) => said.replaceAll(source, target), text),
  }
}

/** The same body with the paths of a request led to where they are. */
export function ledInward(body: unknown, places: { place(path: string): string }): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [
      key,
      typeof value === 'string' && inKeys.has(key) && (value.startsWith('/') || !absoluteKeys.has(key)) ? places.place(value) : value,
    ]),
  )
}

/** The same answer with paths as the caller knows them. */
export function ledOutward(value: unknown, { outward }: StandIns): unknown {
  return mapped(value, outKeys, outward)
}

function mapped(value: unknown, keys: ReadonlySet<string>, map: (text: string) => string, here = false): unknown {
  if (typeof value === 'string') return here ? map(value) : value
  if (Array.isArray(value)) return value.map((each) => mapped(each, keys, map, here))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mapped(each, keys, map, keys.has(key))]))
}

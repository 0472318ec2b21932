export interface FileRow {
  readonly name: string
  readonly path: string
  readonly directory: boolean
  readonly size: number | null
  readonly modified_at: string | null
}

export interface FileSort {
  readonly by: 'name' | 'size' | 'changed'
  readonly up: boolean
}

/** The files as they are listed: directories first, numbers in names by their value; equal ones by name. */
export function sorted(files: readonly FileRow[], { by, up }: FileSort, hidden: boolean, compare: (a: string, b: string) => number): FileRow[] {
  const sign = up ? 1 : -1
  return files
    .filter(({ name }) => hidden || !name.startsWith('.'))
    .sort((a, b) => {
      if (a.directory !== b.directory) return a.directory ? -1 : 1
      const first = by === 'size' ? (a.size ?? -1) - (b.size ?? -1)
        : by === 'changed' ? Date.parse(a.modified_at ?? '1970-01-01') - Date.parse(b.modified_at ?? '1970-01-01')
          : compare(a.name, b.name)
      return first === 0 ? compare(a.name, b.name) : first * sign
    })
}

/** What a click on a head asks for: biggest and newest first, names from the beginning; a second click turns it round. */
export function sortedBy(sort: FileSort, by: FileSort['by']): FileSort {
  return sort.by === by ? { by, up: !sort.up } : { by, up: by === 'name' }
}

export declare function wayToStart(facts: {
  platform: string
  root: boolean
  env: Record<string, string | undefined>
  args: string[]
  installed: boolean
  failedAt: number | null
  now: number
}): { do: 'desktop' | 'install' | 'serve'; why: string | null }

/**
 * What `npm start` does: `desktop` opens the app, `install` fetches Electron first, `serve` serves the same screens. Arguments are
 * those of `berth serve`, so whoever gives some wants that; so does root, as whom Chromium's sandbox does not run.
 * @param {{ platform: string, root: boolean, env: Record<string, string | undefined>, args: string[], installed: boolean, failedAt: number | null, now: number }} facts
 * @returns {{ do: 'desktop' | 'install' | 'serve', why: string | null }} `why`: said to the person, where the app could have been expected
 */
export function wayToStart({ platform, root, env, args, installed, failedAt, now }) {
  if (args.length > 0 || root || env.BERTH_DESKTOP === 'off') return { do: 'serve', why: null }
  const display = platform === 'win32' || (platform === 'darwin' ? !env.SSH_CONNECTION : Boolean(env.DISPLAY || env.WAYLAND_DISPLAY))
  if (!display) return { do: 'serve', why: null }
  if (installed) return { do: 'desktop', why: null }
  if (failedAt !== null && now - failedAt < dayMs && now >= failedAt) {
    return { do: 'serve', why: 'Electron could not be fetched less than a day ago, so the screens are served instead; `npx install-electron` tries by hand.' }
  }
  return { do: 'install', why: null }
}

const dayMs = 86_400_000

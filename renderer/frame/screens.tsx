import type { ComponentType } from 'react'
import { Sandboxes } from '../sandboxes/sandboxes.tsx'
import { later } from '../parts/later.tsx'
import type { Route } from '../state/page-address.ts'

export interface Screen {
  /** Whether a path is this screen's. */
  readonly takes: (path: readonly string[]) => boolean
  /** Shows itself inside a `<Page>`; asks `useRoute()` for the rest of the path. */
  readonly show: ComponentType
}

const sandbox = later(async () => (await import('../sandbox/sandbox.tsx')).SandboxScreen)
const activity = later(async () => (await import('../activity/activity-screen.tsx')).ActivityScreen)
const images = later(async () => (await import('../images/images-screen.tsx')).ImagesScreen)
const bridge = later(async () => (await import('../bridge/bridge-screen.tsx')).BridgeScreen)
const settings = later(async () => (await import('../settings/settings-screen.tsx')).SettingsScreen)

/** Every screen, by the first that takes the path. Only the list is in the first script. */
export const screens: readonly Screen[] = [
  { takes: ([screen, id]) => screen === 'sandboxes' && id === undefined, show: Sandboxes },
  { takes: ([screen, id]) => screen === 'sandboxes' && id !== undefined, show: sandbox },
  { takes: ([screen]) => screen === 'activity', show: activity },
  { takes: ([screen]) => screen === 'images', show: images },
  { takes: ([screen]) => screen === 'bridge', show: bridge },
  { takes: ([screen]) => screen === 'settings', show: settings },
]

export function screenOf({ path }: Route): Screen | null {
  return screens.find((one) => one.takes(path)) ?? null
}

/** Once the first screen stands: the others are small, and then open at once, also while Berth is away. */
export function fetchScreens(): void {
  for (const one of [sandbox, activity, images, bridge, settings]) one.fetch()
}

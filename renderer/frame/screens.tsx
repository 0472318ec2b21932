import type { ComponentType } from 'react'
import { ActivityScreen } from '../activity/activity-screen.tsx'
import { SandboxScreen } from '../sandbox/sandbox.tsx'
import { BridgeScreen } from '../bridge/bridge-screen.tsx'
import { ImagesScreen } from '../images/images-screen.tsx'
import { SettingsScreen } from '../settings/settings-screen.tsx'
import type { Route } from './route.ts'
import { Sandboxes } from '../sandboxes/sandboxes.tsx'

export interface Screen {
  /** Whether a path is this screen's. */
  readonly takes: (path: readonly string[]) => boolean
  /** Shows itself inside a `<Page>`; asks `useRoute()` for the rest of the path. */
  readonly show: ComponentType
}

/** Every screen, by the first that takes the path. */
export const screens: readonly Screen[] = [
  { takes: ([screen, id]) => screen === 'sandboxes' && id === undefined, show: Sandboxes },
  { takes: ([screen, id]) => screen === 'sandboxes' && id !== undefined, show: SandboxScreen },
  { takes: ([screen]) => screen === 'activity', show: ActivityScreen },
  { takes: ([screen]) => screen === 'images', show: ImagesScreen },
  { takes: ([screen]) => screen === 'bridge', show: BridgeScreen },
  { takes: ([screen]) => screen === 'settings', show: SettingsScreen },
]

export function screenOf({ path }: Route): Screen | null {
  return screens.find((one) => one.takes(path)) ?? null
}

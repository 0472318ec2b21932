import type { PreloadApi } from '../../shared/wire/preload-api.ts'

/** What the preload put into the page; null: this is a browser. */
export function preloadOf(window: Window): PreloadApi | null {
  return (window as Window & { readonly berth?: PreloadApi }).berth ?? null
}

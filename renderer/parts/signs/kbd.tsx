import { keyCaps } from './key-caps.ts'

/** Keys as caps: `Mod+K` is Ctrl K, on a Mac ⌘ K; `g s` is one key after the other. */
export function Kbd({ keys }: { keys: string }) {
  return <>{keyCaps(keys, document.documentElement.dataset.platform === 'mac' || /Mac/.test(navigator.platform)).map((cap, at) => <kbd key={at}>{cap}</kbd>)}</>
}

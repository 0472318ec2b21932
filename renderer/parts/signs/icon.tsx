export type IconName =
  | 'activity' | 'anchor' | 'book' | 'bridge' | 'castoff' | 'chart' | 'check' | 'clock' | 'close' | 'columns' | 'copy' | 'cpu' | 'down' | 'download'
  | 'file' | 'filter' | 'folder' | 'follow' | 'images' | 'info' | 'key' | 'layers' | 'left' | 'link' | 'lock' | 'logs' | 'more' | 'mount' | 'pause' | 'play'
  | 'plus' | 'power' | 'retry' | 'reveal' | 'right' | 'sandboxes' | 'search' | 'settings' | 'stop' | 'sun' | 'terminal' | 'trash' | 'up' | 'updown' | 'upload'
  | 'user' | 'warn' | 'wrap'

/** A picture of the sprite in index.html. Never alone in the main path: a word stands beside it, or it is in a named button. */
export function Icon({ name, className }: { name: IconName; className?: string | undefined }) {
  return <svg className={className === undefined ? 'icon' : `icon ${className}`} aria-hidden="true"><use href={`#i-${name}`} /></svg>
}

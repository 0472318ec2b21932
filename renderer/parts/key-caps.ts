/** The second of two keys must come within this. Milliseconds. */
export const sequenceMs = 1200

const signs: Readonly<Record<string, string>> = {
  Enter: '↵',
  Backspace: '⌫',
  Delete: '⌦',
  Escape: 'Esc',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Space: 'Space',
}

/** The caps of a combination, one after another. */
export function keyCaps(keys: string, mac: boolean): string[] {
  return keys.split(' ').flatMap((stroke) =>
    (stroke === '+' ? ['+'] : stroke.split('+')).map((key) => {
      if (key === 'Mod') return mac ? '⌘' : 'Ctrl'
      if (key === 'Shift') return mac ? '⇧' : 'Shift'
      return signs[key] ?? (key.length === 1 ? key.toUpperCase() : key)
    }),
  )
}
